"""Axes read from a title: the side, the episode of care, the trimester, the fetus, and the words that are left.

What the words of a record are held against when it has to choose among sibling codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from medcoding.mention import Axes, Episode
from retrieval.likeness import implied, joined, roots
from retrieval.wording import SIDES, forms

Trimester = Literal["first", "second", "third"]
Phase = Literal["pregnancy", "childbirth", "puerperium"]

NEUTRAL: Final = frozenset(
    (
        "with in and or to by for due other not elsewhere classified on at from as encounter initial "
        "sequela type disease disorder code condition specified following"
    ).split()
)
"""Words of titles that say nothing a record would say."""

SILENT: Final = frozenset({"unspecified", "without", "uncomplicated", "nos"})
"""How a title says that the record says no more."""

_JOINING: Final = frozenset(
    "subsequent part region site organ both nec nos but against during associated affecting degree stage "
    "current presence any mention induced related side s".split()
)
_CONTENT_FREE: Final = roots(NEUTRAL | _JOINING) | NEUTRAL | _JOINING
_DENIAL: Final = re.compile(
    r"\bwithout\b((?:(?!\bwith\b)[^;])*?, (?:and|or)\b[^,;]*|(?:(?!\bwith\b)[^,;])*)|\bnot\b((?:(?!\bwith\b)[^,;])*)",
    re.IGNORECASE,
)
_EPISODE: Final = re.compile(r",? \b(initial|subsequent) encounter\b(?: for)?|,? (sequela)$", re.IGNORECASE)
_TRIMESTER: Final = re.compile(r",? \b(first|second|third|unspecified) trimester\b", re.IGNORECASE)
_PHASE: Final = re.compile(r",? \b(?:complicating|in) (?:the )?(pregnancy|childbirth|puerperium)\b", re.IGNORECASE)
_FETUS: Final = re.compile(
    r",? fetus (\d)$|,? (other) fetus$|,? not applicable or unspecified(?: fetus)?$", re.IGNORECASE
)
_OPEN_TYPE: Final = re.compile(r" type (i|1) or (ii|2)\b(?: or nos)?| NOS\b", re.IGNORECASE)
_LEFT_OPEN: Final = re.compile(
    r"\bunspecified (?:whether .*|severity|cause|nature|organism|duration|course|depth|extent)\b", re.IGNORECASE
)
_BRACKETS: Final = re.compile(r"[(\[][^)\]]*[)\]]")
_EITHER: Final = re.compile(r"\b([a-z-]{3,}) or ([a-z-]{3,})\b", re.IGNORECASE)
_PARTS_IN_ONE: Final = re.compile(
    r"\b(ankle|tibia|radius|hip|wrist|shoulder|hand|pelvis)"
    r" and (foot|fibula|ulna|thigh|hand|upper arm|finger|femur)s?\b",
    re.IGNORECASE,
)
"""Parts of the body of which one is enough: `and` in a title means either (guideline I.A.14)."""

_DOMINANT: Final = re.compile(r"\b(?:(right|left) )?(non-?)?dominant\b(?: side)?", re.IGNORECASE)
_WEEKS: Final = re.compile(r"(\d{1,2})w")
_ORDINALS: Final[dict[str, Trimester]] = {"first": "first", "second": "second", "third": "third"}
_ORDINALS_WRITTEN: Final[dict[str, Trimester]] = {"1st": "first", "2nd": "second", "3rd": "third"}
_SECOND_FROM, _THIRD_FROM = 14, 28
_TWINS: Final = {"a": "1", "b": "2", "c": "3", "1": "1", "2": "2", "3": "3", "one": "1", "two": "2"}
_ONE_SIDED: Final = "unilateral"
_CARRIES: Final = frozenset({"twin", "fetus", "baby", "triplet"})


class TitleAxes(NamedTuple):
    """A title taken apart. Words are roots."""

    says: frozenset[str]
    optional: frozenset[str]
    """Words in parentheses or brackets: said or not, the code is the same."""
    either: tuple[frozenset[str], ...]
    """Words joined by `or`: one of each is enough."""
    denies: frozenset[str]
    """Words under `without` or `not`, up to a comma or `with`."""
    sides: frozenset[str]
    one_sided: bool
    """`Unilateral`, whichever side it is."""
    episode: Episode | None
    trimester: str
    """`first`, `second`, `third`, `unspecified`; empty for a title without one."""
    fetus: str
    """The number of the fetus, `0` where the title leaves it open; empty for a title without one."""
    phase: str
    """`pregnancy`, `childbirth` or `puerperium`; empty for a title without one."""
    dominant: bool | None
    unspecified: bool


class Said(NamedTuple):
    """What a record says of one condition. Words are roots."""

    words: frozenset[str]
    implied: frozenset[str]
    denied: frozenset[str]
    axes: Axes
    trimester: Trimester | None = None
    fetus: str = ""
    phase: Phase | None = None
    dominant: bool | None = None


@lru_cache(maxsize=32_768)
def title_axes(title: str) -> TitleAxes:
    """Take a title apart."""
    episode, trimester, fetus = _EPISODE.search(title), _TRIMESTER.search(title), _FETUS.search(title)
    dominance, phase = _DOMINANT.search(title), _PHASE.search(title)
    rest = _DOMINANT.sub(r"\1", _LEFT_OPEN.sub("unspecified", title))
    for pattern in (_FETUS, _EPISODE, _TRIMESTER, _PHASE, _OPEN_TYPE):
        rest = pattern.sub("", rest)
    optional = roots(joined(forms(" ; ".join(_BRACKETS.findall(rest)))))
    rest = _BRACKETS.sub(" ", rest)
    denied = roots(word for run in _DENIAL.findall(rest) for word in forms(" ".join(run))) - SIDES
    words = roots(joined(forms(rest)))
    return TitleAxes(
        says=words - denied - SIDES - {_ONE_SIDED},
        optional=optional - words,
        either=tuple(
            roots(joined(forms(" ".join(pair)))) for pair in (*_EITHER.findall(rest), *_PARTS_IN_ONE.findall(rest))
        ),
        denies=denied - _CONTENT_FREE - SILENT,
        sides=words & SIDES,
        one_sided=_ONE_SIDED in words,
        episode=_episode(episode),
        trimester=trimester.group(1).lower() if trimester else "",
        fetus=(fetus.group(1) or fetus.group(2) or "0") if fetus else "",
        phase=phase.group(1).lower() if phase else "",
        dominant=None if dominance is None else not dominance.group(2),
        unspecified="unspecified" in words or bool(trimester and trimester.group(1).lower() == "unspecified"),
    )


def content(words: Iterable[str]) -> frozenset[str]:
    """The roots among those of a title that a record would have to say."""
    return frozenset(words) - _CONTENT_FREE - SIDES - SILENT


def said_in(words: Sequence[str], axes: Axes, denied: Iterable[str] = ()) -> Said:
    """What words in their normal forms, in order, say; `denied` are those the record denies."""
    spoken = (*joined(words), *axes.qualifiers)
    away = roots(denied)
    return Said(
        words=roots(spoken) - away,
        implied=implied((*words, *spoken)) - away,
        denied=away,
        axes=axes,
        trimester=trimester_in(spoken),
        fetus=_fetus_in(words),
        dominant=dominance_in(words, axes),
    )


def trimester_in(words: Sequence[str]) -> Trimester | None:
    """By the completed weeks (14 0/7 and 28 0/7 part the trimesters, chapter 15), else by name."""
    weeks = next((int(m.group(1)) for word in words if (m := _WEEKS.fullmatch(word))), None)
    if weeks is not None:
        return "first" if weeks < _SECOND_FROM else "second" if weeks < _THIRD_FROM else "third"
    ordinals = _ORDINALS | _ORDINALS_WRITTEN
    named = [ordinals[first] for first, then in pairwise(words) if then == "trimester" and first in ordinals]
    return named[0] if named else None


def dominance_in(words: Sequence[str], axes: Axes) -> bool | None:
    """Whether the side is the dominant one: as said, by the hand used, else right is and left is not (I.C.6.a)."""
    said = frozenset(words)
    if "nondominant" in said or {"non", "dominant"} <= said:
        return False
    if "dominant" in said or "ambidextrous" in said:
        return True
    handed = next((side for side, then in pairwise(words) if then in {"handed", "hander"}), None)
    if axes.laterality is None:
        return None
    return axes.laterality == (handed if handed in SIDES else "right")


def _episode(match: re.Match[str] | None) -> Episode | None:
    if match is None:
        return None
    named = (match.group(1) or match.group(2)).lower()
    return "initial" if named == "initial" else "subsequent" if named == "subsequent" else "sequela"


def _fetus_in(words: Sequence[str]) -> str:
    """`Twin B`, `fetus 2`."""
    named = [_TWINS[then] for first, then in pairwise(words) if first in _CARRIES and then in _TWINS]
    return named[0] if named else ""
