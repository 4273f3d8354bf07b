"""The picker: what else each character of a code could be, and the codes beside it."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import Final

from medcoding.characters import CharacterAxis, CharacterMeaning, character_meanings
from medcoding.codebook import Codebook
from medcoding.codes import ICD10CM_SHAPE
from medcoding.record import Record

_LETTERS: Final = string.digits + string.ascii_uppercase
_CATEGORY_LENGTH: Final = 3
_MOST_SIBLINGS: Final = 60
_MOST_BELOW: Final = 6
_WORD: Final = re.compile(r"\w+")
_ASKED_FIRST: Final = ("laterality", "encounter")
_SIDE: Final = re.compile(r"\b(?:right|left|bilateral|unspecified)\b")


class Choice(Record):
    """A code that the picker offers."""

    code: str
    meaning: str
    """What the character says; the title for a code beside."""
    chosen: bool
    """True for the code that is picked from."""


class AxisChoices(Record):
    """One character with all that it could be, everything else left as it is."""

    position: int
    """From 1, the dot not counted."""
    axis: CharacterAxis
    choices: tuple[Choice, ...]


class CodeChoices(Record):
    """Everything the picker offers for a code."""

    code: str
    title: str
    axes: tuple[AxisChoices, ...]
    """Laterality first, then the seventh character, then the rest in order; only those with a choice."""
    beside: tuple[Choice, ...]
    """Billable codes of the same category, in book order."""
    beside_left_out: int


def code_choices(codebook: Codebook, code: str) -> CodeChoices:
    """What a billable code could be turned into; nothing for a code that the edition does not hold."""
    meanings = character_meanings(codebook, code) if codebook.is_billable(code) else ()
    axes = (_axis(codebook, code, meaning) for meaning in meanings)
    siblings = codebook.billable_under(code[:_CATEGORY_LENGTH])
    shown = _around(siblings, code)
    return CodeChoices(
        code=code,
        title=codebook.title(code),
        axes=tuple(sorted((axis for axis in axes if len(axis.choices) > 1), key=_first_asked)),
        beside=tuple(Choice(code=c, meaning=codebook.title(c), chosen=c == code) for c in shown),
        beside_left_out=len(siblings) - len(shown),
    )


def _axis(codebook: Codebook, code: str, meaning: CharacterMeaning) -> AxisChoices:
    found = tuple(_alternatives(codebook, code, meaning.position))
    # A choice of a side is said by the others when this one leaves it open.
    axes = [axis for _, axis in found if axis != "other"]
    axis = meaning.axis if meaning.axis != "other" or not axes else axes[0]
    return AxisChoices(position=meaning.position, axis=axis, choices=tuple(choice for choice, _ in found))


def _longer(codebook: Codebook, stem: str, position: int) -> Iterator[tuple[Choice, CharacterAxis]]:
    """The codes below a stem that is not billable itself, where they are few: stage 3 of N18 is three codes."""
    below = codebook.billable_under(stem) if stem in codebook and not codebook.is_billable(stem) else ()
    for code in below if len(below) <= _MOST_BELOW else ():
        said = [m for m in character_meanings(codebook, code) if m.position >= position]
        words = ", ".join(_plain(codebook, code, m) for m in said if m.axis != "placeholder")
        yield Choice(code=code, meaning=words, chosen=False), said[0].axis


def _first_asked(axis: AxisChoices) -> int:
    return _ASKED_FIRST.index(axis.axis) if axis.axis in _ASKED_FIRST else len(_ASKED_FIRST)


def _plain(codebook: Codebook, code: str, said: CharacterMeaning) -> str:
    """Of a side the side alone; of other meanings what the category does not say: the rest is alike in all choices."""
    side = _SIDE.search(said.meaning) if said.axis == "laterality" else None
    if side:
        return "both sides" if side.group() == "bilateral" else f"{side.group()} side"
    known = set(_WORD.findall(codebook.title(code[:_CATEGORY_LENGTH]).lower()))
    head, _, tail = said.meaning.partition(", ")
    return tail if tail and set(_WORD.findall(head.lower())) <= known else said.meaning


def _alternatives(codebook: Codebook, code: str, position: int) -> Iterator[tuple[Choice, CharacterAxis]]:
    """Billable codes that differ in that one character; behind the last one, those that need one more."""
    bare = code.replace(".", "")
    for letter in _LETTERS:
        other = _dotted(bare[: position - 1] + letter + bare[position:])
        if position == len(bare):
            yield from _longer(codebook, other, position)
        if ICD10CM_SHAPE.fullmatch(other) and codebook.is_billable(other):
            said = next(m for m in character_meanings(codebook, other) if m.position == position)
            yield Choice(code=other, meaning=_plain(codebook, other, said), chosen=other == code), said.axis


def _around(siblings: tuple[str, ...], code: str) -> tuple[str, ...]:
    """At most so many, with the code in the middle."""
    if len(siblings) <= _MOST_SIBLINGS or code not in siblings:
        return siblings[:_MOST_SIBLINGS]
    start = max(0, min(siblings.index(code) - _MOST_SIBLINGS // 2, len(siblings) - _MOST_SIBLINGS))
    return siblings[start : start + _MOST_SIBLINGS]


def _dotted(bare: str) -> str:
    return bare if len(bare) <= _CATEGORY_LENGTH else f"{bare[:_CATEGORY_LENGTH]}.{bare[_CATEGORY_LENGTH:]}"
