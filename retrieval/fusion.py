"""Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), weighted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import repeat
from typing import Final, TypeVar

from retrieval.store import Hit

RANK_CONSTANT: Final = 60

ItemT = TypeVar("ItemT", bound=Hashable)


def fuse(rankings: Iterable[Sequence[ItemT]], weights: Iterable[float] | None = None) -> dict[ItemT, float]:
    """Score of each item over several rankings, best first within each; their order does not matter.

    `weights` are those of the rankings, in their order; all 1 where none are given.
    """
    votes: dict[ItemT, list[float]] = defaultdict(list)
    for ranking, weight in zip(rankings, repeat(1.0) if weights is None else weights, strict=False):
        for place, item in enumerate(ranking, start=1):
            votes[item].append(weight / (RANK_CONSTANT + place))
    return {item: sum(sorted(found)) for item, found in votes.items()}


def fused_hits(dense: Sequence[Hit], lexical: Sequence[Hit], limit: int) -> list[Hit]:
    """Hits of both searches by fused rank; the score kept is the cosine, 0 where only the lexical search found it."""
    scores = fuse([[h.id for h in dense], [h.id for h in lexical]])
    cosines = {h.id: h.score for h in dense}
    payloads = {h.id: h.payload for h in [*dense, *lexical]}
    order = sorted(scores, key=lambda item: (-scores[item], item))[:limit]
    return [Hit(item, cosines.get(item, 0.0), payloads[item]) for item in order]
