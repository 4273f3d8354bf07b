"""Abbreviations read in context: each becomes the words it stands for, over the same span of the text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.tables import rows
from retrieval.wording import Token, tokens

_CHUNK: Final = re.compile(r"\S+")
_DRESS: Final = "()[]{}\"',;:.!?*"
_LONGEST: Final = 3
_SENTENCE_WEIGHT: Final = 3


class Sense(NamedTuple):
    """One reading of an abbreviation and the words that speak for it."""

    expansion: str
    cues: tuple[re.Pattern[str], ...]


class Chunk(NamedTuple):
    """A run of characters between spaces, bare of punctuation."""

    text: str
    start: int
    end: int


class Abbreviations:
    """The table of abbreviations; `exact` ones are read only as written and never in a line of capitals."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Sense]] = defaultdict(list)
        self._any: dict[str, list[Sense]] = defaultdict(list)
        for row in rows("abbreviations.tsv"):
            table = self._exact if row["case"] == "exact" else self._any
            cues = tuple(_whole_words(cue) for cue in row["cues"].split("|") if cue)
            table[row["abbreviation"]].append(Sense(row["expansion"], cues))

    def tokens(self, sentence: str, note: str) -> list[Token]:
        """Words of a sentence in normal form with abbreviations expanded.

        Words of an expansion all carry the abbreviation's own span. `note` is the whole document in lower case.
        """
        found: list[Token] = []
        position = 0
        for chunk, expansion in self._expansions(sentence, note):
            found += _shifted(sentence[position : chunk.start], position)
            found += [Token(t.form, chunk.start, chunk.end) for t in tokens(expansion)]
            position = chunk.end
        return found + _shifted(sentence[position:], position)

    def ambiguous(self, sentence: str) -> frozenset[int]:
        """Where in a sentence abbreviations with more than one sense begin."""
        return frozenset(
            chunk.start
            for chunk in _chunks(sentence)
            if len(self._exact.get(chunk.text, self._any.get(chunk.text.lower(), []))) > 1
        )

    def expand(self, phrase: str, note: str) -> str:
        """The phrase with its abbreviations written out."""
        parts: list[str] = []
        position = 0
        for chunk, expansion in self._expansions(phrase, note):
            parts += [phrase[position : chunk.start], expansion]
            position = chunk.end
        return "".join([*parts, phrase[position:]])

    def _expansions(self, sentence: str, note: str) -> Iterator[tuple[Chunk, str]]:
        chunks = list(_chunks(sentence))
        shouted = sentence.isupper() and len(chunks) > 2
        position = 0
        while position < len(chunks):
            width, senses = self._longest(sentence, chunks[position : position + _LONGEST], shouted=shouted)
            if senses:
                whole = Chunk("", chunks[position].start, chunks[position + width - 1].end)
                yield whole, _best(senses, sentence.lower(), note).expansion
            position += width

    def _longest(self, sentence: str, chunks: list[Chunk], *, shouted: bool) -> tuple[int, list[Sense]]:
        for width in range(len(chunks), 0, -1):
            written = sentence[chunks[0].start : chunks[width - 1].end]
            senses = [] if shouted else self._exact.get(written, [])
            senses = senses or self._any.get(" ".join(written.lower().split()), [])
            if senses:
                return width, senses
        return 1, []


def _best(senses: list[Sense], sentence: str, note: str) -> Sense:
    """The sense with the most cues about it, those in the same sentence first; the default otherwise."""

    def weight(sense: Sense) -> int:
        return sum(_SENTENCE_WEIGHT * bool(cue.search(sentence)) + bool(cue.search(note)) for cue in sense.cues)

    return max(senses, key=weight)


def _whole_words(cue: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(cue)}(?!\w)")


def _chunks(sentence: str) -> Iterator[Chunk]:
    for match in _CHUNK.finditer(sentence):
        text = match.group()
        start = match.start() + len(text) - len(text.lstrip(_DRESS))
        end = match.end() - (len(text) - len(text.rstrip(_DRESS)))
        if end > start:
            yield Chunk(sentence[start:end], start, end)


def _shifted(text: str, offset: int) -> list[Token]:
    return [Token(t.form, t.start + offset, t.end + offset) for t in tokens(text)]
