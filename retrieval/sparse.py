"""Sparse vectors for the lexical half of the search: BM25 weights, English stemming, by Qdrant's own tokenizer."""

from __future__ import annotations

from typing import Final

import qdrant_edge as edge

from retrieval.store import SparseVector

_MEAN_WORDS: Final = 8.0
"""Average number of words of a surface in the default index; sets BM25's length normalisation."""


class Bm25Encoder:
    """Text to sparse vectors; the collection adds the inverse document frequency."""

    def __init__(self) -> None:
        self._model = edge.Bm25(edge.Bm25Config(avg_len=_MEAN_WORDS, language="english"))

    def document(self, text: str) -> SparseVector:
        """Vector of a text that is stored."""
        return _plain(self._model.embed_document(text))

    def query(self, text: str) -> SparseVector:
        """Vector of a text that is searched for: each distinct word counts once."""
        return _plain(self._model.embed_query(text))


def _plain(vector: edge.SparseVector) -> SparseVector:
    return SparseVector(tuple(vector.indices), tuple(vector.values))
