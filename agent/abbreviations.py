"""Abbreviations read in context: each becomes the words it stands for, over the same span of the text.

Which of several senses is meant is decided by cues: words beside the abbreviation count most, then those of its
sentence, the kind of section it stands in, and the rest of the document.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from agent.tables import rows
from medcoding.chart import SectionKind
from retrieval.wording import Token, tokens

_CHUNK: Final = re.compile(r"\S+")
_DRESS: Final = "()[]{}\"',;:.!?*|"
_LONGEST: Final = 3
_BESIDE_CHARACTERS: Final = 28
_BESIDE, _IN_SENTENCE, _IN_SECTION, _IN_NOTE = 3, 3, 4, 1
_SECTION_MARK: Final = "@"
"""A cue `@medications` speaks for a sense in that section."""

_ITSELF, _NUMBER = "_", "#"
"""In a cue `_` stands for the abbreviation and `#` for a number: `_ #`, `# _`."""


class Sense(NamedTuple):
    """One reading of an abbreviation and what speaks for it."""

    expansion: str
    cues: tuple[re.Pattern[str], ...]
    """Words near it, in its sentence or anywhere in the note."""
    around: tuple[re.Pattern[str], ...]
    """Patterns that hold the abbreviation itself."""
    sections: frozenset[SectionKind]


class Chunk(NamedTuple):
    """A run of characters between spaces, bare of punctuation."""

    text: str
    start: int
    end: int


class Expansion(NamedTuple):
    """Where an abbreviation stands and what it stands for."""

    start: int
    end: int
    words: str
    unclear: bool
    """True when it has several senses."""


class Abbreviations:
    """The table of abbreviations; `exact` ones are read only as written and never in a line of capitals."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Sense]] = defaultdict(list)
        self._any: dict[str, list[Sense]] = defaultdict(list)
        for row in rows("abbreviations.tsv"):
            table = self._exact if row["case"] == "exact" else self._any
            table[row["abbreviation"]].append(_sense(row))

    def expansions(self, sentence: str, note: str, section: SectionKind | None = None) -> tuple[Expansion, ...]:
        """The abbreviations of a sentence in order. `note` is the whole document in lower case."""
        chunks = list(_chunks(sentence))
        shouted = sentence.isupper() and len(chunks) > 2
        found: list[Expansion] = []
        position = 0
        while position < len(chunks):
            width, senses = self._longest(sentence, chunks[position : position + _LONGEST], shouted=shouted)
            if senses:
                start, end = chunks[position].start, chunks[position + width - 1].end
                best = senses[0] if len(senses) == 1 else _best(senses, sentence.lower(), (start, end), note, section)
                found.append(Expansion(start, end, best.expansion, len(senses) > 1))
            position += width
        return tuple(found)

    def tokens(self, sentence: str, note: str) -> list[Token]:
        """Words of a sentence in normal form with abbreviations expanded, each over the abbreviation's own span."""
        return expanded_tokens(sentence, self.expansions(sentence, note))

    def expand(self, phrase: str, note: str) -> str:
        """The phrase with its abbreviations written out."""
        return written_out(phrase, self.expansions(phrase, note))

    def ambiguous(self, sentence: str) -> frozenset[int]:
        """Where in a sentence abbreviations with more than one sense begin."""
        return frozenset(e.start for e in self.expansions(sentence, "") if e.unclear)

    def _longest(self, sentence: str, chunks: list[Chunk], *, shouted: bool) -> tuple[int, list[Sense]]:
        for width in range(len(chunks), 0, -1):
            written = sentence[chunks[0].start : chunks[width - 1].end]
            senses = [] if shouted else self._exact.get(written, [])
            senses = senses or self._any.get(" ".join(written.lower().split()), [])
            if senses:
                return width, senses
        return 1, []


def expanded_tokens(sentence: str, expansions: Sequence[Expansion]) -> list[Token]:
    """Words of a sentence in normal form, abbreviations written out over their own span."""
    found: list[Token] = []
    position = 0
    for start, end, words, _ in expansions:
        found += _shifted(sentence[position:start], position)
        found += [Token(t.form, start, end) for t in tokens(words)]
        position = end
    return found + _shifted(sentence[position:], position)


def written_out(phrase: str, expansions: Sequence[Expansion], offset: int = 0) -> str:
    """A stretch of the sentence, which begins at `offset`, with those abbreviations written out that lie inside."""
    parts: list[str] = []
    position = 0
    for start, end, words, _ in expansions:
        if offset + position <= start and end <= offset + len(phrase):
            parts += [phrase[position : start - offset], words]
            position = end - offset
    return "".join([*parts, phrase[position:]])


def _best(senses: list[Sense], sentence: str, span: tuple[int, int], note: str, section: SectionKind | None) -> Sense:
    """The sense that most speaks for; the default, which stands first, where nothing does."""
    near = sentence[max(0, span[0] - _BESIDE_CHARACTERS) : span[1] + _BESIDE_CHARACTERS]

    def weight(sense: Sense) -> int:
        told = sum(
            _BESIDE * bool(cue.search(near))
            + _IN_SENTENCE * bool(cue.search(sentence))
            + _IN_NOTE * bool(cue.search(note))
            for cue in sense.cues
        )
        beside = any(m.start() < span[1] and span[0] < m.end() for cue in sense.around for m in cue.finditer(sentence))
        return told + 3 * _BESIDE * beside + _IN_SECTION * (section in sense.sections)

    return max(senses, key=weight)


def _sense(row: dict[str, str]) -> Sense:
    cues = [cue for cue in row["cues"].split("|") if cue]
    marks = [cue for cue in cues if cue.startswith(_SECTION_MARK)]
    around = [cue for cue in cues if _ITSELF in cue and cue not in marks]
    return Sense(
        expansion=row["expansion"],
        cues=tuple(_whole_words(cue) for cue in cues if cue not in marks and cue not in around),
        around=tuple(_whole_words(cue, row["abbreviation"].lower()) for cue in around),
        sections=frozenset(SectionKind(mark.removeprefix(_SECTION_MARK)) for mark in marks),
    )


def _whole_words(cue: str, itself: str = "") -> re.Pattern[str]:
    pattern = (
        re.escape(cue).replace(re.escape(_NUMBER), r"\d+(?:\.\d+)?").replace(r"\ ", r"[\s:]{0,2}" if itself else r"\s")
    )
    return re.compile(rf"(?<!\w){pattern.replace(_ITSELF, re.escape(itself)) if itself else pattern}(?!\w)")


def _chunks(sentence: str) -> Iterator[Chunk]:
    for match in _CHUNK.finditer(sentence):
        text = match.group()
        start = match.start() + len(text) - len(text.lstrip(_DRESS))
        end = match.end() - (len(text) - len(text.rstrip(_DRESS)))
        if end > start:
            yield Chunk(sentence[start:end], start, end)


def _shifted(text: str, offset: int) -> list[Token]:
    return [Token(t.form, t.start + offset, t.end + offset) for t in tokens(text)]
