"""Amounts of drugs: as a record states a dose, and as a descriptor states what one billing unit is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import Final, Literal, NamedTuple

Measure = Literal["mg", "unit", "ml", "meq"]

_TO_MEASURE: Final[dict[str, tuple[Measure, Fraction]]] = {
    **dict.fromkeys(("mg", "mgs", "milligram", "milligrams"), ("mg", Fraction(1))),
    **dict.fromkeys(("mcg", "mcgs", "µg", "μg", "ug", "microgram", "micrograms"), ("mg", Fraction(1, 1000))),
    **dict.fromkeys(("g", "gm", "gms", "gram", "grams"), ("mg", Fraction(1000))),
    **dict.fromkeys(("unit", "units", "iu", "usp units", "u"), ("unit", Fraction(1))),
    **dict.fromkeys(("million units", "million iu", "mu", "m units"), ("unit", Fraction(1_000_000))),
    **dict.fromkeys(("ml", "cc", "milliliter", "milliliters"), ("ml", Fraction(1))),
    **dict.fromkeys(("l", "liter", "liters"), ("ml", Fraction(1000))),
    **dict.fromkeys(("meq", "meqs"), ("meq", Fraction(1))),
}
_NAMES: Final = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in sorted(_TO_MEASURE, key=len, reverse=True))
_NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_AMOUNT: Final = re.compile(rf"(?<![\w.])(?<!\d,)(?P<number>{_NUMBER})\s?-?(?P<name>{_NAMES})(?!\w)", re.IGNORECASE)
_PER_ONE: Final = re.compile(rf"\bper\s+(?P<name>{_NAMES})\b", re.IGNORECASE)
_RATE: Final = re.compile(r"\s*/\s*(?:kg|m2|m²|hr?|hour|min|minute|day|d|wk|week)\b", re.IGNORECASE)
"""Behind an amount: what follows it is a rate and no dose (`80 mg/m2`, `100 mL/hr`)."""
_STRENGTH: Final = re.compile(rf"\s*/\s*(?P<number>{_NUMBER})?\s*(?P<name>ml|cc|l)\b", re.IGNORECASE)
"""Behind an amount: a strength (`40 mg/mL`, `2 mg/0.05 mL`)."""
_PARENTHESES: Final = re.compile(r"\([^()]*\)")


class Amount(NamedTuple):
    """A quantity in milligrams, units, millilitres or milliequivalents."""

    quantity: Fraction
    measure: Measure

    def __str__(self) -> str:
        """As a coder writes it: `30 mg`, `0.5 mg`, `2400000 units`."""
        number = f"{float(self.quantity):.6f}".rstrip("0").rstrip(".")
        return f"{number} {self.measure}{'s' if self.measure == 'unit' and self.quantity != 1 else ''}"


class Stated(NamedTuple):
    """An amount and where it stands in the text."""

    amount: Amount
    start: int
    end: int


def stated_doses(text: str) -> Iterator[Stated]:
    """Every amount of a text that can be a dose, in order; rates are none, a strength per volume gives its whole."""
    end_of_last = 0
    for found in _AMOUNT.finditer(text):
        if found.start() < end_of_last or _RATE.match(text, found.end()):
            continue
        strength = _STRENGTH.match(text, found.end())
        end_of_last = strength.end() if strength else found.end()
        if strength and not strength["number"]:
            continue
        yield Stated(_amount(found), found.start(), end_of_last)


def strength_per_ml(text: str) -> Amount | None:
    """The first strength given per millilitre (`40 mg/mL`), as what one millilitre holds."""
    for found in _AMOUNT.finditer(text):
        strength = _STRENGTH.match(text, found.end())
        if strength and not strength["number"] and strength["name"].lower() != "l":
            return _amount(found)
    return None


def unit_size(descriptor: str) -> Amount | None:
    """What one billing unit of a descriptor is; None where it is an item, a service or cannot be told.

    `per 15 mg` and `up to 50 mg` are said alike. Of a combination of two drugs `2mg/3mg` is counted by the first;
    two amounts that differ say nothing, unless a bracket sums them up.
    """
    plain = _PARENTHESES.sub(" ", descriptor)
    if per_one := _PER_ONE.search(plain):
        measure, factor = _TO_MEASURE[_name(per_one["name"])]
        return Amount(factor, measure)
    outside = [*map(_amount, _AMOUNT.finditer(plain))]
    inside = {_amount(found) for bracket in _PARENTHESES.findall(descriptor) for found in _AMOUNT.finditer(bracket)}
    if len(outside) > 1 and len(inside) == 1:
        return inside.pop()
    firsts = {*map(_amount, _firsts(plain))}
    return firsts.pop() if len(firsts) == 1 else None


def billing_units(given: Amount, size: Amount) -> int | None:
    """How many units of that size a dose is, the last one begun counting whole; None where the measures differ."""
    if given.measure != size.measure or size.quantity <= 0 or given.quantity <= 0:
        return None
    return ceil(given.quantity / size.quantity)


def _firsts(text: str) -> Iterator[re.Match[str]]:
    """Amounts that are not the second half of a pair such as `2mg/3mg`."""
    last = -2
    for found in _AMOUNT.finditer(text):
        if text[last : found.start()].strip() != "/":
            yield found
        last = found.end()


def _amount(found: re.Match[str]) -> Amount:
    measure, factor = _TO_MEASURE[_name(found["name"])]
    return Amount(Fraction(found["number"].replace(",", "")) * factor, measure)


def _name(written: str) -> str:
    return " ".join(written.lower().split())
