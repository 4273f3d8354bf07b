"""A search over the small book, with vectors of letter counts instead of an encoder's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index_build.editions.packaged import FY2026
from medcoding.codebook import Codebook, EditionContent, write_codebook
from retrieval.encoder import DIMENSIONS
from retrieval.store import FloatVector
from tests.training.small_book import ENTRIES, INDEX
from training.candidate_lists import CandidateLists
from training.lanes import Bm25Lane
from training.search_space import SearchSpace, build_space
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


def small_book(folder: Path) -> Codebook:
    """The small book as a file."""
    write_codebook(folder / "book.sqlite", EditionContent(FY2026, ENTRIES))
    return Codebook(folder / "book.sqlite")


def small_lists(book: Codebook) -> CandidateLists:
    """The search over it."""
    space = small_space()
    vectors = np.stack(LetterEncoder().encode(space.texts))
    return CandidateLists(space, vectors, Bm25Lane([wording.words for wording in space.wordings]), book)


def _vector(text: str) -> FloatVector:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    padded = f" {text.lower()} "
    for start in range(len(padded) - 2):
        vector[sum(ord(letter) * 31**place for place, letter in enumerate(padded[start : start + 3])) % DIMENSIONS] += 1
    return vector / np.linalg.norm(vector)
