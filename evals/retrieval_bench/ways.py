"""The ways of searching that are compared: baselines, the product's fusion, the learned reranker, and peers.

Each takes a batch of queries and which wordings may be seen, and gives the groups of codes it found, best first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from evals.retrieval_bench.records import DEPTHS
from retrieval.offers import siblings_of
from retrieval.search import DEEP
from retrieval.ways import Reranker, reranked
from retrieval.ways import Way as Found
from training.candidate_lists import Asked, CandidateLists, LaneScores
from training.lanes import MASKED, Bm25Lane, LetterLane, Scores, best_columns, fused
from training.search_space import BoolVector, IdVector, SearchSpace, WordingKind, best_by_group

DEEPEST: Final = DEPTHS[-1]
_INDEX_ENTRIES: Final = 10
"""Complete index entries that Code Like Humans retrieves for a mention (Motzfeldt et al., 2025)."""

_WORDS_WEIGHT: Final = 0.5
"""Of the ranking by words beside that by vectors, where the two are fused by rank."""

_TITLE_TIE: Final = 0.001
"""Of groups that one wording leads to, the one whose title is nearer comes first."""


class Batch(NamedTuple):
    """Queries and what every wording scores for them, computed once for all ways."""

    asked: Sequence[Asked]
    lanes: LaneScores
    """As the product searches: by vector, and by the words of titles."""
    spoken: Scores
    """BM25 over every wording, which baselines and peers have."""


Ranking = Callable[[Batch, BoolVector], list[IdVector]]

_PACKAGE: Final[tuple[WordingKind, ...]] = ("title", "header", "inclusion")
_OWN: Final[tuple[WordingKind, ...]] = (*_PACKAGE, "clinical")
EVERY: Final[tuple[WordingKind, ...]] = (*_OWN, "index")
"""Every kind of wording."""


class Way(NamedTuple):
    """A way of searching: its name, the kinds of wording it sees, what ranks."""

    name: str
    sees: tuple[WordingKind, ...]
    ranked: Ranking
    deepest: int = DEEPEST
    dense: bool = True
    """Whether the encoder matters."""


@dataclass(frozen=True)
class Lanes:
    """What is read from a space once for all ways: documents of titles with what stands around them, letters."""

    lists: CandidateLists
    wordings: Bm25Lane
    """Every wording by its own words."""
    documents: Bm25Lane
    """One a group: its title, the titles above it and its inclusion terms."""
    letters: LetterLane


def batch_of(lanes: Lanes, asked: Sequence[Asked]) -> Batch:
    """Queries with every score that a way of searching reads."""
    return Batch(asked, lanes.lists.scores(asked), lanes.wordings.scores([one.text for one in asked]))


class ProductSearch:
    """What the product does with its hits, with the depth that recall is measured with; siblings of the best behind."""

    def __init__(self, lists: CandidateLists, reranker: Reranker | None = None) -> None:
        self._lists = lists
        self._reranker = reranker
        self._batch: Batch | None = None
        self._found: dict[bytes, list[tuple[Found, ...]]] = {}

    def as_fused(self, batch: Batch, active: BoolVector) -> list[IdVector]:
        """In the order of the searches and of what the codes share with the query."""
        return [self._groups(ways) for ways in self._ways(batch, active)]

    def reranked(self, batch: Batch, active: BoolVector) -> list[IdVector]:
        """In the order that the product offers. Raises `ValueError` without a reranker."""
        if self._reranker is None:
            raise ValueError("no reranker to order by")
        book, model = self._lists.book, self._reranker
        return [
            self._groups(reranked(ways, one.text, book, model, DEEP.most_reranked))
            for one, ways in zip(batch.asked, self._ways(batch, active), strict=True)
        ]

    def _ways(self, batch: Batch, active: BoolVector) -> list[tuple[Found, ...]]:
        """Remembered for a batch: what is found does not depend on who orders it."""
        if batch is not self._batch:
            self._batch, self._found = batch, {}
        key = active.tobytes()
        if key not in self._found:
            visible = self._lists.visible(batch.lanes, batch.asked, active)
            self._found[key] = list(self._lists.ways(batch.asked, visible, active, DEEP.hits))
        return self._found[key]

    def _groups(self, ways: Sequence[Found]) -> IdVector:
        every = (*ways, *siblings_of(ways[: DEEP.siblings], ways, self._lists.book))
        groups = dict.fromkeys(self._lists.space.group_of(way.code) for way in every)
        return np.array(list(groups)[:DEEPEST], dtype=np.int64)


def package_ways(lanes: Lanes, reranker: Reranker | None) -> list[Way]:
    """Those that need no index."""
    lists, product = lanes.lists, ProductSearch(lanes.lists, reranker)
    ways = [
        Way("BM25, title only", ("title",), partial(_by_words, lists), dense=False),
        Way("BM25, title + ancestors + notes", _PACKAGE, partial(_by_documents, lanes), dense=False),
        Way("BM25, each inclusion term its own", _PACKAGE, partial(_by_words, lists), dense=False),
        Way("dense, title", ("title",), partial(_by_vectors, lists)),
        Way("dense, each inclusion term its own vector", _PACKAGE, partial(_by_vectors, lists)),
        Way("RRF of BM25, both dense, character n-grams", _PACKAGE, partial(_by_four, lanes)),
        Way("RRF of BM25 and dense", _PACKAGE, partial(_by_fusion, lists)),
        Way("the product's search, not reranked", _PACKAGE, product.as_fused),
        Way("the same + own clinical terms", _OWN, product.as_fused),
    ]
    if reranker:
        ways.append(Way("the product's search", _PACKAGE, product.reranked))
        ways.append(Way("the product's search + own clinical terms", _OWN, product.reranked))
    return ways


def index_ways(lanes: Lanes, reranker: Reranker | None) -> list[Way]:
    """Those that search an index too."""
    lists, product = lanes.lists, ProductSearch(lanes.lists, reranker)
    ways = [
        Way("BM25", EVERY, partial(_by_words, lists), dense=False),
        Way("dense", EVERY, partial(_by_vectors, lists)),
        Way("RRF of BM25 and dense", EVERY, partial(_by_fusion, lists)),
        Way("the product's search, not reranked", EVERY, product.as_fused),
    ]
    if reranker:
        ways.append(Way("the product's search", EVERY, product.reranked))
    return ways


def peer_ways(lists: CandidateLists, sees: tuple[WordingKind, ...]) -> list[Way]:
    """bm25s over the same wordings; the index-path approach of Code Like Humans where an index is seen."""
    ways = [Way("peer: bm25s", sees, Bm25s(lists.space).ranked, dense=False)]
    if "index" in sees:
        ways.append(
            Way("peer: Code Like Humans (dense, 10 index entries)", ("index",), partial(_by_entries, lists), DEPTHS[1])
        )
    return ways


class Bm25s:
    """The package of that name with its defaults (Lucene's BM25, English stop words); built anew for what is seen."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._seen: bytes = b""
        self._index: Any = None

    def ranked(self, batch: Batch, active: BoolVector) -> list[IdVector]:
        """What a query must not see is passed over in its answers."""
        import bm25s

        places = np.flatnonzero(active)
        if self._seen != active.tobytes():
            self._index = bm25s.BM25()
            texts = [self._space.texts[place] for place in places]
            self._index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
            self._seen = active.tobytes()
        words = bm25s.tokenize([one.text for one in batch.asked], stopwords="en", show_progress=False)
        found, scores = self._index.retrieve(words, k=min(5 * DEEPEST, len(places)), show_progress=False)
        return [
            self._groups(places[hits[score > 0]], one)
            for one, hits, score in zip(batch.asked, found, scores, strict=True)
        ]

    def _groups(self, wordings: IdVector, asked: Asked) -> IdVector:
        seen = (int(place) for place in wordings if place not in asked.masked)
        return np.array(_groups_of(self._space, seen)[:DEEPEST], dtype=np.int64)


def _by_words(lists: CandidateLists, batch: Batch, active: BoolVector) -> list[IdVector]:
    return _best(best_by_group(lists.space, _seen(batch.spoken, batch.asked, active, 0.0)))


def _by_vectors(lists: CandidateLists, batch: Batch, active: BoolVector) -> list[IdVector]:
    return _best(_near_groups(lists.space, _seen(batch.lanes.dense, batch.asked, active, MASKED)))


def _by_documents(lanes: Lanes, batch: Batch, _: BoolVector) -> list[IdVector]:
    return _best(lanes.documents.scores([one.text for one in batch.asked]))


def _by_fusion(lists: CandidateLists, batch: Batch, active: BoolVector) -> list[IdVector]:
    words = best_by_group(lists.space, _seen(batch.spoken, batch.asked, active, 0.0))
    dense = _near_groups(lists.space, _seen(batch.lanes.dense, batch.asked, active, MASKED))
    return _best(fused([(dense, 1.0), (words, _WORDS_WEIGHT)]))


def _by_four(lanes: Lanes, batch: Batch, active: BoolVector) -> list[IdVector]:
    space = lanes.lists.space
    letters = _seen(lanes.letters.scores([one.text for one in batch.asked]), batch.asked, active, 0.0)
    words = best_by_group(space, _seen(batch.spoken, batch.asked, active, 0.0))
    dense = _near_groups(space, _seen(batch.lanes.dense, batch.asked, active, MASKED))
    titles = batch.lanes.dense[:, : len(space.groups)]
    return _best(fused([(words, 1.0), (titles, 1.0), (dense, 1.0), (best_by_group(space, letters), 1.0)]))


def _seen(scores: Scores, asked: Sequence[Asked], active: BoolVector, hidden: float) -> Scores:
    """Scores of wordings where inactive and masked ones score as `hidden`."""
    seen = scores.copy()
    seen[:, ~active] = hidden
    for row, one in enumerate(asked):
        seen[row, one.masked] = hidden
    return seen


def _near_groups(space: SearchSpace, dense: Scores) -> Scores:
    nearest: Scores = best_by_group(space, dense) + _TITLE_TIE * dense[:, : len(space.groups)]
    return nearest


def _by_entries(lists: CandidateLists, batch: Batch, active: BoolVector) -> list[IdVector]:
    """The entries nearest to the query, each with the codes it leads to; what they lead to is the answer."""
    scores = lists.visible(batch.lanes, batch.asked, active).dense
    top = best_columns(scores, _INDEX_ENTRIES)
    return [np.array(_groups_of(lists.space, map(int, row)), dtype=np.int64) for row in top]


def _groups_of(space: SearchSpace, wordings: Iterable[int]) -> list[int]:
    found: dict[int, None] = {}
    for place in wordings:
        for code in space.wordings[place].codes:
            found |= dict.fromkeys(map(int, space.groups_under(code)))
    return list(found)


def _best(scores: Scores) -> list[IdVector]:
    order = best_columns(scores, DEEPEST)
    return [row[scores[number, row] > 0] for number, row in enumerate(order)]
