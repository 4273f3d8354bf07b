"""The book of codes: one SQLite file per edition, read only, opened in milliseconds.

A file is written once by `index_build.editions.load` and never changed. `Codebook` reads one edition, `Codebooks` holds
the loaded editions and chooses by date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from medcoding.book_file import BookFile, new_book, write_release
from medcoding.codes import parse_code
from medcoding.errors import DependencyError, UnknownCodeError
from medcoding.notes import (
    NO_NOTES,
    NOTE_KINDS,
    PARTNER_KINDS,
    CodeTarget,
    InstructionalNote,
    InstructionalNotes,
    NoteInForce,
)
from medcoding.record import Record

SCHEMA_VERSION: Final = 3

_SCHEMA: Final = """
CREATE TABLE entry (
    code TEXT PRIMARY KEY, parent TEXT, kind TEXT NOT NULL, title TEXT NOT NULL, billable INTEGER NOT NULL,
    status TEXT NOT NULL, notes TEXT
) WITHOUT ROWID;
CREATE INDEX entry_parent ON entry (parent, code);
CREATE TABLE poa_exempt (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE succession (old TEXT NOT NULL, new TEXT NOT NULL, fiscal_year INTEGER NOT NULL, PRIMARY KEY (old, new))
    WITHOUT ROWID;
"""

EntryKind = Literal["chapter", "block", "category", "subcategory"]
EditionStatus = Literal["official", "derived"]


class Edition(Record):
    """One release of a code set and the dates of service it is in force for."""

    name: str
    """For instance `FY2026`."""
    effective_from: date
    effective_to: date
    status: EditionStatus
    """`derived`: facts retyped into a table of our own, not checked against the official file."""
    source: str
    notes_from: str = ""
    """The edition whose notes stand in for this one's own, where its own were not loaded; empty otherwise."""
    poa_exempt_from: str = ""
    """What the list of codes exempt from present-on-admission reporting was read from; empty when none was loaded."""

    def in_force_on(self, day: date) -> bool:
        """True on the first and on the last day too."""
        return self.effective_from <= day <= self.effective_to

    def days_from(self, day: date) -> int:
        """Distance in days from the edition's dates; 0 inside them."""
        return max(0, (self.effective_from - day).days, (day - self.effective_to).days)


class CodebookEntry(Record):
    """One entry of the tabular list: chapter, block, category or code."""

    code: str
    parent: str | None
    kind: EntryKind
    title: str
    billable: bool
    status: EditionStatus
    """`derived` where the entry itself comes from a derived change table."""
    notes: InstructionalNotes = NO_NOTES


class Succession(Record):
    """A code that ended and one that took its place (the official conversion table)."""

    old: str
    new: str
    fiscal_year: int
    """The fiscal year from which `new` is used."""


class EditionContent(NamedTuple):
    """Everything one codebook file is written from."""

    edition: Edition
    entries: Sequence[CodebookEntry]
    poa_exempt: frozenset[str] = frozenset()
    successions: tuple[Succession, ...] = ()


def write_codebook(path: Path, content: EditionContent) -> None:
    """Write a new codebook file; `path` must not exist yet."""
    rows = (
        (e.code, e.parent, e.kind, e.title, int(e.billable), e.status, _notes_json(e.notes)) for e in content.entries
    )
    with new_book(path, _SCHEMA) as connection:
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.executemany("INSERT INTO poa_exempt VALUES (?)", ((code,) for code in sorted(content.poa_exempt)))
        connection.executemany(
            "INSERT INTO succession VALUES (?, ?, ?)", ((s.old, s.new, s.fiscal_year) for s in content.successions)
        )
        write_release(connection, SCHEMA_VERSION, content.edition)


class _Brief(NamedTuple):
    """What is asked of an entry most often."""

    title: str
    billable: bool


class Codebook:
    """One edition, read only. Safe to share between threads. Memory: a bounded cache of entries."""

    def __init__(self, path: Path) -> None:
        self._file = BookFile(path, "codebook")
        self.edition = self._file.release(Edition, SCHEMA_VERSION)
        self.entry = lru_cache(maxsize=16_384)(self._read_entry)
        self._brief = lru_cache(maxsize=65_536)(self._read_brief)
        self.billable_under = lru_cache(maxsize=4_096)(self._read_billable_under)

    def __contains__(self, code: str) -> bool:
        return self._brief(code) is not None

    def is_billable(self, code: str) -> bool:
        """True when the code exists in this edition and is complete enough to bill."""
        brief = self._brief(code)
        return brief is not None and brief.billable

    def title(self, code: str) -> str:
        """The entry's title, empty when the code does not exist."""
        brief = self._brief(code)
        return brief.title if brief else ""

    def children(self, code: str) -> tuple[str, ...]:
        """Codes directly below, in book order."""
        return self._codes("SELECT code FROM entry WHERE parent = ? ORDER BY code", code)

    def ancestors(self, code: str) -> tuple[CodebookEntry, ...]:
        """Entries above, nearest first, up to the chapter."""
        found: list[CodebookEntry] = []
        entry = self.entry(code)
        while entry and entry.parent and (entry := self.entry(entry.parent)):
            found.append(entry)
        return tuple(found)

    def lineage(self, code: str) -> tuple[CodebookEntry, ...]:
        """The entry itself and its ancestors, nearest first; empty when it does not exist."""
        entry = self.entry(code)
        return (entry, *self.ancestors(code)) if entry else ()

    def seventh_characters(self, code: str) -> dict[str, str]:
        """The seventh-character table that governs a code, from itself or the nearest ancestor that has one."""
        for entry in self.lineage(code):
            if entry.notes.seventh_characters:
                return entry.notes.seventh_characters
        return {}

    def notes_in_force(self, code: str) -> tuple[NoteInForce, ...]:
        """Every note that points at other codes, the code's own first, then those of its ancestors."""
        return tuple(
            NoteInForce(entry.code, kind, note)
            for entry in self.lineage(code)
            for kind in NOTE_KINDS
            for note in entry.notes.of(kind)
        )

    def asks_for(self, code: str, other: str) -> bool:
        """True when a note in force at `code` asks for `other` beside it (guidelines I.A.13, I.A.17)."""
        return any(n.note.names(other) for n in self.notes_in_force(code) if n.kind in PARTNER_KINDS)

    def poa_exempt(self, code: str) -> bool | None:
        """Whether a code is exempt from present-on-admission reporting (appendix I); None when no list was loaded."""
        if not self.edition.poa_exempt_from:
            return None
        return bool(self._file.rows("SELECT 1 FROM poa_exempt WHERE code = ?", code))

    def successors(self, code: str) -> tuple[str, ...]:
        """What took the place of a code that ended, as the conversion table says; empty when it says nothing."""
        return self._codes("SELECT new FROM succession WHERE old = ? ORDER BY new", code)

    def entries(self) -> Iterator[CodebookEntry]:
        """Every entry, in order of code."""
        query = "SELECT code, parent, kind, title, billable, status, notes FROM entry ORDER BY code"
        return (_entry(row) for row in self._file.rows(query))

    def billable_titles(self) -> Iterator[tuple[str, str]]:
        """Every billable code with its title, in order of code; faster than `entries`, which reads the notes too."""
        return iter(self._file.rows("SELECT code, title FROM entry WHERE billable = 1 ORDER BY code"))

    def find(self, asked: str) -> CodebookEntry:
        """The entry of a code as a person typed it. Raises `UnknownCodeError` naming the nearest entry."""
        code = parse_code(asked)
        entry = self.entry(code)
        if entry is None:
            nearest = self.nearest(code)
            hint = f"; the nearest entry is {nearest} {self.title(nearest)}" if nearest else "; check the spelling"
            raise UnknownCodeError(f"{code} does not exist in {self.edition.name}{hint}.")
        return entry

    def nearest(self, code: str) -> str | None:
        """The longest prefix of an unknown code that does exist, if any."""
        for length in range(len(code), 2, -1):
            prefix = code[:length].rstrip(".")
            if prefix in self:
                return prefix
        return None

    def count(self, *, billable_only: bool = False) -> int:
        """Number of entries below the blocks (categories and codes)."""
        every = "SELECT count(*) FROM entry WHERE kind IN ('category', 'subcategory')"
        ((number,),) = self._file.rows(f"{every} AND billable = 1" if billable_only else every)
        return int(number)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _read_entry(self, code: str) -> CodebookEntry | None:
        query = "SELECT code, parent, kind, title, billable, status, notes FROM entry WHERE code = ?"
        rows = self._file.rows(query, code)
        return _entry(rows[0]) if rows else None

    def _read_brief(self, code: str) -> _Brief | None:
        """Without the notes, whose reading takes ten times as long."""
        rows = self._file.rows("SELECT title, billable FROM entry WHERE code = ?", code)
        return _Brief(rows[0][0], bool(rows[0][1])) if rows else None

    def _read_billable_under(self, code: str) -> tuple[str, ...]:
        """The code itself when billable, else every billable code below it, in book order."""
        return self._codes(
            """WITH RECURSIVE below(code) AS (
                   SELECT code FROM entry WHERE code = ?
                   UNION ALL SELECT entry.code FROM entry JOIN below ON entry.parent = below.code)
               SELECT entry.code FROM below JOIN entry USING (code) WHERE billable = 1 ORDER BY entry.code""",
            code,
        )

    def _codes(self, query: str, code: str) -> tuple[str, ...]:
        return tuple(row[0] for row in self._file.rows(query, code))


class EditionChoice(NamedTuple):
    """The codebook for a date and whether it is really in force then."""

    codebook: Codebook
    in_force: bool

    def day_inside(self, day: date) -> date:
        """The day itself, or the nearest edition's first day where it is not in force then."""
        return day if self.in_force else self.codebook.edition.effective_from


class Codebooks:
    """The loaded editions of one code system, side by side."""

    def __init__(self, codebooks: Iterable[Codebook]) -> None:
        self.editions = tuple(sorted(codebooks, key=lambda c: c.edition.effective_from))
        if not self.editions:
            raise DependencyError("No codebook is loaded; run 'chartwright index build'.")

    def for_date(self, day: date) -> EditionChoice:
        """The edition in force on that day, else the nearest one, marked as not in force."""
        nearest = min(self.editions, key=lambda c: c.edition.days_from(day))
        return EditionChoice(nearest, nearest.edition.in_force_on(day))

    @property
    def latest(self) -> Codebook:
        """The edition with the latest effective dates."""
        return self.editions[-1]


def _notes_json(notes: InstructionalNotes) -> str | None:
    return notes.model_dump_json(exclude_defaults=True) if notes else None


def _entry(row: tuple[str, str | None, EntryKind, str, int, EditionStatus, str | None]) -> CodebookEntry:
    code, parent, kind, title, billable, status, notes = row
    return CodebookEntry.model_construct(
        code=code,
        parent=parent,
        kind=kind,
        title=title,
        billable=bool(billable),
        status=status,
        notes=_notes(json.loads(notes)) if notes else NO_NOTES,
    )


def _notes(stored: dict[str, Any]) -> InstructionalNotes:
    """The file was written from validated records: they are rebuilt without checking every field again."""
    pointing: dict[str, Any] = {kind: tuple(map(_note, stored[kind])) for kind in NOTE_KINDS if kind in stored}
    others: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return InstructionalNotes.model_construct(None, **(others | pointing))


def _note(stored: dict[str, Any]) -> InstructionalNote:
    targets = tuple(map(_target, stored.get("targets", ())))
    return InstructionalNote.model_construct(text=stored["text"], targets=targets)


def _target(stored: dict[str, Any]) -> CodeTarget:
    return CodeTarget.model_construct(
        None,
        first=stored["first"],
        last=stored["last"],
        place=stored.get("place"),
        characters=tuple(stored.get("characters", ())),
    )
