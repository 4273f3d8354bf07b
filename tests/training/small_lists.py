"""A search over the small book, with vectors of letter counts instead of an encoder's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.encoder import DIMENSIONS
from retrieval.store import FloatVector
from tests.training.small_book import ENTRIES, INDEX
from training.candidate_lists import CandidateLists
from training.lanes import Bm25Lane
from training.search_space import SearchSpace, ancestor_titles, build_space
from training.term_pairs import TermPair, index_pairs


class LetterEncoder:
    """Counts of letter triples, hashed; texts that share letters are near."""

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """Unit-length vectors."""
        return [_vector(text) for text in texts]


def small_space() -> SearchSpace:
    """Titles, inclusion terms, two terms of our own and the index."""
    own = (TermPair("crescendo angina", "I20.0", "clinical"), TermPair("strep throat", "J02.0", "clinical"))
    return build_space(ENTRIES, (*own, *index_pairs(INDEX)))


def small_lists() -> CandidateLists:
    """The search over it; the first code of a group stands for it."""
    space = small_space()
    return CandidateLists(
        space=space,
        vectors=np.stack(LetterEncoder().encode(space.texts)),
        bm25=Bm25Lane(space.texts),
        offered=[group[0] for group in space.groups],
        titles={entry.code: entry.title for entry in ENTRIES},
        above=ancestor_titles(ENTRIES),
    )


def _vector(text: str) -> FloatVector:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    padded = f" {text.lower()} "
    for start in range(len(padded) - 2):
        vector[sum(ord(letter) * 31**place for place, letter in enumerate(padded[start : start + 3])) % DIMENSIONS] += 1
    return vector / np.linalg.norm(vector)
