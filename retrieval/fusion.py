"""Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from retrieval.store import Hit

RANK_CONSTANT: Final = 60


def fuse(rankings: Iterable[Sequence[int]]) -> dict[int, float]:
    """Score of each id over several rankings, best first within each; the order of the rankings does not matter."""
    places: dict[int, list[int]] = defaultdict(list)
    for ranking in rankings:
        for place, item in enumerate(ranking, start=1):
            places[item].append(place)
    return {item: sum(1 / (RANK_CONSTANT + p) for p in sorted(found)) for item, found in places.items()}


def fused_hits(dense: Sequence[Hit], lexical: Sequence[Hit], limit: int) -> list[Hit]:
    """Hits of both searches by fused rank; the score kept is the cosine, 0 where only the lexical search found it."""
    scores = fuse([[h.id for h in dense], [h.id for h in lexical]])
    cosines = {h.id: h.score for h in dense}
    payloads = {h.id: h.payload for h in [*dense, *lexical]}
    order = sorted(scores, key=lambda item: (-scores[item], item))[:limit]
    return [Hit(item, cosines.get(item, 0.0), payloads[item]) for item in order]
