from __future__ import annotations

import pytest

from medcoding.codebook import Codebook
from tests.agent.settled_sets import codes, reconciled, record

WEEKS = ("16w0d", "Z3A.16")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("Iron deficiency anemia", "D50.9"), {"O99.012", "D50.9"}),
        (("Acute cystitis", "N30.00"), {"O23.12"}),
        (("Essential hypertension", "I10"), {"O10.012"}),
        (("Hypothyroidism", "E03.9"), {"O99.282", "E03.9"}),
        (("COVID-19", "U07.1"), {"O98.512", "U07.1"}),
    ],
)
def test_a_condition_complicates_the_pregnancy(
    condition: tuple[str, str], expected: set[str], fy2027: Codebook
) -> None:
    """By chapter 15 first, in its trimester, its own code beside it where it says more (guideline I.C.15.a.1)."""
    chart = record(f"{condition[0]}.", "Pregnant, 16w0d.")
    assert codes(reconciled(fy2027, chart, condition, WEEKS, stems=(WEEKS[1],))) == expected | {"Z3A.16"}


def test_an_incidental_pregnancy_complicates_nothing(fy2027: Codebook) -> None:
    """When the provider says so (guideline I.C.15.a.1)."""
    chart = record("Iron deficiency anemia.", "The pregnancy is incidental to this visit.")
    found = codes(reconciled(fy2027, chart, ("Iron deficiency anemia", "D50.9"), ("pregnancy", "Z33.1")))
    assert found == {"D50.9", "Z33.1"}


def test_a_newborn_has_none_of_the_mothers_codes(fy2027: Codebook) -> None:
    """Chapter 15 is for the mother's record (guideline I.C.15.a.2)."""
    chart = record("Transient tachypnea.", "Born at 38w5d.", setting="inpatient", age=0)
    found = codes(reconciled(fy2027, chart, ("Transient tachypnea", "P22.1"), ("38w5d", "Z3A.38")))
    assert found == {"P22.1"}


def test_no_body_mass_index_in_pregnancy(fy2027: Codebook) -> None:
    """Guideline I.C.21.c.3."""
    chart = record("Obesity, class 3.", "BMI 42.6.", "Pregnant, 16w0d.")
    given = (("Obesity", "E66.813"), ("BMI 42.6", "Z68.41"), WEEKS)
    assert codes(reconciled(fy2027, chart, *given, stems=("Z3A.16",))) == {"O99.212", "E66.813", "Z3A.16"}
