"""Births on the mother's and on the newborn's record."""

from __future__ import annotations

import pytest

from agent.births import births
from medcoding.encounter import Setting


def codes(text: str, age: int | None, setting: str = "inpatient") -> list[str]:
    """The codes that the births in a sentence lead to."""
    return [birth.code for birth in births(text, age, Setting(setting))]


@pytest.mark.parametrize(
    ("text", "age", "expected"),
    [
        ("Spontaneous vertex birth of one liveborn girl, perineum intact.", 31, ["Z37.0"]),
        ("Repeat cesarean: liveborn female, QBL 520 mL.", 31, ["Z37.0"]),
        ("Cesarean delivery of viable twins, both liveborn.", 31, ["Z37.2"]),
        ("Vaginal delivery at 22 weeks, stillborn, one live boy before.", 31, ["Z37.1"]),
        ("Her daughter is at school.", 31, []),
        ("Term girl born vaginally here.", 0, ["Z38.00"]),
        ("Preterm boy delivered by cesarean, 1810 g.", 0, ["Z38.01"]),
        ("Twin A, born by C-section.", 0, ["Z38.31"]),
        ("11 days old, born vaginally at an outside hospital.", 0, []),
        ("Born vaginally in 1990.", 36, []),
    ],
)
def test_a_birth_is_told_in_words(text: str, age: int, expected: list[str]) -> None:
    """The outcome of delivery for the mother, the liveborn infant for the newborn born in this stay."""
    assert codes(text, age) == expected


@pytest.mark.parametrize(("age", "setting"), [(0, "outpatient"), (31, "ed"), (None, "inpatient")])
def test_only_the_stay_of_the_birth_counts(age: int | None, setting: str) -> None:
    """Guidelines I.C.15.b.5 and I.C.16.a.2: these codes are for the record of the birth itself."""
    assert not codes("Vaginal birth of a liveborn girl here.", age, setting)
