"""How many instructional notes were read: the share of lines whose codes became targets, for each kind.

Counted with eyes of their own: a line names a code when it holds anything shaped like one that the book knows, a
chapter, or a digit in parentheses. It is read when each such code is the end of a target and each target leads to a
billable code of the same edition.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from index_build.readers.note_targets import codes_outside_brackets_describe
from medcoding.codebook import CodebookEntry
from medcoding.notes import NOTE_KINDS, CodeTarget, InstructionalNote, NoteKind

_TOKEN: Final = re.compile(r"(?<![A-Z0-9])[A-Z][0-9][0-9A-Z](?:\.[0-9A-Za-z]{1,4})?")
_BRACKETS: Final = re.compile(r"[(\[][^()\[\]]*")
_DIGIT_IN_BRACKETS: Final = re.compile(r"[(\[][^()\[\]]*[0-9]|\b[Cc]hapter [0-9]")
_BEHIND_ALL: Final = "~"
"""Sorts behind every character of a code."""


class PrintedLine(NamedTuple):
    """A line of a note and the entry that prints it."""

    at: str
    text: str


class NoteShare(NamedTuple):
    """What was read of one kind of note, counted in printed lines."""

    kind: NoteKind
    lines: int
    naming: int
    """Lines that name a code in some way; the others only describe."""
    parsed: int
    """Of those, the lines whose every code became a target that exists."""
    unparsed: tuple[PrintedLine, ...]
    """The lines that name a code and were not read whole."""

    @property
    def share(self) -> float:
        """Read lines of those that name a code, 0 to 1; 1 when none does."""
        return self.parsed / self.naming if self.naming else 1.0

    @property
    def share_of_all(self) -> float:
        """Read lines of all lines, 0 to 1, those that only describe included; 1 when there is no line."""
        return self.parsed / self.lines if self.lines else 1.0


class DanglingTarget(NamedTuple):
    """A target without a billable code of its edition: the book's own slip, or a note that was misread."""

    line: PrintedLine
    kind: NoteKind
    target: CodeTarget


def parsed_shares(entries: Iterable[CodebookEntry]) -> tuple[NoteShare, ...]:
    """The share read of each kind of note, over one whole edition (98,466 entries in 2 s)."""
    book = tuple(entries)
    codes = _Codes(book)
    lines = sorted(_lines(book), key=lambda line: NOTE_KINDS.index(line.kind))
    grouped = {kind: tuple(group) for kind, group in groupby(lines, key=lambda line: line.kind)}
    return tuple(_share(kind, grouped.get(kind, ()), codes) for kind in NOTE_KINDS)


def dangling_targets(entries: Iterable[CodebookEntry]) -> tuple[DanglingTarget, ...]:
    """Every target that leads to no billable code of the edition, in the order of the book."""
    book = tuple(entries)
    codes = _Codes(book)
    return tuple(
        DanglingTarget(PrintedLine(line.at, line.note.text), line.kind, target)
        for line in _lines(book)
        for target in line.note.targets
        if not codes.exist_under(target)
    )


class _Line(NamedTuple):
    at: str
    kind: NoteKind
    note: InstructionalNote


def _lines(book: Sequence[CodebookEntry]) -> Iterator[_Line]:
    return (_Line(entry.code, kind, note) for entry in book for kind in NOTE_KINDS for note in entry.notes.of(kind))


class _Codes:
    """The codes of one edition, ordered, so that those under a target are one slice."""

    def __init__(self, book: Sequence[CodebookEntry]) -> None:
        self._billable = sorted(entry.code for entry in book if entry.billable)
        self._all = {entry.code for entry in book if entry.kind in {"category", "subcategory"}}

    def __contains__(self, code: str) -> bool:
        return code in self._all

    def exist_under(self, target: CodeTarget) -> bool:
        start = bisect_left(self._billable, target.first)
        end = bisect_right(self._billable, target.last + _BEHIND_ALL)
        return any(target.holds(self._billable[place]) for place in range(start, end))


def _share(kind: NoteKind, lines: Sequence[_Line], codes: _Codes) -> NoteShare:
    naming = [line for line in lines if _names_a_code(line.note.text, codes)]
    unparsed = tuple(PrintedLine(line.at, line.note.text) for line in naming if not _is_read(line.note, codes))
    return NoteShare(kind, len(lines), len(naming), len(naming) - len(unparsed), unparsed)


def _names_a_code(text: str, codes: _Codes) -> bool:
    return bool(_DIGIT_IN_BRACKETS.search(text)) or any(token in codes for token in _TOKEN.findall(text))


def _is_read(note: InstructionalNote, codes: _Codes) -> bool:
    """Every code printed is an end of a target; in parentheses only, where the sentence beside them describes."""
    described = codes_outside_brackets_describe(note.text)
    text = " ".join(_BRACKETS.findall(note.text)) if described else note.text
    ends = {end for target in note.targets for end in (target.first, target.last)}
    printed = {token.upper() for token in _TOKEN.findall(text)}
    return bool(ends) and all(t in ends for t in printed if t in codes) and all(map(codes.exist_under, note.targets))
