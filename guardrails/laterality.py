"""Which side a code names, and its twins for the other sides (I.B.13)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal

from medcoding.codebook import Codebook

Side = Literal["right", "left", "bilateral", "unspecified"]

_SIDE: Final = re.compile(
    r"\b(right|left|bilateral|unspecified)\b( (?:eye|ear|side|limb|arm|leg|hand|foot|breast|upper limb|lower limb)\b)?"
)
"""With the part that titles name beside one side and leave out beside both (`right ear`, `bilateral`)."""

_SIDES: Final[Mapping[str, Side]] = {
    "right": "right",
    "left": "left",
    "bilateral": "bilateral",
    "unspecified": "unspecified",
}
_PLACES: Final = (3, 4, 5, 6)
"""Where the character for the side may stand in the undotted code, counted from 0."""
_DIGITS: Final = "0123456789"


@lru_cache(maxsize=4_096)
def sided_twins(codebook: Codebook, code: str) -> Mapping[Side, str]:
    """Codes whose titles differ from this one's in the side alone, the code itself included; empty where none does.

    `M17.11` has a left twin, `M17.12`, and an unspecified one; M17.0 is no twin, its wording is another.
    """
    wordings = _wordings(codebook.title(code))
    if not wordings:
        return {}
    others = [(twin, _wordings(codebook.title(twin))) for twin in _neighbours(code)]
    for wording, side in wordings.items():
        found = {other[wording]: twin for twin, other in others if wording in other and other[wording] != side}
        if found:
            return {side: code, **found}
    return {}


def side_of(twins: Mapping[Side, str], code: str) -> Side | None:
    """The side that a code among its twins names."""
    return next((side for side, twin in twins.items() if twin == code), None)


def _wordings(title: str) -> dict[str, Side]:
    """The title with a blank for each of its words for a side, and that side; empty where it names none."""
    lower = title.lower()
    found: dict[str, Side] = {}
    for match in _SIDE.finditer(lower):
        found[f"{lower[: match.start()]}_{lower[match.end() :]}"] = _SIDES[match.group(1)]
    return found


def _neighbours(code: str) -> Iterator[str]:
    """Codes that differ in one digit behind the category."""
    bare = code.replace(".", "")
    for place in _PLACES:
        if place < len(bare) and bare[place].isdigit():
            for digit in _DIGITS:
                if digit != bare[place]:
                    yield f"{bare[:3]}.{bare[3:place]}{digit}{bare[place + 1 :]}"
