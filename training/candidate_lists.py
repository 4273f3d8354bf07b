"""Lists of candidates as the search would offer them for a wording, with what leads to the wording itself masked.

The store is replaced by brute force over the wordings that may be seen; what is made of the hits is the product's own
code (`retrieval.nearness`, `retrieval.offers`, `retrieval.ways`), so that the reranker learns from lists like those it
will order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medcoding.chart import SectionKind, Span
from medcoding.codebook import Codebook
from medcoding.mention import Assertion, Mention
from retrieval.features import ScoredWay
from retrieval.index_walk import Walk
from retrieval.nearness import NearSurface, near_surfaces
from retrieval.offers import affirmed_words, bounds_of, from_stems, from_surfaces, from_walks
from retrieval.store import Hit
from retrieval.ways import Offer, Way, grouped, scored, ways_of
from training.lanes import MASKED, Bm25Lane, Scores
from training.search_space import TITLES, BoolVector, IdVector, SearchSpace
from training.term_pairs import TermPair, main_term_key, text_key

DEEPEST: Final = 200
"""Hits that each search returns, and surfaces of both together."""

_BATCH: Final = 64


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
    """By the words that the product looks for: those of titles."""


@dataclass(frozen=True)
class CandidateLists:
    """The search of the product over a space in memory: cosine over wordings, words of titles beside it."""

    space: SearchSpace
    vectors: NDArray[np.float32]
    """Of every wording."""
    bm25: Bm25Lane
    """Of the words that each wording is found by."""
    book: Codebook

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

    def made(
        self, asked: Sequence[Asked], active: BoolVector, limit: int, hits: int = DEEPEST
    ) -> Iterator[CandidateList]:
        """A list for each query, in order, of at most `limit` groups."""
        for start in range(0, len(asked), _BATCH):
            part = asked[start : start + _BATCH]
            yield from self.listed(part, self.visible(self.scores(part), part, active), active, limit, hits)

    def listed(
        self, asked: Sequence[Asked], lanes: LaneScores, active: BoolVector, limit: int, hits: int = DEEPEST
    ) -> Iterator[CandidateList]:
        """The same from visible scores."""
        for ways in self.ways(asked, lanes, active, hits):
            leaders = [members[0] for members in grouped(ways, self.book).values()][:limit]
            groups = [self.space.group_of(way.code) for way in leaders]
            yield CandidateList(np.array(groups, dtype=np.int64), scored(leaders, self.book))

    def ways(
        self, asked: Sequence[Asked], lanes: LaneScores, active: BoolVector, hits: int = DEEPEST
    ) -> Iterator[tuple[Way, ...]]:
        """For each query every code that is found, from visible scores, best first, before the reranker."""
        for row, one in enumerate(asked):
            yield ways_of(self._offers(one, self._near(lanes, row, hits), active))

    def _near(self, lanes: LaneScores, row: int, hits: int) -> tuple[NearSurface, ...]:
        dense = self._hits(lanes.dense[row], MASKED, hits)
        return near_surfaces(dense, self._hits(lanes.sparse[row], 0.0, hits), hits)

    def _hits(self, scores: Scores, least: float, limit: int) -> list[Hit]:
        """The wordings that score most, as the store would give them."""
        top = np.argpartition(-scores, min(limit, len(scores)) - 1)[:limit]
        return [self._hit(int(place), float(scores[place])) for place in top if scores[place] > least]

    def _hit(self, place: int, score: float) -> Hit:
        wording = self.space.wordings[place]
        return Hit(place, score, {"text": wording.text, "codes": list(wording.codes), "kind": wording.kind})

    def _offers(self, asked: Asked, near: Sequence[NearSurface], active: BoolVector) -> list[Offer]:
        """What the nearest wordings lead to, and those that read like the query: as a term, or as a walk."""
        seen = (place for place in self.same_text(asked.text) if active[place] and place not in asked.masked)
        alike = {place: self.space.wordings[place] for place in seen}
        mention = _stated(asked.text, [code for w in alike.values() if w.kind != "index" for code in w.codes])
        said = affirmed_words(mention)
        offers = from_stems(mention, self.book)
        offers += from_surfaces(mention, said, near, self.book, bounds_of(offers, 0.0))
        walks = [Walk(w.codes, (w.text,), 1.0, (), (), place) for place, w in alike.items() if w.kind == "index"]
        return [*offers, *from_walks(mention, said, walks, self.book)]

    def same_text(self, text: str) -> list[int]:
        """Wordings that read like a text."""
        return self._by_text.get(text_key(text), [])

    def same_main_term(self, main_term: str) -> list[int]:
        """Wordings of the index below a main term."""
        return self._by_main_term.get(main_term_key(main_term), [])

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


def _stated(text: str, stems: Sequence[str]) -> Mention:
    """The wording as a problem that a note states; `stems` are what the dictionary knows of it."""
    return Mention(
        id=1,
        document_id="query",
        span=Span(start=0, end=len(text)),
        text=text,
        sentence=1,
        section=SectionKind.ASSESSMENT,
        assertion=Assertion.PRESENT,
        query=text,
        term=text if stems else None,
        stems=tuple(dict.fromkeys(stems)),
    )


def _places(space: SearchSpace, key: Callable[[int], str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place in range(len(space.wordings)):
        found[key(place)].append(place)
    return found
