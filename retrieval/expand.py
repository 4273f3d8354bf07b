"""Stems and groups expanded to billable codes, the note's attributes choosing among siblings.

Every code of a group starts equal. A word of its title that the record says counts for it, one the record does not say
counts against it, and where the record is silent the code that says `unspecified` is the right one (guideline I.B.18).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final, NamedTuple

from medcoding.codebook import Codebook
from medcoding.mention import Axes
from retrieval.wording import SIDES, forms

SILENT: Final = frozenset({"unspecified", "without", "uncomplicated", "nos"})
NEUTRAL: Final = frozenset(
    (
        "with in and or to by for due other not elsewhere classified on at from as encounter initial "
        "sequela type disease disorder code condition specified following"
    ).split()
)
_FRACTURE_DEFAULTS: Final = frozenset({"displaced", "closed"})
"""What a fracture is taken for where the record does not say (guideline I.C.19.c)."""

_DENIAL: Final = re.compile(r"\bwithout\b((?:(?!\bwith\b)[^;])*)|\bnot\b((?:(?!\bwith\b)[^,;])*)", re.IGNORECASE)
_EPISODE_CHARACTERS: Final = {"initial": "A", "subsequent": "D", "sequela": "S"}
_EPISODE_CATEGORIES: Final = ("S", "T", "M48.4", "M48.5", "M80", "M84", "V", "W", "X", "Y")
"""Where the seventh character is the episode of care; elsewhere it is a stage, a fetus or a side."""

_SEVENTH: Final = 8
_LARGEST_GROUP: Final = 400

_SIDE_RIGHT, _SIDE_WRONG, _SIDE_OPEN = 3.0, -6.0, 1.5
_EPISODE_RIGHT, _EPISODE_WRONG = 2.0, -6.0
_WORD_SAID, _WORD_UNSAID, _SILENCE = 1.0, -0.8, 0.6


class Wording(NamedTuple):
    """Normal forms of what is said and of what is denied: words under `without` or `not`, up to a comma or `with`."""

    says: frozenset[str]
    denies: frozenset[str]


def expand(stems: Iterable[str], codebook: Codebook, axes: Axes, said: Sequence[str], limit: int) -> tuple[str, ...]:
    """Billable codes under the stems, those that fit the note's attributes first.

    `said` holds the normal forms of the words that belong to the mention. At most `limit` codes.
    """
    group = [code for stem in dict.fromkeys(stems) for code in codebook.billable_under(stem)][:_LARGEST_GROUP]
    if len(group) <= 1:
        return tuple(group)
    titles = {code: wording(codebook.title(code)) for code in group}
    record = wording(" ".join(said))
    record = record._replace(says=record.says | frozenset(axes.qualifiers))
    distinct = _distinct(titles)
    fits = {code: _fit(code, distinct[code], axes, record) for code in group}
    if axes.laterality is None:
        sided = {title.says - SIDES for title in titles.values() if title.says & SIDES}
        fits = {code: fit + _SIDE_OPEN * _leaves_side_open(titles[code].says, sided) for code, fit in fits.items()}
    return tuple(sorted(group, key=lambda code: (-fits[code], code)))[:limit]


def _distinct(titles: dict[str, Wording]) -> dict[str, Wording]:
    """The titles without what all of them say or all of them deny."""
    says = frozenset.intersection(*(title.says for title in titles.values()))
    denies = frozenset.intersection(*(title.denies for title in titles.values()))
    return {code: Wording(title.says - says, title.denies - denies) for code, title in titles.items()}


def _fit(code: str, title: Wording, axes: Axes, record: Wording) -> float:
    return side_fit(title.says, axes) + episode_fit(code, axes) + _word_fit(title, record)


def side_fit(distinguishing: frozenset[str], axes: Axes) -> float:
    """How a title's side agrees with the mention's; 0 for a title without one."""
    named = distinguishing & SIDES
    if not named:
        return 0.0
    if axes.laterality is None:
        return _SIDE_WRONG / 2
    return _SIDE_RIGHT if axes.laterality in named else _SIDE_WRONG


def _leaves_side_open(title: frozenset[str], sided: AbstractSet[frozenset[str]]) -> bool:
    """True for `… of unspecified knee` beside `… of right knee`; `unspecified` may also speak of something else."""
    return "unspecified" in title and (title in sided or title - {"unspecified"} in sided)


def episode_fit(code: str, axes: Axes) -> float:
    """Seventh characters: A, D and S for the episode; the others only where the words call for them."""
    if len(code) != _SEVENTH or not code.startswith(_EPISODE_CATEGORIES):
        return 0.0
    wanted = _EPISODE_CHARACTERS[axes.episode or "initial"]
    return _EPISODE_RIGHT if code[-1] in {wanted, "0"} else _EPISODE_WRONG


def _word_fit(title: Wording, record: Wording) -> float:
    """What a code denies needs no word in the record (`without status migrainosus`), and one speaks against it."""
    content = title.says - SIDES - NEUTRAL - (_FRACTURE_DEFAULTS - record.says)
    said = len(content & record.says) + len(title.denies & record.denies)
    silent = _SILENCE if content & SILENT else 0.0
    unsaid = len(content - record.says - SILENT) + len(title.denies & record.says)
    return _WORD_SAID * said + _WORD_UNSAID * unsaid + silent


@lru_cache(maxsize=16_384)
def wording(text: str) -> Wording:
    """What a title or a clause says and what it denies."""
    denied = frozenset(word for run in _DENIAL.findall(text) for word in forms(" ".join(run))) - SIDES
    return Wording(frozenset(forms(text)) - denied, denied)
