from __future__ import annotations

import pytest

from agent.integral import drop_integral_symptoms
from medcoding.codebook import Codebook
from medcoding.mention import Assertion
from tests.agent.settled_sets import code_set, codes, reconciled, record


@pytest.mark.parametrize(
    ("symptom", "diagnosis", "integral"),
    [
        ("H92.01", "H60.331", True),
        ("M25.561", "M17.11", True),
        ("M25.561", "M17.12", False),
        ("K92.1", "K57.31", True),
        ("M54.50", "M51.16", True),
        ("H92.01", "M17.11", False),
        ("H57.11", "H53.8", False),
    ],
)
def test_a_local_symptom_belongs_to_the_diagnosis_of_its_place(
    symptom: str, diagnosis: str, *, integral: bool, fy2027: Codebook
) -> None:
    """Pain and bleeding outside chapter 18 are symptoms too; the other knee is another place (guideline I.B.5)."""
    chart = record("first thing.", "second thing.")
    settled = code_set(chart, ("first thing", symptom), ("second thing", diagnosis))
    drop_integral_symptoms(chart, settled, fy2027)
    assert (symptom not in settled.lines) is integral


def test_a_symptom_gives_way_to_the_diagnosis_it_is_suspected_to_be(fy2027: Codebook) -> None:
    """`Chest pain, probable angina` at discharge is the angina (guidelines II.A, II.H)."""
    chart = record("Chest pain, probable unstable angina.", setting="inpatient")
    proposal = reconciled(
        fy2027, chart, ("Chest pain", "R07.9"), ("unstable angina", "I20.0"), assertion=Assertion.POSSIBLE
    )
    assert codes(proposal) == {"I20.0"}
