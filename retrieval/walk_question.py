"""A phrase made ready for a walk of the Alphabetic Index: its words, where the index says them, its main terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np

from retrieval.index_words import spoken
from retrieval.kindred_words import Variant, WordFinder
from retrieval.table_columns import speaks_of_an_effect
from retrieval.walk_tables import Ids, WalkTables, Weights, pair_code
from retrieval.wording import LATERALITY_WORDS

_MOST_WORDS: Final = 40
_UNKNOWN: Final = 2.0
"""Weight of a word that the index does not hold."""
_SIDE: Final = 0.3
"""Weight of a side, which the index seldom prints."""


class Said(NamedTuple):
    """Where the index says a word, or one akin to it that counts for `factor`."""

    factor: float
    entries: Ids
    weights: Weights
    silent: Ids
    """Entries that may leave it out."""


class WalkQuestion(NamedTuple):
    """A phrase as it is looked up."""

    words: tuple[str, ...]
    known: frozenset[str]
    """Words of the index that they may be."""
    said: tuple[tuple[Said, ...], ...]
    """Of each word; the word itself last."""
    weights: tuple[float, ...]
    total: float
    said_twice: tuple[tuple[int, float], ...]
    """Entries whose title needs only one of two words that are both asked for, and what the second would add."""
    mains: tuple[int, ...]
    """Main terms that it says."""


class QuestionReader:
    """Reads phrases for one index edition."""

    def __init__(self, tables: WalkTables) -> None:
        self._tables = tables
        self._finder = WordFinder(tables.vocabulary)

    def read(self, phrase: str) -> WalkQuestion:
        """At most the first forty distinct words."""
        words = spoken(phrase)[:_MOST_WORDS]
        variants = tuple(map(self._finder.variants, words))
        weights = tuple(map(self._weight, words, variants))
        return WalkQuestion(
            words=words,
            known=frozenset(self._tables.vocabulary[number] for found in variants for number, _ in found),
            said=tuple(tuple(map(self._said, reversed(found))) for found in variants),
            weights=weights,
            total=sum(weights),
            said_twice=tuple(self._said_twice(variants)),
            mains=self._mains(words, variants),
        )

    def _said(self, variant: Variant) -> Said:
        entries, weights = self._tables.said.of(variant.number)
        return Said(variant.factor, entries, weights, self._tables.silent.of(variant.number)[0])

    def _said_twice(self, variants: Sequence[Sequence[Variant]]) -> Iterator[tuple[int, float]]:
        """`Acute or subacute` needs one of its words; a phrase that says both says it once."""
        exact = [found[0].number for found in variants if found and found[0].factor == 1.0]
        at, weights = self._tables.alternates_at, self._tables.alternates_weight
        for one, other in combinations(exact, 2):
            pair = pair_code(one, other)
            low, high = np.searchsorted(self._tables.alternates, (pair, pair + 1))
            yield from zip(at[low:high].tolist(), weights[low:high].tolist(), strict=True)

    def _weight(self, word: str, variants: Sequence[Variant]) -> float:
        if word in LATERALITY_WORDS:
            return _SIDE
        return float(self._tables.rarity[variants[0].number]) if variants else _UNKNOWN

    def _mains(self, words: Sequence[str], variants: Sequence[Sequence[Variant]]) -> tuple[int, ...]:
        """Main terms whose every word is said; substances only where the phrase speaks of their effect."""
        places: dict[int, set[int]] = {}
        for place, found in enumerate(variants):
            for number, _ in found:
                for key in self._tables.key_words.of(number)[0].tolist():
                    places.setdefault(key, set()).add(place)
        lengths, mains, books = self._tables.key_lengths, self._tables.mains, self._tables.books
        whole = {int(mains[key]) for key, at in places.items() if len(at) >= lengths[key]}
        end = books[4] if speaks_of_an_effect(words) else books[3]
        return tuple(sorted(main for main in whole if main < end))
