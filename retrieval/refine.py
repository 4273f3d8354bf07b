"""Siblings spelled out: a more specific code of the same category whose every added word the clause says.

`Complete nontraumatic rotator cuff tear` names more than `rotator cuff tear` does; the tabular list, not similarity,
says which code those words lead to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from medcoding.codebook import Codebook
from medcoding.mention import Axes
from retrieval.expand import NEUTRAL, SILENT, Wording, episode_fit, side_fit, wording
from retrieval.wording import SIDES

_RESIDUAL: Final = "other"
_UNSPECIFIED: Final = "unspecified"
_ORGANS_WITH_SIDES: Final = frozenset({"eye", "ear", "side", "limb", "extremity"})
_DENIALS: Final = frozenset({"without", "no", "not", "denies", "negative", "nor", "never"})
_DENIED_WORDS: Final = 2
_LARGEST_CATEGORY: Final = 400
_UNSPECIFIED_COST: Final = 0.5


def refine(code: str, codebook: Codebook, axes: Axes, context: Sequence[str]) -> str | None:
    """The sibling that the clause spells out better than the code itself, None when there is none.

    `context` holds the normal forms of the clause in order. Words of the code's own title count as said, because the
    term led there; not so where that title is an `unspecified` one.
    """
    own = wording(codebook.title(code))
    clause = Wording(affirmed(context), wording(" ".join(context)).denies)
    said = clause.says if _UNSPECIFIED in own.says else clause.says | own.says
    fits = {
        other: _fit(title.says, said) + side_fit(title.says, axes) + episode_fit(other, axes)
        for other in codebook.billable_under(code[:3])[:_LARGEST_CATEGORY]
        if _is_spelled_out(title := wording(codebook.title(other)), own, clause)
    }
    best = max(fits, key=lambda other: (fits[other], other), default=None)
    own_fit = _fit(own.says, said) + side_fit(own.says, axes) + episode_fit(code, axes)
    return best if best and fits[best] > own_fit else None


def affirmed(context: Sequence[str]) -> frozenset[str]:
    """The words of a clause without those that it denies (`without exacerbation`, `no bleeding`)."""
    reach = range(1, _DENIED_WORDS + 1)
    denied = {context[i + n] for i, w in enumerate(context) for n in reach if w in _DENIALS and i + n < len(context)}
    return frozenset(context) - denied


def _is_spelled_out(title: Wording, own: Wording, clause: Wording) -> bool:
    """True when the clause says, or denies, all that the title does beyond the code's own, and none is `other`."""
    added, denied = title.says - own.says, title.denies - own.denies
    tells_more = bool(_content(added) or denied)
    gives_up = _UNSPECIFIED in title.says and not _content(own.says) <= title.says
    said = _content(added) <= clause.says and bool(_content(title.says) & clause.says) and denied <= clause.denies
    return tells_more and said and not gives_up and not added & {_RESIDUAL, _UNSPECIFIED}


def _fit(words: frozenset[str], said: frozenset[str]) -> float:
    """Words of a title that are said, less those that are not."""
    content = _content(words)
    return len(content & said) - len(content - said) - _UNSPECIFIED_COST * (_UNSPECIFIED in words)


def _content(words: frozenset[str]) -> frozenset[str]:
    return words - NEUTRAL - SIDES - SILENT - _ORGANS_WITH_SIDES
