"""Ways to a code: what each kind of search offers for one mention, brought together code by code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from medcoding.candidate import CandidateOrigin
from medcoding.codebook import Codebook
from retrieval.features import ScoredWay
from retrieval.fusion import fuse
from retrieval.wording import reduce_title

NEAR_WEIGHT: Final = 1.0
WALK_WEIGHT: Final = 1.0
DICTIONARY_WEIGHT: Final = 2.0
"""Votes of the three rankings: nearness of surfaces, walks of the index, the dictionary's term."""

RERANKED_WEIGHT: Final = 0.5
"""Of the learned score in what candidates are ordered by."""

REPEATED: Final = 0.2
"""Loss of score for each code of the same title that comes before: another side or encounter waits for what else may be
meant."""
_MOST_REPEATED: Final = 3
_REFERENCE: Final = re.compile(r"see (?:also )?")

_EXACT_WALK: Final = 0.97
"""Fit from which a walk counts as exact for the reranker, which learned from exact ones only."""
_SEVENTH: Final = 8
_BELOW_BLOCKS: Final = frozenset({"category", "subcategory"})
_reduced = lru_cache(maxsize=16_384)(reduce_title)


class Reranker(Protocol):
    """What scores the candidates of one query together; `retrieval.rerank.LearnedReranker` is one."""

    def scores(self, query: str, candidates: Sequence[ScoredWay]) -> list[float]:
        """How likely each candidate is what the query means, 0 to 1, in order."""


class Offer(NamedTuple):
    """A code with the wording that led to it."""

    code: str
    surface: str
    score: float
    """0 to a little above 1, comparable within one mention."""
    origin: CandidateOrigin
    dense: float = 0.0
    sparse: float = 0.0
    near: float = 0.0
    walk: float = 0.0
    dictionary: float = 0.0
    index_path: tuple[str, ...] = ()


class Way(NamedTuple):
    """A code with everything that speaks for it."""

    code: str
    surface: str
    """The wording of the best offer."""
    score: float
    """What candidates are ordered by."""
    origins: tuple[CandidateOrigin, ...]
    dense: float
    """Best cosine of its surfaces, 0 where the search by vector did not find it."""
    sparse: float
    """Best BM25 score likewise."""
    near: float
    walk: float
    """Fit of the best walk of the Alphabetic Index."""
    dictionary: float
    """How far a dictionary term covers the mention."""
    fused: float
    """Weighted reciprocal rank fusion of the three rankings."""
    reranked: float | None
    """The learned score; None where it was not asked."""
    index_path: tuple[str, ...]


def ways_of(offers: Iterable[Offer]) -> tuple[Way, ...]:
    """One way a code: the best offer's wording, the best of every score; in order of score, then of code."""
    by_code: dict[str, list[Offer]] = {}
    for offer in offers:
        by_code.setdefault(offer.code, []).append(offer)
    fused = _fused(by_code)
    ways = (_way(code, found, fused.get(code, 0.0)) for code, found in by_code.items())
    return tuple(sorted(ways, key=_order))


def reranked(ways: Sequence[Way], query: str, codebook: Codebook, reranker: Reranker, most: int) -> tuple[Way, ...]:
    """The same with the learned score of the `most` best by fused rank; codes of one title share theirs."""
    groups = grouped(ways, codebook)
    asked = scored([members[0] for members in groups.values()][:most], codebook)
    scores = dict(zip(groups, reranker.scores(query, asked), strict=False))
    learned = {way.code: score for group, score in scores.items() for way in groups[group]}
    return tuple(sorted((_learned(way, learned.get(way.code)) for way in ways), key=_order))


def spread(ways: Sequence[Way], codebook: Codebook) -> tuple[Way, ...]:
    """The same with codes of a title that stood before moved back: the first of them fits the note best."""
    before: Counter[tuple[str, str]] = Counter()
    found: list[Way] = []
    for way in ways:
        group = title_group(way.code, codebook)
        loss = REPEATED * min(before[group], _MOST_REPEATED)
        found.append(way._replace(score=max(0.0, way.score - loss)) if loss else way)
        before[group] += 1
    return tuple(sorted(found, key=_order))


