"""Copied text: sentences that repeat an earlier one of the encounter, word for word or with other numbers and dates."""

from __future__ import annotations

import re
from typing import Final

_COPIED_WORDS: Final = 6
"""Shorter sentences repeat by themselves (`No acute distress.`)."""

_NEAR_WORDS: Final = 9
_ALIKE: Final = 0.8
"""Share of distinct words two long sentences have in common when one is the other with a few words changed."""

_RUN: Final = 4
_TELLING: Final = frozenset(
    (
        "no not none denies denied without negative resolved possible probable likely suspected ruled excluded "
        "unlikely right left bilateral acute chronic history new improved worse worsening stable confirmed now"
    ).split()
)
"""Words that change what is said: sentences that differ in one of them are two statements."""

_WORD: Final = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d+")
_MONTH: Final = re.compile(
    r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|"
    r"satur|sun)day"
)


class Copies:
    """What has been said so far, in reading order; asked once per sentence."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], int] = {}
        self._by_run: dict[tuple[str, ...], list[tuple[frozenset[str], int]]] = {}

    def first_author(self, number: int, sentence: str) -> int | None:
        """Number of the earlier sentence that says the same, None for what is said for the first time."""
        words = tuple(_plain(word) for word in _WORD.findall(sentence.lower()))
        if len(words) < _COPIED_WORDS:
            return None
        first = self._first.setdefault(words, number)
        if first != number:
            return first
        return self._nearly(number, words) if len(words) >= _NEAR_WORDS else None

    def _nearly(self, number: int, words: tuple[str, ...]) -> int | None:
        """The first sentence with a run of words in common and hardly another word of its own."""
        said = frozenset(words)
        runs = {words[i : i + _RUN] for i in range(len(words) - _RUN + 1)}
        alike = (earlier for run in runs for other, earlier in self._by_run.get(run, ()) if _is_alike(said, other))
        found = min(alike, default=None)
        if found is None:
            for run in runs:
                self._by_run.setdefault(run, []).append((said, number))
        return found


def _is_alike(said: frozenset[str], other: frozenset[str]) -> bool:
    differ = said ^ other
    return len(said & other) >= _ALIKE * len(said | other) and not differ & _TELLING


def _plain(word: str) -> str:
    """Numbers, months and weekdays are all one: copied text is brought up to date there."""
    return "#" if word.isdigit() or _MONTH.fullmatch(word) else word
