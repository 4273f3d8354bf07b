"""Families of codes: what a rule means by “malignant neoplasm” or “injury”, written as a coder writes it."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

_CHARACTERS: Final = string.digits + string.ascii_uppercase


@dataclass(frozen=True, slots=True)
class Family:
    """Stems with everything below them and ranges of categories, less the stems it does not take."""

    stems: tuple[str, ...]
    categories: frozenset[str] = frozenset()
    but: tuple[str, ...] = ()
    letters: frozenset[str] = field(init=False)
    """First characters of its codes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "letters", frozenset(code[0] for code in (*self.stems, *self.categories)))

    def __contains__(self, code: str) -> bool:
        return (code.startswith(self.stems) or code[:3] in self.categories) and not code.startswith(self.but)

    def among(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the codes that belong to the family, in their order."""
        by_letter = _by_letter(codes)
        near = [by_letter[letter] for letter in self.letters if letter in by_letter]
        if not near:  # most families are far from most sets of codes
            return ()
        stems, categories = self.stems, self.categories
        found = [c for c in (near[0] if len(near) == 1 else codes) if c.startswith(stems) or c[:3] in categories]
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
def _by_letter(codes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    letters = dict.fromkeys(code[:1] for code in codes)
    return {letter: tuple(code for code in codes if code.startswith(letter)) for letter in letters}
