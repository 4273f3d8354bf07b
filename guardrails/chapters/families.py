"""Families of codes: what a rule means by “malignant neoplasm” or “injury”, written as a coder writes it."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

_CATEGORY: Final = 3
"""Characters of a category."""
_CHARACTERS: Final = string.digits + string.ascii_uppercase


@dataclass(frozen=True, slots=True)
class Family:
    """Stems with everything below them and ranges of categories, less the stems it does not take."""

    stems: tuple[str, ...]
    categories: frozenset[str] = frozenset()
    but: tuple[str, ...] = ()
    reach: frozenset[str] = field(init=False)
    """The categories of its codes."""
    letters: tuple[str, ...] = field(init=False)
    """Stems that are shorter than a category."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "letters", tuple(stem for stem in self.stems if len(stem) < _CATEGORY))
        object.__setattr__(self, "reach", self.categories | {stem[:_CATEGORY] for stem in self.stems})

    def __contains__(self, code: str) -> bool:
        return (code.startswith(self.stems) or code[:_CATEGORY] in self.categories) and not code.startswith(self.but)

    def among(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the codes that belong to the family, in their order."""
        if not self.letters and self.reach.isdisjoint(_categories(codes)):
            return ()  # most families are far from most sets of codes
        stems, categories = self.stems, self.categories
        found = [code for code in codes if code.startswith(stems) or code[:_CATEGORY] in categories]
        return tuple([code for code in found if not code.startswith(self.but)] if self.but else found)


def family(written: str, but: str = "") -> Family:
    """A family from its short form: stems and ranges of categories with blanks between (`A40-A41 R65.2 T81.44`)."""
    return _family(written, but)


def undotted(code: str) -> str:
    """The code's characters without the dot."""
    return code.replace(".", "")


def seventh(code: str) -> str:
    """The seventh character; empty where the code is shorter."""
    return undotted(code)[6:7]


def intent(code: str) -> str:
    """What a drug or toxin code says of intent, its last character before the seventh that is no placeholder.

    1 accident, 2 self-harm, 3 assault, 4 undetermined, 5 adverse effect, 6 underdosing.
    """
    return undotted(code)[:6].rstrip("X")[-1:]


@cache
def _family(written: str, but: str) -> Family:
    parts = written.split()
    categories = frozenset(one for part in parts if "-" in part for one in _between(*part.split("-")))
    return Family(tuple(part for part in parts if "-" not in part), categories, tuple(but.split()))


def _between(first: str, last: str) -> Iterator[str]:
    """Every category that could stand in a range; those of letters (C7A) sort behind those of digits."""
    for letter in string.ascii_uppercase[ord(first[0]) - ord("A") : ord(last[0]) - ord("A") + 1]:
        for tens in _CHARACTERS:
            for ones in _CHARACTERS:
                if first <= (category := letter + tens + ones) <= last:
                    yield category


@lru_cache(maxsize=256)
def _categories(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(code[:_CATEGORY] for code in codes)
