"""How near the surfaces that both searches found are to what was asked: one ranking of them.

The cosine decides; words of a title add to it. Measured on training wordings whose own concept was masked, against
reciprocal rank fusion of the same two searches: R@1 .225 to .191, R@10 .631 to .588, R@50 .791 to .771; with only the
wording itself masked R@1 .696 to .703, R@10 .922 to .918.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from retrieval.store import Hit

WORDS_WEIGHT: Final = 0.1
"""What all the words that the best title shares add to a cosine."""

_UNSEEN: Final = 0.98
"""A surface that only words found lies beyond the last cosine returned."""


class NearSurface(NamedTuple):
    """A wording that was found."""

    text: str
    codes: tuple[str, ...]
    kind: str
    near: float
    """What the ranking is by: 0 to a little above 1."""
    dense: float
    """Cosine; 0 where only words found it."""
    sparse: float
    """BM25 score as the store gives it; 0 where only the vector found it."""


def near_surfaces(dense: Sequence[Hit], lexical: Sequence[Hit], limit: int) -> tuple[NearSurface, ...]:
    """Surfaces of both searches, the nearest first; where two are alike, by id."""
    cosines = {hit.id: hit.score for hit in dense}
    words = {hit.id: hit.score for hit in lexical}
    most_words = max(words.values(), default=0.0) or 1.0
    unseen = _UNSEEN * min(cosines.values(), default=0.0)
    payloads = {hit.id: hit.payload for hit in (*dense, *lexical)}
    near = {
        number: cosines.get(number, unseen) + WORDS_WEIGHT * words.get(number, 0.0) / most_words for number in payloads
    }
    order = sorted(near, key=lambda number: (-near[number], number))[:limit]
    return tuple(_surface(payloads[n], near[n], cosines.get(n, 0.0), words.get(n, 0.0)) for n in order)


def _surface(payload: object, near: float, dense: float, sparse: float) -> NearSurface:
    fields = payload if isinstance(payload, dict) else {}
    codes = fields.get("codes", ())
    return NearSurface(
        text=str(fields.get("text", "")),
        codes=tuple(codes) if isinstance(codes, list) else (),
        kind=str(fields.get("kind", "")),
        near=near,
        dense=dense,
        sparse=sparse,
    )
