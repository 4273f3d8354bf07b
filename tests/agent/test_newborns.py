"""The newborn's own record."""

from __future__ import annotations

import pytest

from agent.newborns import at_birth, settle_newborn, weeks_at_birth, weight_at_birth
from medcoding.codebook import Codebook
from tests.agent.settled_sets import code_set, record


@pytest.mark.parametrize(
    ("text", "age", "expected"),
    [
        ("Preterm boy, 30 weeks, birth weight 1,420 g.", 0, {"P07.33", "P07.15"}),
        ("Girl born at 25w4d, 790 g, prematurity.", 1, {"P07.24", "P07.03"}),
        ("Term girl, 39w2d, 3310 g.", 0, set()),
        ("Mother of two at 31w2d, weight 2100 g formula.", 30, set()),
        ("Vancomycin 1500 mg, 40 weeks ago.", 50, set()),
    ],
)
def test_short_gestation_and_low_weight(text: str, age: int, expected: set[str]) -> None:
    """Guideline I.C.16.d: both are coded from what the record measures; a term birth has neither."""
    assert {told.code for told in at_birth(text, age)} == expected


def test_the_bands_lead_into_the_book(fy2027: Codebook) -> None:
    """Every week below 37 and every weight below 2500 g has a code."""
    assert all(fy2027.is_billable(weeks_at_birth(weeks)) for weeks in range(22, 37))
    assert all(fy2027.is_billable(weight_at_birth(grams)) for grams in range(400, 2500, 50))
    assert not weeks_at_birth(37)
    assert not weight_at_birth(2500)


@pytest.mark.parametrize(
    ("sentence", "age", "code", "expected"),
    [
        ("6-day-old with sepsis.", 0, "A41.9", "P36.9"),
        ("Newborn with sepsis.", 0, "A41.01", "P36.2"),
        ("Newborn with community-acquired sepsis.", 0, "A41.51", "A41.51"),
        ("90-day-old with sepsis, normal neck.", 0, "A41.9", "A41.9"),
        ("Sepsis, newborn sister at home.", 40, "A41.9", "A41.9"),
    ],
)
def test_chapter_16_speaks_for_the_first_four_weeks(
    sentence: str, age: int, code: str, expected: str, fy2027: Codebook
) -> None:
    """Guidelines I.C.16.a.1 and a.5: perinatal conditions by chapter 16, community-acquired ones by their own."""
    chart = record(sentence, age=age)
    words = "sepsis" if "sepsis" in sentence else "Sepsis"
    settled = code_set(chart, (words, code))
    settle_newborn(chart, settled, fy2027)
    assert set(settled.lines) == {expected}


def test_the_organism_makes_the_sepsis_an_other_one(fy2027: Codebook) -> None:
    """Guideline I.C.16.f: P36.8 with the organism beside it; fever belongs to the sepsis."""
    chart = record("Neonatal sepsis due to Serratia, fever.", age=0)
    settled = code_set(chart, ("sepsis", "P36.9"), ("Serratia", "B96.89"), ("fever", "P81.9"))
    settle_newborn(chart, settled, fy2027)
    assert set(settled.lines) == {"P36.8", "B96.89"}
