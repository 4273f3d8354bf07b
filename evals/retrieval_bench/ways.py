"""The ways of searching that are compared: baselines, the product's fusion, the learned reranker, and peers.

Each takes a batch of queries and which wordings may be seen, and gives the groups of codes it found, best first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np

from evals.retrieval_bench.records import DEPTHS
from retrieval.features import ScoredWay
from training.candidate_lists import SPARSE_WEIGHT, Asked, CandidateLists, LaneScores
from training.lanes import Bm25Lane, LetterLane, Scores, best_columns, fused
from training.search_space import BoolVector, IdVector, SearchSpace, WordingKind, best_by_group

DEEPEST: Final = DEPTHS[-1]
_RERANKED: Final = 300
"""Fused candidates that the reranker orders."""

_EXPANDED: Final = 50
_CATEGORY: Final = 3
_INDEX_ENTRIES: Final = 10
"""Complete index entries that Code Like Humans retrieves for a mention (Motzfeldt et al., 2025)."""

Scorer = Callable[[str, Sequence[ScoredWay]], Sequence[float]]


class Batch(NamedTuple):
    """Queries and what every wording scores for them, computed once for all ways."""

    asked: Sequence[Asked]
    lanes: LaneScores


Ranking = Callable[[Batch, BoolVector], list[IdVector]]

_PACKAGE: Final[tuple[WordingKind, ...]] = ("title", "header", "inclusion")
_OWN: Final[tuple[WordingKind, ...]] = (*_PACKAGE, "clinical")
_EVERY: Final[tuple[WordingKind, ...]] = (*_OWN, "index")


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
    documents: Bm25Lane
    """One a group: its title, the titles above it and its inclusion terms."""
    letters: LetterLane


def package_ways(lanes: Lanes, scorer: Scorer | None) -> list[Way]:
    """Those that need no index."""
    lists = lanes.lists
    ways = [
        Way("BM25, title only", ("title",), partial(_by_words, lists), dense=False),
        Way("BM25, title + ancestors + notes", _PACKAGE, partial(_by_documents, lanes), dense=False),
        Way("BM25, each inclusion term its own", _PACKAGE, partial(_by_words, lists), dense=False),
        Way("dense, title", ("title",), partial(_by_vectors, lists)),
        Way("dense, each inclusion term its own vector", _PACKAGE, partial(_by_vectors, lists)),
        Way("RRF of BM25, both dense, character n-grams", _PACKAGE, partial(_by_four, lanes)),
        Way("RRF of BM25 and dense", _PACKAGE, partial(_by_fusion, lists)),
        Way("the same + own clinical terms", _OWN, partial(_by_fusion, lists)),
    ]
    if scorer:
        ways.append(Way("RRF + learned reranker", _PACKAGE, partial(_reranked, lists, scorer)))
        with_own = partial(_reranked, lists, scorer)
        ways.append(Way("the same + own clinical terms", _OWN, with_own))
        ways.append(Way("the same + siblings of the first 50", _OWN, partial(_with_the_tree, with_own, lists.space)))
    return ways


def index_ways(lanes: Lanes, scorer: Scorer | None) -> list[Way]:
    """Those that search an index too."""
    lists = lanes.lists
    ways = [
        Way("BM25", _EVERY, partial(_by_words, lists), dense=False),
        Way("dense", _EVERY, partial(_by_vectors, lists)),
        Way("RRF of BM25 and dense", _EVERY, partial(_by_fusion, lists)),
    ]
    if scorer:
        ways.append(Way("RRF + learned reranker", _EVERY, partial(_reranked, lists, scorer)))
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
    return _best(best_by_group(lists.space, lists.visible(batch.lanes, batch.asked, active).sparse))


def _by_vectors(lists: CandidateLists, batch: Batch, active: BoolVector) -> list[IdVector]:
    return _best(lists.by_group(lists.visible(batch.lanes, batch.asked, active)).dense)


def _by_documents(lanes: Lanes, batch: Batch, _: BoolVector) -> list[IdVector]:
    return _best(lanes.documents.scores([one.text for one in batch.asked]))


def _by_fusion(lists: CandidateLists, batch: Batch, active: BoolVector) -> list[IdVector]:
    found = lists.by_group(lists.visible(batch.lanes, batch.asked, active))
    return _best(fused([(found.dense, 1.0), (found.sparse, SPARSE_WEIGHT)]))


def _by_four(lanes: Lanes, batch: Batch, active: BoolVector) -> list[IdVector]:
    lists = lanes.lists
    letters = lanes.letters.scores([one.text for one in batch.asked])
    letters[:, ~active] = 0.0
    for row, one in enumerate(batch.asked):
        letters[row, one.masked] = 0.0
    found = lists.by_group(lists.visible(batch.lanes, batch.asked, active))
    titles = batch.lanes.dense[:, : len(lists.space.groups)]
    by_letters = best_by_group(lists.space, letters)
    return _best(fused([(found.sparse, 1.0), (titles, 1.0), (found.dense, 1.0), (by_letters, 1.0)]))


def _reranked(lists: CandidateLists, scorer: Scorer, batch: Batch, active: BoolVector) -> list[IdVector]:
    """The fused list cut at `_RERANKED`, in the order of the scores; nothing is added."""
    found: list[IdVector] = []
    visible = lists.visible(batch.lanes, batch.asked, active)
    listed = lists.listed(batch.asked, visible, active, _RERANKED)
    for one, candidates in zip(batch.asked, listed, strict=True):
        scores = np.array(scorer(one.text, candidates.ways))
        found.append(candidates.groups[np.argsort(-scores, kind="stable")[:DEEPEST]])
    return found


def _with_the_tree(reranked: Ranking, space: SearchSpace, batch: Batch, active: BoolVector) -> list[IdVector]:
    """The first of a ranking, then every other group of their categories in the same order, then the rest."""
    found: list[IdVector] = []
    for ranked in reranked(batch, active):
        first = [int(group) for group in ranked[:_EXPANDED]]
        stems = dict.fromkeys(space.groups[group][0][:_CATEGORY] for group in first)
        siblings = (int(group) for stem in stems for group in space.groups_under(stem))
        order = dict.fromkeys([*first, *islice(siblings, DEEPEST), *map(int, ranked)])
        found.append(np.array(list(order)[:DEEPEST], dtype=np.int64))
    return found


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
