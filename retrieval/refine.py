"""Siblings spelled out: a more specific code of the same category whose every added word the clause says.

`Complete nontraumatic rotator cuff tear` names more than `rotator cuff tear` does; the tabular list, not similarity,
says which code those words lead to.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from medcoding.codebook import Codebook
from medcoding.mention import Axes
from retrieval.expand import NEUTRAL, SIDES, SILENT, episode_fit, side_fit
from retrieval.wording import forms

_RESIDUAL: Final = "other"
_DENIALS: Final = frozenset({"without", "no", "not", "denies", "negative", "nor", "never"})
_DENIED_WORDS: Final = 2
_LARGEST_CATEGORY: Final = 400
_WORD_LOST: Final = 1.5


def refine(code: str, codebook: Codebook, axes: Axes, context: Sequence[str]) -> str | None:
    """The sibling that the clause spells out best, None when no sibling says more than the code itself.

    `context` holds the normal forms of the clause in order.
    """
    said = _affirmed(context)
    own = _words(codebook.title(code))
    gains = {
        other: _gain(words, own, said) + side_fit(words, axes) + episode_fit(other, axes)
        for other in codebook.billable_under(code[:3])[:_LARGEST_CATEGORY]
        if _is_spelled_out(words := _words(codebook.title(other)), own, said)
    }
    best = max(gains, key=lambda other: (gains[other], other), default=None)
    return best if best and gains[best] > 0 else None


def _is_spelled_out(words: frozenset[str], own: frozenset[str], said: frozenset[str]) -> bool:
    """True when a title adds words to the code's own, the clause says each of them, and none is a mere `other`."""
    added = _content(words - own)
    return bool(added) and added <= said and _RESIDUAL not in words - own


def _gain(words: frozenset[str], own: frozenset[str], said: frozenset[str]) -> float:
    """Words won less words lost: giving up what the term itself says costs more than a new word brings."""
    return len(_content(words - own)) - _WORD_LOST * len(_content(own - words) & said)


def _affirmed(context: Sequence[str]) -> frozenset[str]:
    """The words of a clause without those that it denies (`without exacerbation`, `no bleeding`)."""
    reach = range(1, _DENIED_WORDS + 1)
    denied = {context[i + n] for i, w in enumerate(context) for n in reach if w in _DENIALS and i + n < len(context)}
    return frozenset(context) - denied


def _content(words: frozenset[str]) -> frozenset[str]:
    return words - NEUTRAL - SIDES - SILENT


@lru_cache(maxsize=16_384)
def _words(title: str) -> frozenset[str]:
    return frozenset(forms(title))
