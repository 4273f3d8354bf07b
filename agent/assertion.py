"""Assertion: how the author stands to what is mentioned, from trigger phrases in the same sentence.

Rules in the manner of ConText (Harkema et al., J Biomed Inform 2009): a trigger reaches forwards or backwards over
words until a terminator or the end of its scope (`agent.reach`). The triggers are our own (`language/assertion.tsv`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.cues import Cue, Trigger, Word
from agent.reach import SentenceReader
from agent.tables import rows
from medcoding.chart import Span

_WORD: Final = re.compile(r"[A-Za-z0-9]+(?:['’./&-][A-Za-z0-9]+)*|[^\w\s]")
_UNLIMITED: Final = 10_000
_GAP: Final = "..."
"""Between the two halves of a phrase of the table: up to six words may stand there (`considered … rejected`)."""

_LONGEST_GAP: Final = 6
_OVER_LISTS: Final = frozenset({"negated", "family", "hypothetical"})
"""Effects that go on over the commas of a list where the table does not say otherwise."""


class _Halves(NamedTuple):
    """A phrase in two halves."""

    head: tuple[str, ...]
    tail: tuple[str, ...]
    trigger: Trigger


class AssertionRules:
    """The trigger table, ready to read sentences."""

    def __init__(self) -> None:
        self._triggers: dict[tuple[str, ...], list[Trigger]] = {}
        self._prefixes: set[tuple[str, ...]] = set()
        self._halves: dict[str, list[_Halves]] = {}
        for row in rows("assertion.tsv"):
            for phrase in _spelled_out(row["phrase"]):
                self._take(phrase, _trigger(row))

    def _take(self, phrase: str, trigger: Trigger) -> None:
        head, _, tail = phrase.partition(f" {_GAP} ")
        key = tuple(_words(head))
        if tail:
            self._halves.setdefault(key[0], []).append(_Halves(key, tuple(_words(tail)), trigger))
            return
        self._triggers.setdefault(key, []).append(trigger)
        self._prefixes.update(key[:n] for n in range(1, len(key) + 1))

    def read(self, sentence: str) -> SentenceReader:
        """Find the cues of one sentence once, for all its mentions."""
        words = [Word(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(sentence)]
        return SentenceReader(sentence, words, [*self._cues(words), *self._parted(words)])

    def _cues(self, words: list[Word]) -> Iterator[Cue]:
        """Cues from left to right; the longest phrase wins and uses up its words."""
        position = 0
        while position < len(words):
            width, triggers = self._longest(words, position)
            if any(_goes_on(trigger, words, position, position + width) for trigger in triggers):
                width, triggers = 1, []
            for trigger in triggers:
                yield _cue(trigger, words, position, position + width - 1)
            position += width

    def _longest(self, words: list[Word], first: int) -> tuple[int, list[Trigger]]:
        best: tuple[int, list[Trigger]] = (1, [])
        key: tuple[str, ...] = ()
        for position in range(first, len(words)):
            key = (*key, words[position].text)
            if key not in self._prefixes:
                break
            if key in self._triggers:
                best = (len(key), self._triggers[key])
        return best

    def _parted(self, words: list[Word]) -> Iterator[Cue]:
        """Phrases in two halves: `considered and rejected`, `looked for, none`."""
        texts = tuple(word.text for word in words)
        for first, word in enumerate(texts):
            for halves in self._halves.get(word, ()):
                begins = first + len(halves.head)
                if texts[first:begins] != halves.head:
                    continue
                if (last := _found(halves.tail, texts, begins)) is not None:
                    yield _cue(halves.trigger, words, first, last)


def _found(tail: tuple[str, ...], texts: tuple[str, ...], begins: int) -> int | None:
    """Position of the last word of the second half, None where it does not follow within the gap."""
    for first in range(begins, min(begins + _LONGEST_GAP + 1, len(texts) - len(tail) + 1)):
        if texts[first : first + len(tail)] == tail:
            return first + len(tail) - 1
        if texts[first] in {";", "."}:
            return None
    return None


def _cue(trigger: Trigger, words: list[Word], first: int, last: int) -> Cue:
    return Cue(trigger, first, last, Span(start=words[first].start, end=words[last].end))


def _trigger(row: dict[str, str]) -> Trigger:
    effect = row["effect"]
    return Trigger(
        effect=effect,
        direction=row["direction"],
        scope=int(row["scope"]) if row["scope"] else _UNLIMITED,
        over_lists=row["over"] == "list" if row["over"] else effect in _OVER_LISTS,
        kinds=frozenset(filter(None, row["kinds"].split("|"))),
    )


def _goes_on(trigger: Trigger, words: list[Word], first: int, after: int) -> bool:
    """`Fever: no` answers its label; in `GI: no nausea` the words behind the mark belong to what follows."""
    answers = (
        trigger.effect in {"negated", "family"}
        and trigger.direction == "backward"
        and not words[first].text[0].isalnum()
    )
    return answers and after < len(words) and words[after].text[0].isalnum()


def _spelled_out(phrase: str) -> Iterator[str]:
    """Every wording of a phrase whose words hold alternatives: `mother|father reports|states`."""
    for words in itertools.product(*(part.split("|") for part in phrase.split())):
        yield " ".join(words)


def _words(phrase: str) -> list[str]:
    return [m.group().lower() for m in _WORD.finditer(phrase)]
