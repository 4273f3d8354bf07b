"""Stems and groups expanded to billable codes, the note's attributes choosing among siblings.

Every code of a group starts equal. A word of its title that the record says counts for it, one the record does not say
counts against it, and where the record is silent the code that says `unspecified` is the right one (guideline I.B.18).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from medcoding.codebook import Codebook
from medcoding.mention import Axes, Episode
from retrieval.title_axes import NEUTRAL, SILENT, Said, TitleAxes, content, said_in, title_axes
from retrieval.wording import SIDES, forms

__all__ = ["NEUTRAL", "SILENT", "Wording", "axes_fit", "expand", "wording"]

_FRACTURE_DEFAULTS: Final = frozenset({"displac", "clos", "routin", "heal"})
"""Roots of what a fracture is taken for where the record does not say (guideline I.C.19.c)."""

_AFTER_THE_FIRST: Final = frozenset({"nonunion", "malunion"})
"""Roots of what only a later encounter for a fracture finds."""

_DENIAL: Final = re.compile(r"\bwithout\b((?:(?!\bwith\b)[^;])*)|\bnot\b((?:(?!\bwith\b)[^,;])*)", re.IGNORECASE)
_COMPLICATIONS: Final = tuple(f"T8{n}" for n in range(9))
"""Complications of care: the episode is that of their own treatment, not of the operation (guideline I.C.19.a)."""

_LARGEST_GROUP: Final = 400
_SIDE_RIGHT, _SIDE_WRONG, _SIDE_OPEN = 3.0, -6.0, 1.5
_AXIS_RIGHT, _AXIS_WRONG, _AXIS_OPEN = 2.0, -6.0, 0.3
_WORD_SAID, _WORD_IMPLIED, _WORD_UNSAID, _SILENCE = 1.0, 0.4, -0.8, 0.6


class Wording(NamedTuple):
    """Normal forms of what is said and of what is denied: words under `without` or `not`, up to a comma or `with`."""

    says: frozenset[str]
    denies: frozenset[str]


def expand(stems: Iterable[str], codebook: Codebook, axes: Axes, said: Sequence[str], limit: int) -> tuple[str, ...]:
    """Billable codes under the stems, those that fit the note's attributes first.

    `said` holds the normal forms of the words that belong to the mention, in order. At most `limit` codes.
    """
    group = sorted({code for stem in dict.fromkeys(stems) for code in codebook.billable_under(stem)})[:_LARGEST_GROUP]
    if len(group) <= 1:
        return tuple(group)
    record = said_in(said, axes, wording(" ".join(said)).denies)
    return fitting(group, codebook, record)[:limit]


def fitting(group: Sequence[str], codebook: Codebook, record: Said) -> tuple[str, ...]:
    """The codes of a group in the order in which they fit what a record says."""
    titles = {code: title_axes(codebook.title(code)) for code in group}
    fits = {code: axes_fit(code, title, record) for code, title in titles.items()}
    says = frozenset.intersection(*(title.says for title in titles.values())) if titles else frozenset()
    denies = frozenset.intersection(*(title.denies for title in titles.values())) if titles else frozenset()
    for code, title in titles.items():
        fits[code] += _word_fit(title._replace(says=title.says - says, denies=title.denies - denies), record)
    if record.axes.laterality is None:
        sided = {title.says for title in titles.values() if title.sides}
        fits = {code: fit + _SIDE_OPEN * _leaves_side_open(titles[code], sided) for code, fit in fits.items()}
    return tuple(sorted(group, key=lambda code: (-fits[code], code)))


def axes_fit(code: str, title: TitleAxes, record: Said) -> float:
    """How side, dominance, episode, trimester and fetus of a title agree with the record's; 0 without any."""
    return (
        _side_fit(title, record)
        + _episode_fit(code, title, record)
        + _named_fit(title.trimester, record.trimester or "", "unspecified")
        + _named_fit(title.fetus, record.fetus, "0")
        + _phase_fit(title, record)
    )


def _side_fit(title: TitleAxes, record: Said) -> float:
    side = record.axes.laterality
    if title.one_sided and side:
        return _SIDE_WRONG if side == "bilateral" else _AXIS_OPEN + _side_fit(title._replace(one_sided=False), record)
    if not title.sides:
        return 0.0
    if side is None:
        return _SIDE_WRONG / 2
    dominance = 0.0 if title.dominant is None else _AXIS_OPEN if title.dominant == record.dominant else -_AXIS_OPEN
    return (_SIDE_RIGHT if side in title.sides else _SIDE_WRONG) + dominance


def _leaves_side_open(title: TitleAxes, sided: set[frozenset[str]]) -> bool:
    """True for `… of unspecified knee` beside `… of right knee`; `unspecified` may also speak of something else."""
    return title.unspecified and (title.says in sided or title.says - {"unspecified"} in sided)


def _episode_fit(code: str, title: TitleAxes, record: Said) -> float:
    """The episode of care that the seventh character says, whichever letter says it."""
    if title.episode is None:
        return 0.0
    return _AXIS_RIGHT if title.episode == _episode(code, title, record) else _AXIS_WRONG


def _episode(code: str, title: TitleAxes, record: Said) -> Episode:
    """A fracture that does not unite is past its first treatment; a complication is under treatment when it is seen."""
    said = record.axes.episode or "initial"
    if said == "initial":
        return "subsequent" if "fractur" in title.says and _AFTER_THE_FIRST & record.words else said
    healing = said == "sequela" or code[0] not in "T" or not code.startswith(_COMPLICATIONS)
    return said if healing else "initial"


def _named_fit(named: str, said: str, left_open: str) -> float:
    if not named:
        return 0.0
    if named == left_open:
        return _AXIS_OPEN
    return _AXIS_RIGHT if named == said else _AXIS_WRONG


def _phase_fit(title: TitleAxes, record: Said) -> float:
    """A condition of the pregnancy at the stay of the birth complicates the birth where a code says so (I.C.15.a.3)."""
    if record.phase is None or not title.phase:
        return 0.0
    return _SIDE_RIGHT if title.phase == record.phase else _AXIS_WRONG


def _word_fit(title: TitleAxes, record: Said) -> float:
    """What a code denies needs no word in the record (`without status migrainosus`), and one speaks against it."""
    words = content(title.says) - (_FRACTURE_DEFAULTS - record.words) - spared(title, record)
    said = len(words & record.words) + len(title.denies & record.denied) + len(title.optional & record.words)
    hinted = len(words & record.implied - record.words)
    silent = _SILENCE if title.says & SILENT else 0.0
    unsaid = len(words - record.words - record.implied) + len(title.denies & record.words)
    return _WORD_SAID * said + _WORD_IMPLIED * hinted + _WORD_UNSAID * unsaid + silent


def spared(title: TitleAxes, record: Said) -> frozenset[str]:
    """Words that need not be said because the other one of an `or` is."""
    known = record.words | record.implied
    return frozenset().union(*(pair - known for pair in title.either if pair & known))


@lru_cache(maxsize=16_384)
def wording(text: str) -> Wording:
    """What a title or a clause says and what it denies."""
    denied = frozenset(word for run in _DENIAL.findall(text) for word in forms(" ".join(run))) - SIDES
    return Wording(frozenset(forms(text)) - denied, denied)
