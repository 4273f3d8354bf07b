"""The book of codes: one SQLite file per edition, read only, opened in milliseconds.

A file is written once by `index_build.codebook` and never changed. `Codebook` reads one edition, `Codebooks` holds
the loaded editions and chooses by date.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from medcoding.codes import parse_code
from medcoding.errors import DependencyError, IntegrityError, UnknownCodeError
from medcoding.record import Record

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE edition (name TEXT, effective_from TEXT, effective_to TEXT, status TEXT, source TEXT, schema INTEGER);
CREATE TABLE entry (
    code TEXT PRIMARY KEY, parent TEXT, kind TEXT NOT NULL, title TEXT NOT NULL, billable INTEGER NOT NULL,
    status TEXT NOT NULL, notes TEXT
) WITHOUT ROWID;
CREATE INDEX entry_parent ON entry (parent, code);
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

    def in_force_on(self, day: date) -> bool:
        """True on the first and on the last day too."""
        return self.effective_from <= day <= self.effective_to

    def days_from(self, day: date) -> int:
        """Distance in days from the edition's dates; 0 inside them."""
        return max(0, (self.effective_from - day).days, (day - self.effective_to).days)


class InstructionalNotes(Record):
    """The notes printed at one tabular entry, verbatim from the release (guideline I.A.11–17)."""

    includes: tuple[str, ...] = ()
    inclusion_terms: tuple[str, ...] = ()
    excludes1: tuple[str, ...] = ()
    excludes2: tuple[str, ...] = ()
    code_first: tuple[str, ...] = ()
    use_additional_code: tuple[str, ...] = ()
    code_also: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seventh_character_note: str = ""
    seventh_characters: dict[str, str] = Field(default_factory=dict)

    def __bool__(self) -> bool:
        return self != _NO_NOTES


_NO_NOTES: Final = InstructionalNotes()


class CodebookEntry(Record):
    """One entry of the tabular list: chapter, block, category or code."""

    code: str
    parent: str | None
    kind: EntryKind
    title: str
    billable: bool
    status: EditionStatus
    """`derived` where the entry itself comes from a derived change table."""
    notes: InstructionalNotes = _NO_NOTES


def write_codebook(path: Path, edition: Edition, entries: Iterable[CodebookEntry]) -> None:
    """Write a new codebook file; `path` must not exist yet."""
    rows = ((e.code, e.parent, e.kind, e.title, int(e.billable), e.status, _notes_json(e.notes)) for e in entries)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_SCHEMA)
        connection.execute(
            "INSERT INTO edition VALUES (?, ?, ?, ?, ?, ?)",
            (edition.name, str(edition.effective_from), str(edition.effective_to), edition.status, edition.source,
             SCHEMA_VERSION),
        )  # fmt: skip
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


class Codebook:
    """One edition, read only. Safe to share between threads. Memory: a bounded cache of entries."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._connection = _connect(path)
        self.edition = self._read_edition()
        self.entry = lru_cache(maxsize=16_384)(self._read_entry)
        self.billable_under = lru_cache(maxsize=4_096)(self._read_billable_under)

    def __contains__(self, code: str) -> bool:
        return self.entry(code) is not None

    def is_billable(self, code: str) -> bool:
        """True when the code exists in this edition and is complete enough to bill."""
        entry = self.entry(code)
        return entry is not None and entry.billable

    def title(self, code: str) -> str:
        """The entry's title, empty when the code does not exist."""
        entry = self.entry(code)
        return entry.title if entry else ""

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
        ((number,),) = self._rows(f"{every} AND billable = 1" if billable_only else every)
        return int(number)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _read_entry(self, code: str) -> CodebookEntry | None:
        query = "SELECT code, parent, kind, title, billable, status, notes FROM entry WHERE code = ?"
        rows = self._rows(query, code)
        return _entry(rows[0]) if rows else None

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
        return tuple(row[0] for row in self._rows(query, code))

    def _rows(self, query: str, *values: str) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError:
            raise self._damaged() from None

    def _damaged(self) -> IntegrityError:
        return IntegrityError(
            f"The codebook {self._name} is damaged or of another version; run 'chartwright index build'."
        )

    def _read_edition(self) -> Edition:
        rows = self._rows("SELECT schema, name, effective_from, effective_to, status, source FROM edition")
        if len(rows) != 1 or rows[0][0] != SCHEMA_VERSION:
            raise self._damaged()
        _, name, first, last, status, source = rows[0]
        return Edition(name=name, effective_from=first, effective_to=last, status=status, source=source)


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


def _connect(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise DependencyError(f"The codebook {path.name} is missing; run 'chartwright index build'.")
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)


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
        notes=InstructionalNotes.model_construct(**_as_tuples(json.loads(notes))) if notes else _NO_NOTES,
    )


def _as_tuples(notes: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in notes.items()}
