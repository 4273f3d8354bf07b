"""Cues: the words that say how an author stands to what is mentioned, as records."""

from __future__ import annotations

from typing import NamedTuple

from medcoding.chart import Span
from medcoding.mention import Assertion


class Word(NamedTuple):
    """A word or mark of a sentence in lower case."""

    text: str
    start: int
    end: int


class Trigger(NamedTuple):
    """A phrase of the table: what it does, which way and how far."""

    effect: str
    """An assertion, `pseudo` (says nothing) or `terminator` (ends the reach of others)."""
    direction: str
    """`forward`; `backward`; `both`; `closing`: backward where nothing of its item follows (`UTI likely`, but not
    `UTI, likely viral`); `across`: backward over everything before it (`… this was ruled out`)."""
    scope: int
    """Most words between it and the mention."""
    over_lists: bool
    """True when it goes on over the commas of a list."""
    kinds: frozenset[str]
    """Kinds of mention it speaks of; empty for all."""


class Cue(NamedTuple):
    """A trigger found in a sentence: word positions first to last, its characters, what it does."""

    trigger: Trigger
    first: int
    last: int
    span: Span


class Reading(NamedTuple):
    """The assertion of one mention and the words that decided it."""

    assertion: Assertion
    cue: str | None
    of_family: bool = False
    """True when the words speak of a relative, whatever they say."""
