from __future__ import annotations

import pytest

from agent.reconcile import reconcile
from medcoding.codebook import Codebook
from tests.agent.settled_sets import TABLE, choice, codes, reconciled, record, said

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


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("Supervision of high-risk pregnancy", "O09.213"), {"O80", "Z37.0", "Z3A.39"}),
        (("Obstructed labor", "O66.9"), {"O66.9", "Z37.0", "Z3A.39"}),
        (("Iron deficiency anemia", "D50.9"), {"O99.02", "D50.9", "Z37.0", "Z3A.39"}),
    ],
)
def test_a_normal_delivery_stands_where_nothing_complicates_it(
    condition: tuple[str, str], expected: set[str], fy2027: Codebook
) -> None:
    """The supervision before it is not reported at the birth, a complication takes its place (I.C.15.b.2, n.1)."""
    chart = record("Spontaneous vaginal delivery, liveborn male, 39w0d.", f"{condition[0]}.", setting="inpatient")
    birth = (("Spontaneous vaginal delivery", "O80"), ("liveborn male", "Z37.0"), ("39w0d", "Z3A.39"))
    assert codes(reconciled(fy2027, chart, *birth, condition, stems=("Z3A.39",))) == expected


@pytest.mark.parametrize(
    ("weeks", "expected"), [("13w6d", "O99.511"), ("14w0d", "O99.512"), ("27w6d", "O99.512"), ("28w0d", "O99.513")]
)
def test_the_weeks_set_the_trimester(weeks: str, expected: str, fy2027: Codebook) -> None:
    """Less than 14 weeks, less than 28, and beyond, whichever trimester was chosen (I.C.15.a.3)."""
    gestation = f"Z3A.{weeks[:2]}"
    chart = record(f"Pneumonia in pregnancy at {weeks}.")
    for chosen in ("O99.511", "O99.513", "O99.519"):
        found = codes(
            reconciled(fy2027, chart, ("Pneumonia in pregnancy", chosen), (weeks, gestation), stems=(gestation,))
        )
        assert found == {expected, gestation}


@pytest.mark.parametrize(
    ("whole", "part", "expected"),
    [
        (("Pneumonia in pregnancy", "O99.512"), ("Pneumonia", "J18.9"), {"O99.512", "J18.9"}),
        (("UTI in pregnancy", "O23.42"), ("UTI", "N39.0"), {"O23.42"}),
    ],
)
def test_the_disease_behind_a_kind_of_disease_stays(
    whole: tuple[str, str], part: tuple[str, str], expected: set[str], fy2027: Codebook
) -> None:
    """O99.5 asks for the specific condition beside it; O23.4 names the infection itself (I.C.15.a.1)."""
    chart = record(f"{whole[0]}.")
    mentions = [said(chart, 1, whole[0]), said(chart, 2, part[0], part_of=1)]
    choices = [choice(1, whole[1]), choice(2, part[1])]
    assert codes(reconcile(chart, mentions, choices, fy2027, TABLE)) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Gestational diabetes on NPH insulin and diet.", "O24.414"),
        ("Gestational diabetes, glyburide since week 28.", "O24.415"),
        ("Gestational diabetes, diet only.", "O24.410"),
        ("Gestational diabetes. Her father takes insulin.", "O24.419"),
    ],
)
def test_gestational_diabetes_by_what_controls_it(sentence: str, expected: str, fy2027: Codebook) -> None:
    """Insulin before oral drugs before diet, and only what she takes herself (guideline I.C.15.i)."""
    chart = record(*sentence.split(". "), "Pregnant, 29w1d.")
    found = codes(reconciled(fy2027, chart, ("Gestational diabetes", "O24.419"), ("29w1d", "Z3A.29")))
    assert expected in found


def test_pre_eclampsia_on_an_older_hypertension_is_superimposed(fy2027: Codebook) -> None:
    """Category O11 with the hypertension of O10 beside it (guideline I.C.15.d)."""
    chart = record("Chronic hypertension.", "Pre-eclampsia.", "Pregnant, 31w0d.")
    pairs = (("Chronic hypertension", "O10.013"), ("Pre-eclampsia", "O14.93"), ("31w0d", "Z3A.31"))
    assert codes(reconciled(fy2027, chart, *pairs)) == {"O10.013", "O11.3", "Z3A.31"}


@pytest.mark.parametrize(("setting", "expected"), [("inpatient", "Z3A.27"), ("outpatient", "Z3A.30")])
def test_one_gestation_is_reported(setting: str, expected: str, fy2027: Codebook) -> None:
    """The weeks on the day of admission, else those of the visit (guideline I.C.21.c.11)."""
    chart = record("Preterm labor.", "Admitted at 27w4d.", "Now 30w1d.", setting=setting)
    pairs = (("Preterm labor", "O60.02"), ("27w4d", "Z3A.27"), ("30w1d", "Z3A.30"))
    found = codes(reconciled(fy2027, chart, *pairs))
    assert {code for code in found if code.startswith("Z3A")} == {expected}
