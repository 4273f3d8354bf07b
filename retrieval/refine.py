"""Siblings spelled out: a more specific code of the same category whose every added word the record says.

`Complete nontraumatic rotator cuff tear` names more than `rotator cuff tear` does; the tabular list, not similarity,
says which code those words lead to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from medcoding.codebook import Codebook
from medcoding.mention import Axes
from retrieval.expand import axes_fit, spared
from retrieval.likeness import roots
from retrieval.title_axes import Said, TitleAxes, content, said_in, title_axes

_RESIDUAL: Final = "other"
_DENIALS: Final = frozenset({"without", "no", "not", "denies", "negative", "nor", "never"})
_DOUBTS: Final = frozenset({"likely", "possible", "probable", "suspected"})
"""What is only suspected spells out no code, unless the setting codes it as if established (guidelines II.H, IV.H)."""

_DENIED_BEFORE: Final = frozenset({"absent", "none", "excluded", "denied"})
_DENIED_WORDS: Final = 2
_ORGANS_WITH_SIDES: Final = roots(("eye", "ear", "side", "limb"))
_SITE_UNKNOWN: Final = "C80"
_PRIMARY_SITES: Final = ("C0", "C1", "C2", "C3", "C4", "C5", "C6", "C70", "C71", "C72", "C73", "C74", "C75")
"""Solid tumours that the book tells apart by their site alone (chapter 2)."""

_OF_SOME_CAUSE: Final = roots(("primary", "secondary"))
"""What a title that names the cause need not say again: `secondary hypertension`, `hypertension due to …`."""

_DEFAULTS: Final = dict.fromkeys(("M15", "M16", "M17", "M18", "M19"), roots(("primary",)))
"""What a category takes a condition for: the Alphabetic Index leads `osteoarthritis` of a joint to the primary one."""

_SAID, _IMPLIED, _UNSAID = 1.0, 0.4, -1.0
_UNSPECIFIED_COST: Final = 0.5
_RESIDUAL_COST: Final = 1.5


def refine(
    code: str, codebook: Codebook, axes: Axes, context: Sequence[str], *, doubts_count: bool = False
) -> str | None:
    """The sibling that the clause spells out better than the code itself, None when there is none.

    `context` holds the normal forms of the clause in order. Words of the code's own title count as said, because the
    term led there; what is only suspected counts where the mention itself is only suspected.
    """
    own_axes = axes.model_copy(update={"qualifiers": ()})
    denied = frozenset(context) - affirmed(context, doubts_count=doubts_count)
    return spelled_out(code, codebook, said_in(context, own_axes, denied))


def spelled_out(code: str, codebook: Codebook, record: Said) -> str | None:
    """The sibling that the record spells out better than the code itself, None when there is none."""
    own = title_axes(codebook.title(code))
    known = record._replace(words=record.words | (content(own.says) - record.denied))
    taken = record._replace(implied=record.implied | _DEFAULTS.get(code[:3], frozenset()))
    fits = {
        other: _fit(other, title, known)
        for other, title in _category(codebook, code[:3])
        if other != code and _is_spelled_out(title, own, taken)
    }
    best = max(fits, key=lambda other: (fits[other], other), default=None)
    return best if best and fits[best] > _fit(code, own, known) else None


class Missing(NamedTuple):
    """A sibling that says more than the record says of the condition itself."""

    code: str
    words: frozenset[str]
    """Roots that something else in the record would have to say."""
    fit: float


def nearly_spelled_out(code: str, codebook: Codebook, record: Said) -> tuple[Missing, ...]:
    """Siblings that keep all that the code says and add words of their own, some of them not said of the condition."""
    own = title_axes(codebook.title(code))
    kept = content(own.says) - _OF_SOME_CAUSE
    found = []
    for other, title in _category(codebook, code[:3]):
        words = content(title.says) - kept - spared(title, record)
        missing = words - record.words - record.implied
        said = record._replace(words=record.words | words, denied=record.denied | title.denies)
        if missing and kept <= title.says | title.optional and _is_spelled_out(title, own, said):
            found.append(Missing(other, missing, _fit(other, title, said._replace(words=said.words | kept))))
    return tuple(found)


def affirmed(context: Sequence[str], *, doubts_count: bool = False) -> frozenset[str]:
    """The words of a clause without those that it denies (`without exacerbation`, `no bleeding`, `fever absent`).

    What it only suspects is affirmed where doubts count.
    """
    cues = _DENIALS if doubts_count else _DENIALS | _DOUBTS
    denied: set[str] = set()
    for place, word in enumerate(context):
        if word in cues:
            denied.update(context[place + 1 : place + 1 + _reach(context, place)])
        if word in _DENIED_BEFORE or (word == "not" and context[place + 1 : place + 2] == ("present",)):
            denied.update(context[max(0, place - _DENIED_WORDS) : place])
    return frozenset(context) - denied


def _reach(context: Sequence[str], place: int) -> int:
    """How many words behind a denial it speaks of: two, and two more for each `or` right behind them."""
    reach = _DENIED_WORDS
    while "or" in context[place + reach : place + reach + 2]:
        reach += _DENIED_WORDS
    return reach


class _Sibling(NamedTuple):
    code: str
    title: TitleAxes


@lru_cache(maxsize=2_048)
def _category(codebook: Codebook, category: str) -> tuple[_Sibling, ...]:
    """The codes of a category; of a cancer without a site, all primary sites."""
    if category == _SITE_UNKNOWN:
        titles = ((code, title) for code, title in codebook.billable_titles() if code.startswith(_PRIMARY_SITES))
        return tuple(_Sibling(code, title_axes(title)) for code, title in titles)
    return tuple(_Sibling(code, title_axes(codebook.title(code))) for code in codebook.billable_under(category))


def _is_spelled_out(title: TitleAxes, own: TitleAxes, record: Said) -> bool:
    """True when the record says, or denies, all that the title does beyond the code's own, and none is `other`."""
    added = content(title.says - own.says)
    denied = title.denies - own.denies
    known = record.words | record.implied
    if _RESIDUAL in title.says - own.says or title.denies & record.words:
        return False
    if not (added - spared(title, record) <= known and denied <= record.denied):
        return False
    if title.unspecified and not own.unspecified:
        return False
    return bool(added or denied or any(_settled(title, own, record)))


def _settled(title: TitleAxes, own: TitleAxes, record: Said) -> Iterator[bool]:
    """Axes that the code leaves open, and that the title says as the record does."""
    yield bool(title.sides) and not own.sides and record.axes.laterality in title.sides
    yield bool(own.trimester and record.trimester) and own.trimester != title.trimester == record.trimester
    yield bool(record.phase) and own.phase != title.phase == record.phase
    yield own.fetus == "0" and bool(record.fetus) and title.fetus == record.fetus
    yield own.episode != title.episode
    yield own.dominant is not None and own.dominant != title.dominant and own.sides == title.sides


def _fit(code: str, title: TitleAxes, known: Said) -> float:
    """Words of a title that are said, less those that are not, with the agreement of its axes."""
    words = content(title.says) - _ORGANS_WITH_SIDES - spared(title, known)
    said = len(words & known.words) + len(title.optional & known.words)
    implied = len(words & known.implied - known.words)
    unsaid = len(words - known.words - known.implied)
    cost = _UNSPECIFIED_COST * title.unspecified + _RESIDUAL_COST * (_RESIDUAL in title.says)
    return _SAID * said + _IMPLIED * implied + _UNSAID * unsaid - cost + axes_fit(code, title, known)
