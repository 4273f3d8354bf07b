"""Stems and groups expanded to billable codes, the note's attributes choosing among siblings.

Every code of a group starts equal. A word of its title that the record says counts for it, one the record does not say
counts against it, and where the record is silent the code that says `unspecified` is the right one (guideline I.B.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from medcoding.codebook import Codebook
from medcoding.mention import Axes
from retrieval.wording import forms

_SIDES: Final = frozenset({"right", "left", "bilateral"})
_SILENT: Final = frozenset({"unspecified", "without", "uncomplicated", "nos"})
_NEUTRAL: Final = frozenset(
    (
        "with in and or to by for due other not elsewhere classified on at from as encounter initial "
        "subsequent sequela type disease disorder code condition specified following"
    ).split()
)
_RESIDUAL: Final = "other"
_DENIALS: Final = frozenset({"without", "no", "not", "denies", "negative", "nor", "never"})
_EPISODE_CHARACTERS: Final = {"initial": "A", "subsequent": "D", "sequela": "S"}
_SEVENTH: Final = 8
_LARGEST_GROUP: Final = 400

_SIDE_RIGHT, _SIDE_WRONG, _SIDE_OPEN = 3.0, -6.0, 1.5
_EPISODE_RIGHT, _EPISODE_WRONG = 2.0, -6.0
_WORD_SAID, _WORD_UNSAID, _SILENCE = 1.0, -0.8, 0.6


def expand(stems: Iterable[str], codebook: Codebook, axes: Axes, said: Sequence[str], limit: int) -> tuple[str, ...]:
    """Billable codes under the stems, those that fit the note's attributes first.

    `said` holds the normal forms of the words that belong to the mention. At most `limit` codes.
    """
    group = [code for stem in dict.fromkeys(stems) for code in codebook.billable_under(stem)][:_LARGEST_GROUP]
    if len(group) <= 1:
        return tuple(group)
    titles = {code: frozenset(_forms(codebook.title(code))) for code in group}
    shared = frozenset.intersection(*titles.values())
    words = frozenset(said) | frozenset(axes.qualifiers)
    fits = {code: _fit(code, titles[code] - shared, axes, words) for code in group}
    return tuple(sorted(group, key=lambda code: (-fits[code], code)))[:limit]


def refine(code: str, codebook: Codebook, axes: Axes, context: Sequence[str]) -> str | None:
    """A more specific code of the same category, when the mention's clause says every word that makes it so.

    `context` holds the normal forms of the clause in order. None when no sibling says more than the code itself.
    """
    said = _affirmed(context)
    own = frozenset(_forms(codebook.title(code)))
    best: tuple[float, str] | None = None
    for other in codebook.billable_under(code[:3])[:_LARGEST_GROUP]:
        words = frozenset(_forms(codebook.title(other)))
        added = words - own - _NEUTRAL - _SIDES - _SILENT
        if _RESIDUAL in words - own:
            continue
        if added and added <= said:
            fit = len(added) + _side_fit(frozenset(_forms(codebook.title(other))), axes) + _episode_fit(other, axes)
            best = max(best or (0.0, ""), (fit, other))
    return best[1] if best and best[1] and best[0] > 0 else None


def _affirmed(context: Sequence[str]) -> frozenset[str]:
    """The words of a clause without those that it denies (`without exacerbation`, `no bleeding`)."""
    denied = {
        context[i + step] for i, w in enumerate(context) for step in (1, 2) if w in _DENIALS and i + step < len(context)
    }
    return frozenset(context) - denied


def _fit(code: str, distinguishing: frozenset[str], axes: Axes, words: frozenset[str]) -> float:
    return _side_fit(distinguishing, axes) + _episode_fit(code, axes) + _word_fit(distinguishing, words)


def _side_fit(distinguishing: frozenset[str], axes: Axes) -> float:
    named = distinguishing & _SIDES
    if not named:
        return _SIDE_OPEN if axes.laterality is None and "unspecified" in distinguishing else 0.0
    if axes.laterality is None:
        return _SIDE_WRONG / 2
    return _SIDE_RIGHT if axes.laterality in named else _SIDE_WRONG


def _episode_fit(code: str, axes: Axes) -> float:
    """Seventh characters: A, D and S for the episode; the others only where the words call for them."""
    if len(code) != _SEVENTH:
        return 0.0
    wanted = _EPISODE_CHARACTERS[axes.episode or "initial"]
    return _EPISODE_RIGHT if code[-1] in {wanted, "0"} else _EPISODE_WRONG


def _word_fit(distinguishing: frozenset[str], words: frozenset[str]) -> float:
    content = distinguishing - _SIDES - _NEUTRAL
    said = len(content & words)
    silent = _SILENCE if content & _SILENT else 0.0
    unsaid = len(content - words - _SILENT)
    return _WORD_SAID * said + _WORD_UNSAID * unsaid + silent


@lru_cache(maxsize=16_384)
def _forms(title: str) -> tuple[str, ...]:
    return forms(title)
