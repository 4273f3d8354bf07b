"""Notes that say nearly the same: pairs that share most of their runs of five words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from medcoding.encounter import Encounter

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 5
_ALIKE: Final = 0.7
"""Least share of shared runs over all runs of both (Jaccard)."""
_COMMON: Final = 200
"""A run that so many notes hold is a form's own text and makes nobody a twin."""


def twins(first: Sequence[Encounter], second: Sequence[Encounter]) -> Iterator[tuple[int, int]]:
    """Places in both of encounters with nearly the same words; a set held against itself gives each pair once."""
    runs = [_runs(encounter) for encounter in second]
    holders: dict[int, list[int]] = defaultdict(list)
    for place, held in enumerate(runs):
        for run in held:
            holders[run].append(place)
    for place, encounter in enumerate(first):
        mine = runs[place] if first is second else _runs(encounter)
        shared = Counter(other for run in mine if len(holders[run]) <= _COMMON for other in holders[run])
        for other, count in shared.items():
            alike = count >= _ALIKE * (len(mine) + len(runs[other]) - count)
            if alike and (first is not second or place < other):
                yield place, other


def _runs(encounter: Encounter) -> frozenset[int]:
    words = [word for document in encounter.documents for word in _WORD.findall(document.text.lower())]
    return frozenset(hash(tuple(words[at : at + _RUN])) for at in range(max(1, len(words) - _RUN + 1)))
