"""Ways of scoring every wording for a query: cosine, BM25, character n-grams; and how their rankings are fused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from retrieval.fusion import RANK_CONSTANT
from retrieval.sparse import Bm25Encoder
from retrieval.store import SparseVector

Scores = NDArray[np.float32]
"""Queries x what is scored."""

MASKED: Final = -1.0
_GRAMS: Final = (3, 4)
_FUSED: Final = 1_000
"""Ranks beyond this add nothing to a fusion."""


class Bm25Lane:
    """BM25 as the product has it: Qdrant's tokenizer and weights, its inverse document frequency."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._encoder = Bm25Encoder()
        self._columns: dict[int, int] = {}
        self._texts = self._matrix([self._encoder.document(text) for text in texts], learn=True)
        found = np.asarray((self._texts > 0).sum(axis=0)).ravel()
        self._rarity = np.log1p((len(texts) - found + 0.5) / (found + 0.5)).astype(np.float32)

    def scores(self, queries: Sequence[str]) -> Scores:
        """Queries x texts."""
        asked = self._matrix([self._encoder.query(query) for query in queries], learn=False)
        dense: Scores = (asked.multiply(self._rarity[None, :]).tocsr() @ self._texts.T).toarray()
        return dense

    def _matrix(self, vectors: Sequence[SparseVector], *, learn: bool) -> Any:
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for row, vector in enumerate(vectors):
            for word, value in zip(vector.indices, vector.values, strict=True):
                column = self._columns.setdefault(word, len(self._columns)) if learn else self._columns.get(word)
                if column is not None:
                    rows.append(row)
                    columns.append(column)
                    values.append(value)
        shape = (len(vectors), len(self._columns))
        return csr_matrix((np.array(values, dtype=np.float32), (rows, columns)), shape=shape)


class LetterLane:
    """Cosine of character n-gram counts, weighed by rarity: spelling variants and word parts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._columns: dict[str, int] = {}
        counts = self._matrix(texts, learn=True)
        found = np.asarray((counts > 0).sum(axis=0)).ravel()
        self._rarity = np.log1p(len(texts) / found).astype(np.float32)
        self._texts = self._weighed(counts)

    def scores(self, queries: Sequence[str]) -> Scores:
        """Queries x texts."""
        dense: Scores = (self._weighed(self._matrix(queries, learn=False)) @ self._texts.T).toarray()
        return dense

    def _matrix(self, texts: Sequence[str], *, learn: bool) -> Any:
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for row, text in enumerate(texts):
            for gram, number in Counter(_grams(text)).items():
                column = self._columns.setdefault(gram, len(self._columns)) if learn else self._columns.get(gram)
                if column is not None:
                    rows.append(row)
                    columns.append(column)
                    values.append(1 + np.log(number))
        shape = (len(texts), len(self._columns))
        return csr_matrix((np.array(values, dtype=np.float32), (rows, columns)), shape=shape)

    def _weighed(self, counts: Any) -> Any:
        weighed = counts.multiply(self._rarity[None, :]).tocsr()
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel()) + 1e-6
        return weighed.multiply((1 / lengths)[:, None]).tocsr().astype(np.float32)


def ranks(scores: Scores) -> NDArray[np.int32]:
    """Place of each column in its row, from 0; what scores nothing comes after `_FUSED`."""
    deepest = min(_FUSED, scores.shape[1])
    order = best_columns(scores, deepest)
    places = np.full(scores.shape, 10 * _FUSED, dtype=np.int32)
    np.put_along_axis(places, order, np.arange(deepest, dtype=np.int32)[None, :].repeat(len(scores), 0), axis=1)
    places[scores <= 0] = 10 * _FUSED
    return places


def best_columns(scores: Scores, limit: int) -> NDArray[np.int64]:
    """The columns of the `limit` highest scores of each row, best first."""
    limit = min(limit, scores.shape[1])
    top = np.argpartition(-scores, limit - 1, axis=1)[:, :limit]
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def fused(lanes: Iterable[tuple[Scores, float]]) -> Scores:
    """Weighted reciprocal rank fusion of lanes."""
    total: Scores | None = None
    for scores, weight in lanes:
        added = (weight / (RANK_CONSTANT + 1 + ranks(scores))).astype(np.float32)
        total = added if total is None else total + added
    if total is None:
        raise ValueError("no lane to fuse")
    return total


def _grams(text: str) -> Iterable[str]:
    padded = f" {text.lower()} "
    return (padded[start : start + n] for n in _GRAMS for start in range(len(padded) - n + 1))
