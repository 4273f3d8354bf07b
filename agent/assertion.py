"""Assertion: how the author stands to what is mentioned, from trigger phrases in the same sentence.

Rules in the manner of ConText (Harkema et al., J Biomed Inform 2009): a trigger reaches forwards or backwards over
words until a terminator or the end of its scope. The triggers are our own (`language/assertion.tsv`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.tables import rows
from medcoding.chart import Span
from medcoding.mention import Assertion

_WORD: Final = re.compile(r"[A-Za-z0-9]+(?:['’./&-][A-Za-z0-9]+)*|[^\w\s]")
_STRONGEST_FIRST: Final = (
    Assertion.FAMILY,
    Assertion.NEGATED,
    Assertion.HYPOTHETICAL,
    Assertion.POSSIBLE,
    Assertion.HISTORICAL,
)
_UNLIMITED: Final = 10_000


class Trigger(NamedTuple):
    """A phrase of the table: what it does, which way and how many words far."""

    effect: str
    direction: str
    scope: int


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


class AssertionRules:
    """The trigger table, ready to read sentences."""

    def __init__(self) -> None:
        self._triggers: dict[tuple[str, ...], Trigger] = {}
        self._prefixes: set[tuple[str, ...]] = set()
        for row in rows("assertion.tsv"):
            scope = int(row["scope"]) if row["scope"] else _UNLIMITED
            key = tuple(_words(row["phrase"]))
            self._triggers[key] = Trigger(row["effect"], row["direction"], scope)
            self._prefixes.update(key[:n] for n in range(1, len(key) + 1))

    def read(self, sentence: str) -> SentenceReader:
        """Find the cues of one sentence once, for all its mentions."""
        words = [(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(sentence)]
        return SentenceReader(sentence, words, list(self._cues(words)))

    def _cues(self, words: list[tuple[str, int, int]]) -> Iterator[Cue]:
        """Cues from left to right; the longest phrase wins and uses up its words."""
        position = 0
        while position < len(words):
            width, trigger = self._longest(words, position)
            if trigger and _goes_on(trigger, words, position, position + width):
                width, trigger = 1, None
            if trigger:
                span = Span(start=words[position][1], end=words[position + width - 1][2])
                yield Cue(trigger, position, position + width - 1, span)
            position += width

    def _longest(self, words: list[tuple[str, int, int]], first: int) -> tuple[int, Trigger | None]:
        best: tuple[int, Trigger | None] = (1, None)
        key: tuple[str, ...] = ()
        for position in range(first, len(words)):
            key = (*key, words[position][0])
            if key not in self._prefixes:
                break
            if key in self._triggers:
                best = (len(key), self._triggers[key])
        return best


class SentenceReader:
    """The cues of one sentence; asked once per mention."""

    def __init__(self, sentence: str, words: list[tuple[str, int, int]], cues: list[Cue]) -> None:
        self._sentence = sentence
        self._words = words
        self._cues = cues

    def assertion(self, start: int, end: int) -> Reading:
        """Reading of the mention at `sentence[start:end]`; present when no cue reaches it."""
        inside = [i for i, (_, s, e) in enumerate(self._words) if s < end and e > start]
        if not inside:
            return Reading(Assertion.PRESENT, None)
        reaching = [cue for cue in self._cues if self._reaches(cue, inside[0], inside[-1])]
        for assertion in _STRONGEST_FIRST:
            for cue in reaching:
                if cue.trigger.effect == assertion.value:
                    return Reading(assertion, cue.span.of(self._sentence))
        return Reading(Assertion.PRESENT, None)

    def _reaches(self, cue: Cue, first: int, last: int) -> bool:
        if cue.trigger.effect in {"pseudo", "terminator"}:
            return False
        ahead = cue.last < first and cue.trigger.direction in {"forward", "both"}
        behind = cue.first > last and cue.trigger.direction in {"backward", "both"}
        between = (cue.last, first) if ahead else (last, cue.first)
        in_scope = between[1] - between[0] <= cue.trigger.scope
        return (ahead or behind) and in_scope and not self._stopped(*between)

    def _stopped(self, left: int, right: int) -> bool:
        return any(c.trigger.effect == "terminator" and left < c.first and c.last < right for c in self._cues)


def _goes_on(trigger: Trigger, words: list[tuple[str, int, int]], first: int, after: int) -> bool:
    """`Fever: no` answers its label; in `GI: no nausea` the words behind the mark belong to what follows."""
    answers = trigger.effect == "negated" and trigger.direction == "backward" and not words[first][0][0].isalnum()
    return answers and after < len(words) and words[after][0][0].isalnum()


def _words(phrase: str) -> list[str]:
    return [m.group().lower() for m in _WORD.finditer(phrase)]
