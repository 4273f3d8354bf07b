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


@pytest.mark.parametrize(
    ("symptom", "diagnosis", "kept"),
    [
        ("R65.20", "A41.02", True),
        ("R45.851", "F33.1", True),
        ("R18.0", "C56.1", True),
        ("R29.810", "I63.9", True),
        ("R47.1", "S06.5X0A", True),
        ("R47.1", "G20.A1", False),
        ("R11.0", "K35.80", False),
    ],
)
def test_what_no_diagnosis_routinely_brings_stays(
    symptom: str, diagnosis: str, *, kept: bool, fy2027: Codebook
) -> None:
    """Organ failure in sepsis, suicidal thoughts, what a stroke took away: they add to it (I.B.5, I.C.1.d)."""
    chart = record("first thing.", "second thing.")
    settled = code_set(chart, ("first thing", symptom), ("second thing", diagnosis), heads_problem=False)
    drop_integral_symptoms(chart, settled, fy2027)
    assert (symptom in settled.lines) is kept


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Epistaxis due to warfarin, taken as prescribed, in atrial fibrillation.", True),
        ("Epistaxis; warfarin causes bruising only, atrial fibrillation.", False),
    ],
)
def test_what_a_drug_did_is_no_part_of_another_diagnosis(sentence: str, *, kept: bool, fy2027: Codebook) -> None:
    """The nature of an adverse effect is reported with its drug (guideline I.C.19.e.5.a)."""
    chart = record(sentence)
    given = (("Epistaxis", "R04.0"), ("warfarin", "T45.515A"), ("atrial fibrillation", "I48.91"))
    settled = code_set(chart, *given, heads_problem=False)
    drop_integral_symptoms(chart, settled, fy2027)
    assert ("R04.0" in settled.lines) is kept


@pytest.mark.parametrize(
    ("symptom", "diagnosis", "kept"),
    [
        (("Nocturia", "R35.1"), ("Enlarged prostate with symptoms", "N40.1"), "R35.1"),
        (("Urinary retention", "R33.9"), ("Enlarged prostate with symptoms", "N40.1"), "R33.8"),
        (("Nocturia", "R35.1"), ("Cystitis", "N30.90"), None),
    ],
)
def test_a_symptom_that_a_note_asks_for_stays(
    symptom: tuple[str, str], diagnosis: tuple[str, str], kept: str | None, fy2027: Codebook
) -> None:
    """As an additional code, under the code that the note names (guidelines I.A.17, I.B.7)."""
    chart = record(f"{symptom[0]}.", f"{diagnosis[0]}.")
    settled = code_set(chart, symptom, diagnosis, heads_problem=False)
    drop_integral_symptoms(chart, settled, fy2027)
    assert set(settled.lines) == {diagnosis[1], kept} - {None}


def test_a_bleeding_from_a_drug_stays_beside_its_source(fy2027: Codebook) -> None:
    """Symptoms outside chapter 18 are kept in the same way (guideline I.C.19.e.5.a)."""
    chart = record("Melena from apixaban.", "Gastric ulcer.")
    settled = code_set(chart, ("Melena", "K92.1"), ("apixaban", "T45.515A"), ("Gastric ulcer", "K25.9"))
    drop_integral_symptoms(chart, settled, fy2027)
    assert "K92.1" in settled.lines
