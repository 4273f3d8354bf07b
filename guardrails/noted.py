"""Instructional notes held against a set of codes, once for all rules that ask."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
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
    """Every note in force at every code, the code's own first. A note that many codes share is looked at once."""
    book = _Notes(codebook, sorted(codes), sorted(stated))
    return tuple(hit for code in codes for entry in codebook.lineage(code) for hit in book.hits(code, entry))


class _Notes:
    """Looks notes up against two sorted lists of codes."""

    def __init__(self, codebook: Codebook, codes: list[str], stated: list[str]) -> None:
        self._codebook = codebook
        self._codes = codes
        self._stated = stated
        self._by_entry: dict[str, list[tuple[NoteKind, InstructionalNote, tuple[str, ...], tuple[str, ...]]]] = {}

    def hits(self, code: str, entry: CodebookEntry) -> Iterator[Noted]:
        """The notes printed at an entry, as they are in force at a code below it."""
        if not entry.notes:
            return
        found = self._by_entry.get(entry.code)
        if found is None:
            found = self._by_entry[entry.code] = [
                (kind, note, held(note.targets, self._codes), held(note.targets, self._stated))
                for kind in NOTE_KINDS
                for note in entry.notes.of(kind)
            ]
        for kind, note, others, stated in found:
            yield Noted(code, entry.code, kind, note, tuple(o for o in others if o != code), stated)


def held(targets: Sequence[CodeTarget], ordered: list[str]) -> tuple[str, ...]:
    """The codes of a sorted list that any of the targets holds."""
    found: dict[str, None] = {}
    for target in targets:
        last = target.last
        for place in range(bisect_left(ordered, target.first), len(ordered)):
            code = ordered[place]
            if code > last and not code.startswith(last):
                break
            if target.holds(code):
                found[code] = None
    return tuple(found)
