"""Lists of candidates as the search would offer them for a wording, with what leads to the wording itself masked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.features import ScoredWay
from training.lanes import MASKED, Bm25Lane, Scores, best_columns, fused
from training.search_space import TITLES, BoolVector, IdVector, SearchSpace, best_by_group
from training.term_pairs import TermPair, main_term_key, text_key

DEEPEST: Final = 200
"""Hits that each search returns: a wording beyond them has no score of that search."""

SPARSE_WEIGHT: Final = 0.5
"""Of the ranking by words beside that by vectors."""

_BATCH: Final = 64
_TITLE_TIE: Final = 0.001
"""Of groups that one wording leads to, the one whose title is nearer comes first."""


class Asked(NamedTuple):
    """A wording to search for."""

    text: str
    vector: NDArray[np.float32]
    masked: IdVector
    """Wordings that must not be seen, besides those that nobody sees."""


class CandidateList(NamedTuple):
    """Groups for one wording, best fused rank first, and each as a way for the reranker."""

    groups: IdVector
    ways: list[ScoredWay]


class LaneScores(NamedTuple):
    """Scores of wordings, queries x wordings."""

    dense: Scores
    sparse: Scores


@dataclass(frozen=True)
class CandidateLists:
    """The search of the product over a space in memory: cosine and BM25 over wordings, fused by rank."""

    space: SearchSpace
    vectors: NDArray[np.float32]
    """Of every wording."""
    bm25: Bm25Lane
    offered: Sequence[str]
    """The code that stands for each group."""
    titles: Mapping[str, str]
    """Printed titles by code."""
    above: Mapping[str, str]

    def scores(self, asked: Sequence[Asked]) -> LaneScores:
        """Scores of every wording."""
        dense: Scores = np.stack([one.vector for one in asked]) @ self.vectors.T
        return LaneScores(dense, self.bm25.scores([one.text for one in asked]))

    def visible(self, lanes: LaneScores, asked: Sequence[Asked], active: BoolVector) -> LaneScores:
        """The same where inactive and masked wordings score below every other."""
        dense, sparse = lanes.dense.copy(), lanes.sparse.copy()
        dense[:, ~active], sparse[:, ~active] = MASKED, 0.0
        for row, one in enumerate(asked):
            dense[row, one.masked], sparse[row, one.masked] = MASKED, 0.0
        return LaneScores(dense, sparse)

    def made(self, asked: Sequence[Asked], active: BoolVector, limit: int) -> Iterator[CandidateList]:
        """A list for each query, in order, of at most `limit` groups."""
        for start in range(0, len(asked), _BATCH):
            part = asked[start : start + _BATCH]
            yield from self.listed(part, self.visible(self.scores(part), part, active), active, limit)

    def listed(
        self, asked: Sequence[Asked], lanes: LaneScores, active: BoolVector, limit: int
    ) -> Iterator[CandidateList]:
        """The same from visible scores."""
        dense, sparse = self.by_group(lanes)
        best = best_columns(fused([(dense, 1.0), (sparse, SPARSE_WEIGHT)]), limit)
        for row, one in enumerate(asked):
            yield CandidateList(best[row], self._ways(one, best[row], row, lanes, active))

    def by_group(self, lanes: LaneScores) -> LaneScores:
        """The same by group, cut where the product's searches end."""
        titles = lanes.dense[:, : len(self.space.groups)]
        dense = best_by_group(self.space, lanes.dense) + _TITLE_TIE * titles
        return LaneScores(dense, best_by_group(self.space, lanes.sparse))

    def _ways(self, asked: Asked, groups: IdVector, row: int, lanes: LaneScores, active: BoolVector) -> list[ScoredWay]:
        dense, sparse = lanes.dense[row], lanes.sparse[row]
        least_dense = _least(dense, DEEPEST)
        least_sparse = max(_least(sparse, DEEPEST), 1e-6)
        exact = self._exact(asked, active)
        return [
            self._way(int(group), rank, dense, sparse, (least_dense, least_sparse), exact)
            for rank, group in enumerate(groups, start=1)
        ]

    def _way(
        self,
        group: int,
        rank: int,
        dense: Scores,
        sparse: Scores,
        least: tuple[float, float],
        exact: dict[int, tuple[float, float]],
    ) -> ScoredWay:
        members = self.space.flat[self.space.starts[group] : self._ends[group]]
        nearest = int(members[np.argmax(dense[members])])
        cosine, words = float(dense[nearest]), float(sparse[members].max())
        code = self.offered[group]
        walk, dictionary = exact.get(group, (0.0, 0.0))
        return ScoredWay(
            code=code,
            title=self.titles[code],
            surface=self.space.texts[nearest],
            dense=cosine if cosine >= least[0] else 0.0,
            sparse=words if words >= least[1] else 0.0,
            fused_rank=rank,
            walk=walk,
            dictionary=dictionary,
            above=self.above.get(code, ""),
        )

    def _exact(self, asked: Asked, active: BoolVector) -> dict[int, tuple[float, float]]:
        """Groups to which a visible wording leads that reads like the query: (by the index, by the dictionary)."""
        found: dict[int, tuple[float, float]] = {}
        for place in self.same_text(asked.text):
            if active[place] and place not in asked.masked:
                wording = self.space.wordings[place]
                by_index = wording.kind == "index"
                for group in {int(g) for code in wording.codes for g in self.space.groups_under(code)}:
                    walk, dictionary = found.get(group, (0.0, 0.0))
                    found[group] = (max(walk, by_index), max(dictionary, not by_index))
        return found

    def same_text(self, text: str) -> list[int]:
        """Wordings that read like a text."""
        return self._by_text.get(text_key(text), [])

    def same_main_term(self, main_term: str) -> list[int]:
        """Wordings of the index below a main term."""
        return self._by_main_term.get(main_term_key(main_term), [])

    @cached_property
    def _ends(self) -> IdVector:
        return np.append(self.space.starts[1:], len(self.space.flat))

    @cached_property
    def _by_text(self) -> dict[str, list[int]]:
        return _places(self.space, lambda place: text_key(self.space.texts[place]))

    @cached_property
    def _by_main_term(self) -> dict[str, list[int]]:
        return _places(self.space, lambda place: main_term_key(self.space.wordings[place].main_term))


def masked_itself(lists: CandidateLists, text: str) -> IdVector:
    """The wording itself and every other that reads like it; titles stay."""
    same = (place for place in lists.same_text(text) if lists.space.wordings[place].kind not in TITLES)
    return np.array(list(same), dtype=np.int64)


def masked_for(lists: CandidateLists, pair: TermPair, *, clinical_too: bool) -> IdVector:
    """What a query made of a pair must not see: its own concept, as the held-out part hides it.

    A pair of the index hides its main term; any other hides what leads to its code, above or below it. Our own terms of
    the concept stay unless `clinical_too`, except those that read like the query.
    """
    same = masked_itself(lists, pair.text)
    if pair.source == "index":
        return np.unique(np.array([*lists.same_main_term(pair.main_term), *same], dtype=np.int64))
    near = lists.space.near(pair.code)
    if not clinical_too:
        near = near[lists.space.kinds[near] != "clinical"]
    return np.unique(np.concatenate([near, same]))


def _places(space: SearchSpace, key: Callable[[int], str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place in range(len(space.wordings)):
        found[key(place)].append(place)
    return found


def _least(scores: Scores, number: int) -> float:
    number = min(number, len(scores))
    return float(np.partition(scores, -number)[-number])
