"""Doses as records state them, billing units as descriptors state them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.doses import Amount, billing_units, stated_doses, strength_per_ml, unit_size


def doses(text: str) -> list[str]:
    """The doses of a text as a coder writes them."""
    return [str(stated.amount) for stated in stated_doses(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ketorolac 30 mg IV x1", ["30 mg"]),
        ("penicillin G benzathine 2.4 million units IM, 1.2 MU each side", ["2400000 units", "1200000 units"]),
        ("cyanocobalamin 1,000 mcg IM", ["1 mg"]),
        ("ceftriaxone 1 g IM", ["1000 mg"]),
        ("epinephrine .3mg IM", ["0.3 mg"]),
        ("normal saline 1 L wide open", ["1000 ml"]),
        ("one unit: botulinum toxin 1 unit", ["1 unit"]),
        ("IM x1 L deltoid", []),
        ("temp 38.5, room 12, 5 mgs", ["5 mg"]),
    ],
)
def test_a_dose_is_read_in_its_measure(text: str, expected: list[str]) -> None:
    """Grams and micrograms become milligrams, millions of units are counted out, a side is no litre."""
    assert doses(text) == expected


def test_a_rate_is_no_dose() -> None:
    """What is calculated from weight or surface is the order, the milligrams behind it are the dose."""
    assert doses("paclitaxel 80 mg/m2 x 1.75, given 140 mg; saline 100 mL/hr; 1 mg/kg") == ["140 mg"]


def test_a_strength_is_told_from_a_dose() -> None:
    """Per one millilitre it is only a strength; with its own volume it is a single-dose container."""
    assert doses("triamcinolone 40 mg/mL, 1 mL injected") == ["1 ml"]
    assert strength_per_ml("triamcinolone 40 mg/mL, 1 mL injected") == Amount(Fraction(40), "mg")
    assert doses("aflibercept 2 mg/0.05 mL") == ["2 mg"]
    assert strength_per_ml("aflibercept 2 mg/0.05 mL") is None


@pytest.mark.parametrize(
    ("descriptor", "expected"),
    [
        ("Invented drug by needle, per 15 mg", "15 mg"),
        ("Invented drug by needle, up to 50 mg", "50 mg"),
        ("Invented drug by needle,10 mg", "10 mg"),
        ("Invented vitamin, up to 1000 mcg", "1 mg"),
        ("Invented penicillin, 100,000 units", "100000 units"),
        ("Invented cephalosporin, per gm", "1000 mg"),
        ("Invented pair of drugs, 2mg/3mg", "2 mg"),
        ("Invented two drugs, 1 gram/0.125 grams (1.125 grams)", "1125 mg"),
        ("Invented globulin, full dose, 300 micrograms (1500 i.u.)", "0.3 mg"),
        ("Invented bowl of solution, 1000 cc", "1000 ml"),
        ("Invented twins, up to 2.5 mg and up to 0.5 mg", None),
        ("Invented walker with wheels", None),
    ],
)
def test_a_descriptor_says_what_a_unit_is(descriptor: str, expected: str | None) -> None:
    """In every way in which descriptors put it; two different amounts say nothing."""
    size = unit_size(descriptor)
    assert (str(size) if size else None) == expected


def test_units_count_every_one_begun() -> None:
    """30 mg at 15 mg are two, 31 mg are three; milligrams are not counted in millilitres."""
    fifteen = Amount(Fraction(15), "mg")
    assert billing_units(Amount(Fraction(30), "mg"), fifteen) == 2
    assert billing_units(Amount(Fraction(31), "mg"), fifteen) == 3
    assert billing_units(Amount(Fraction(30), "ml"), fifteen) is None
    assert billing_units(Amount(Fraction(4), "mg"), Amount(Fraction(1, 10), "mg")) == 40


@given(st.integers(1, 10_000), st.integers(1, 500))
def test_units_hold_the_dose_and_no_more_than_one_unit_besides(dose: int, size: int) -> None:
    """The law of counting: (n - 1) units are too few, n are enough."""
    units = billing_units(Amount(Fraction(dose), "mg"), Amount(Fraction(size), "mg"))
    assert units is not None
    assert (units - 1) * size < dose <= units * size