def grouped(ways: Iterable[Way], codebook: Codebook) -> dict[tuple[str, str], list[Way]]:
    """The ways of each title, best fused rank first: of the titles and of the ways of one."""
    groups: dict[tuple[str, str], list[Way]] = {}
    for way in sorted(ways, key=lambda way: (-way.fused, -way.score, way.code)):
        groups.setdefault(title_group(way.code, codebook), []).append(way)
    return groups


def scored(leaders: Iterable[Way], codebook: Codebook) -> list[ScoredWay]:
    """What the reranker is asked about, in order of fused rank: the first way of each title."""
    return [_scored(way, rank, codebook) for rank, way in enumerate(leaders, start=1)]


def _learned(way: Way, score: float | None) -> Way:
    """With its learned score, which moves the order; a dictionary term that fits keeps its place.

    What lay too deep to be asked about counts as unlikely, or it would pass everything that was asked about.
    """
    mixed = (1 - RERANKED_WEIGHT) * way.score + RERANKED_WEIGHT * (score or 0.0)
    return way._replace(reranked=score, score=max(mixed, way.dictionary))


def title_group(code: str, codebook: Codebook) -> tuple[str, str]:
    """What a code shares with those that differ by side or encounter alone: its category and its reduced title."""
    entry = codebook.entry(code)
    title = entry.title if entry else ""
    above = codebook.title(entry.parent) if entry and entry.parent and len(code) == _SEVENTH else ""
    return code[:3], _reduced(above if above and title.startswith(f"{above}, ") else title)


def _fused(by_code: Mapping[str, Sequence[Offer]]) -> dict[str, float]:
    """Rankings by nearness, by walk and by dictionary, fused."""
    best = {code: _best(found) for code, found in by_code.items()}
    lanes = [
        sorted((code for code in best if best[code][lane] > 0), key=lambda code: (-best[code][lane], code))
        for lane in range(3)
    ]
    return fuse(lanes, (NEAR_WEIGHT, WALK_WEIGHT, DICTIONARY_WEIGHT))


def _best(offers: Sequence[Offer]) -> tuple[float, float, float]:
    return max(o.near for o in offers), max(o.walk for o in offers), max(o.dictionary for o in offers)


def _way(code: str, offers: Sequence[Offer], fused: float) -> Way:
    first = max(offers, key=lambda offer: offer.score)
    walked = max(offers, key=lambda offer: offer.walk)
    return Way(
        code=code,
        surface=_spoken(first.index_path) or first.surface,
        score=first.score,
        origins=tuple(dict.fromkeys(offer.origin for offer in offers)),
        dense=max(offer.dense for offer in offers),
        sparse=max(offer.sparse for offer in offers),
        near=max(offer.near for offer in offers),
        walk=walked.walk,
        dictionary=max(offer.dictionary for offer in offers),
        fused=fused,
        reranked=None,
        index_path=walked.index_path,
    )


def _spoken(path: Sequence[str]) -> str:
    """A path as one wording: `Neoplasm, neoplastic`, `liver`, `malignant secondary`; from its last reference on."""
    begins = max((place for place, title in enumerate(path) if _REFERENCE.match(title)), default=0)
    return " ".join(_REFERENCE.sub("", title, count=1).split(",")[0] for title in path[begins:])


def _scored(way: Way, rank: int, codebook: Codebook) -> ScoredWay:
    above = (_reduced(entry.title) for entry in codebook.ancestors(way.code) if entry.kind in _BELOW_BLOCKS)
    return ScoredWay(
        code=way.code,
        title=codebook.title(way.code),
        surface=way.surface,
        dense=way.dense,
        sparse=way.sparse,
        fused_rank=rank,
        walk=1.0 if way.walk >= _EXACT_WALK else 0.0,
        dictionary=min(1.0, way.dictionary),
        above=" ".join(above),
    )


def _order(way: Way) -> tuple[float, float, str]:
    """What is too far to have a score is ordered by its fused rank."""
    return -way.score, -way.fused, way.code
