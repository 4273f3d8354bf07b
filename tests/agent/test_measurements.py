"""Numbers that lead to a code of their own."""

from __future__ import annotations

import datetime as dt
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.measurements import bmi_code, measurements, weeks_code
from medcoding.codebook import Codebook

LAST_OF_FY2026: Final = dt.date(2026, 9, 30)
FIRST_OF_FY2027: Final = dt.date(2026, 10, 1)


@pytest.mark.parametrize(
    ("bmi", "code"),
    [
        (15.0, "Z68.1"),
        (19.9, "Z68.1"),
        (20.0, "Z68.20"),
        (29.9, "Z68.29"),
        (32.4, "Z68.32"),
        (39.9, "Z68.39"),
        (40.0, "Z68.41"),
        (44.9, "Z68.41"),
        (45.0, "Z68.42"),
        (49.9, "Z68.42"),
        (50.0, "Z68.43"),
        (59.9, "Z68.43"),
        (60.0, "Z68.44"),
        (69.9, "Z68.44"),
        (70.0, "Z68.45"),
        (82.5, "Z68.45"),
    ],
)
def test_bmi_bands(bmi: float, code: str) -> None:
    """Each band of category Z68 with its two ends."""
    assert bmi_code(bmi, LAST_OF_FY2026) == code


@pytest.mark.parametrize(("bmi", "code"), [(15.0, "Z68.18"), (18.4, "Z68.18"), (18.5, "Z68.19"), (19.9, "Z68.19")])
def test_the_lowest_band_parts_in_october_2026(bmi: float, code: str) -> None:
    """From FY2027 on a body mass index below 18.5 has a code of its own; the other bands stay."""
    assert bmi_code(bmi, FIRST_OF_FY2027) == code
    assert bmi_code(32.4, FIRST_OF_FY2027) == "Z68.32"


@pytest.mark.parametrize(
    ("weeks", "code"),
    [(4, "Z3A.01"), (7, "Z3A.01"), (8, "Z3A.08"), (39, "Z3A.39"), (42, "Z3A.42"), (43, "Z3A.49"), (45, "Z3A.49")],
)
def test_weeks_of_gestation(weeks: int, code: str) -> None:
    """Completed weeks; below 8 and above 42 have a code in common."""
    assert weeks_code(weeks) == code


def test_more_weeks_than_a_pregnancy_has_lead_nowhere() -> None:
    """“60 weeks” is no gestational age."""
    assert not weeks_code(60)


@given(bmi=st.floats(10, 99, allow_nan=False), weeks=st.integers(1, 45))
def test_every_measurement_leads_into_the_book(bmi: float, weeks: int, fy2026: Codebook, fy2027: Codebook) -> None:
    """Law: no band names a code that the edition in force does not hold."""
    assert fy2026.is_billable(bmi_code(bmi, LAST_OF_FY2026))
    assert fy2027.is_billable(bmi_code(bmi, FIRST_OF_FY2027))
    assert fy2027.is_billable(weeks_code(weeks))


@pytest.mark.parametrize(
    ("sentence", "age", "found"),
    [
        ("BMI 32.4", 50, [("BMI 32.4", "Z68.32")]),
        ("BMI: 41", None, [("BMI: 41", "Z68.41")]),
        ("Body mass index is 27.5 kg/m2.", 50, [("Body mass index is 27.5", "Z68.27")]),
        ("BMI 32.4", 19, []),
        ("BMI 32.4", 20, [("BMI 32.4", "Z68.32")]),
        ("BMI was not measured", 50, []),
        ("Pregnancy at 39 weeks gestation", 30, [("39 weeks", "Z3A.39")]),
        ("39 weeks and 2 days pregnant", 30, [("39 weeks and 2 days", "Z3A.39")]),
        ("12wks + 3d by LMP", 30, [("12wks + 3d", "Z3A.12")]),
        ("G2P1 at 28w3d", 30, [("28w3d", "Z3A.28")]),
        ("IUP 20w2d today", 30, [("20w2d", "Z3A.20")]),
        ("Vaginal bleeding at 9 weeks", 29, [("9 weeks", "Z3A.09")]),
        ("IUP at 37+5, severe preeclampsia", 30, [("37+5", "Z3A.37")]),
        ("Pregnant, cough for 3 weeks", 30, []),
        ("BMI 97th %ile for age", 8, [("BMI 97th %ile for age", "Z68.54")]),
        ("NIHSS on arrival 11.", 70, [("NIHSS on arrival 11", "R29.711")]),
        ("Smokes 1 ppd cigarettes", 50, [("Smokes 1 ppd", "F17.210")]),
        ("Smoked 1 ppd until 2010, quit", 50, []),
        ("Cough for 3 weeks", 30, []),
        ("Follow up in 6 weeks", 30, []),
        ("Depot injection 12w3d since the last one", 30, []),
        ("Ex-preterm, born at 29w2d", 30, []),
    ],
)
def test_measurements_are_found_with_their_words(sentence: str, age: int | None, found: list[tuple[str, str]]) -> None:
    """Body mass, weeks only where they are weeks of a pregnancy, the stroke scale, cigarettes a day."""
    assert [(sentence[m.start : m.end], m.code) for m in measurements(sentence, age, FIRST_OF_FY2027)] == found


def test_a_bmi_counts_only_beside_a_weight_diagnosis() -> None:
    """Guideline I.B.14: the number explains a diagnosis and is none itself."""
    (measured,) = measurements("BMI 32.4", 50, FIRST_OF_FY2027)
    assert "E66" in measured.needs
    assert "I10" not in measured.needs


@pytest.mark.parametrize(("text", "anything"), [("OB visit, 31w4d", True), ("Pregnant, 31 weeks", False)])
def test_weeks_with_their_days_need_no_obstetric_code(text: str, *, anything: bool) -> None:
    """`31w4d` is said of nothing but a pregnancy; plain weeks wait for a code that tells of one (I.C.21.c.11)."""
    (found,) = measurements(text, 30, FIRST_OF_FY2027)
    assert "E11.9".startswith(found.needs) is anything
