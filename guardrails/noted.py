"""Instructional notes held against a set of codes, once for all rules that ask."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from medcoding.codebook import Codebook, CodebookEntry
from medcoding.notes import NOTE_KINDS, CodeTarget, InstructionalNote, NoteKind


class Noted(NamedTuple):
    """A note in force at one code of a set, and what it names."""

    code: str
    at: str
    """The entry that prints it: the code itself or one above."""
    kind: NoteKind
    note: InstructionalNote
    others: tuple[str, ...]
    """Other codes of the set that it names."""
    stated: tuple[str, ...]
    """Conditions that the record states and nobody coded, which it names."""


def noted(codebook: Codebook, codes: Sequence[str], stated: Sequence[str]) -> tuple[Noted, ...]:
    """The notes in force at every code that name another one or something stated, and every code-first note.

    The code's own stand first. A note that many codes share is looked at once.
    """
    book = _Notes(codebook, codes, stated)
    return tuple(hit for code in codes for entry in codebook.lineage(code) for hit in book.hits(code, entry))


_Range = tuple[str, str, CodeTarget]
"""A target behind its two ends, which are looked at first."""


class _Printed(NamedTuple):
    """A note as an entry prints it."""

    kind: NoteKind
    note: InstructionalNote
    targets: tuple[_Range, ...]


class _Found(NamedTuple):
    """A note of one entry, and what it names of the set and of what is stated."""

    kind: NoteKind
    note: InstructionalNote
    named: tuple[str, ...]
    stated: tuple[str, ...]


class _Notes:
    """Looks notes up against a set of codes and of stated conditions."""

    def __init__(self, codebook: Codebook, codes: Sequence[str], stated: Sequence[str]) -> None:
        self._codebook = codebook
        self._codes = frozenset(codes)
        self._ordered = sorted(self._codes.union(stated))
        self._stated = frozenset(stated)
        self._by_entry: dict[str, tuple[_Found, ...]] = {}

    def hits(self, code: str, entry: CodebookEntry) -> Iterator[Noted]:
        """The notes printed at an entry, as they are in force at a code below it."""
        found = self._by_entry.get(entry.code)
        if found is None:
            found = self._by_entry[entry.code] = tuple(self._found(entry))
        for kind, note, named, stated in found:
            others = tuple(other for other in named if other != code) if code in named else named
            if others or stated or kind == "code_first":
                yield Noted(code, entry.code, kind, note, others, stated)

    def _found(self, entry: CodebookEntry) -> Iterator[_Found]:
        for kind, note, targets in _printed(self._codebook, entry.code):
            names = held(targets, self._ordered)
            if names or kind == "code_first":
                named = tuple(code for code in names if code in self._codes)
                yield _Found(kind, note, named, tuple(code for code in names if code in self._stated))


@lru_cache(maxsize=16_384)
def _printed(codebook: Codebook, code: str) -> tuple[_Printed, ...]:
    """The notes of one entry that can say something about a set of codes."""
    entry = codebook.entry(code)
    notes = ((kind, note) for kind in NOTE_KINDS for note in (entry.notes.of(kind) if entry else ()))
    return tuple(
        _Printed(kind, note, tuple((target.first, target.last, target) for target in note.targets))
        for kind, note in notes
        if note.targets or kind == "code_first"
    )


def held(targets: Sequence[_Range], ordered: list[str]) -> tuple[str, ...]:
    """The codes of a sorted list that any of the targets holds."""
    found: dict[str, None] = {}
    length = len(ordered)
    for first, last, target in targets:
        for place in range(bisect_left(ordered, first), length):
            code = ordered[place]
            if code > last and not code.startswith(last):
                break
            if target.holds(code):
                found[code] = None
    return tuple(found)
