"""The books of procedures, drugs and supplies: HCPCS Level II, and CPT from the licensee's own file.

One SQLite file per system, written once by `index_build.procedures` and never changed. CPT content never ships; without
the licensee's file there is no CPT book, and a CPT-shaped code is unverifiable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from medcoding.book_file import BookFile, new_book, write_release
from medcoding.codes import CodeSystem, parse_code
from medcoding.errors import UnknownCodeError
from medcoding.record import Record

SCHEMA_VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE procedure (code TEXT PRIMARY KEY, long TEXT NOT NULL, short TEXT NOT NULL, first TEXT, changed TEXT,
    last TEXT) WITHOUT ROWID;
CREATE TABLE modifier (code TEXT PRIMARY KEY, long TEXT NOT NULL, short TEXT NOT NULL, first TEXT, changed TEXT,
    last TEXT) WITHOUT ROWID;
"""
_PROCEDURES: Final = (
    "SELECT code, long, short, first, changed, last FROM procedure WHERE code BETWEEN ? AND ? ORDER BY code"
)
_MODIFIERS: Final = (
    "SELECT code, long, short, first, changed, last FROM modifier WHERE code BETWEEN ? AND ? ORDER BY code"
)
_ALL: Final = ("", "~")
_CPT_CATEGORIES: Final = {
    "F": "Category II",
    "T": "Category III",
    "U": "proprietary laboratory analysis",
    "M": "multianalyte assay with algorithmic analysis",
    "A": "Category I, administration",
}


class Descriptor(Record):
    """A code, its words and the days it may be used on; a day that the file does not name sets no limit."""

    code: str
    long_descriptor: str = ""
    """Empty where the file lists the code without words."""
    short_descriptor: str = ""
    effective_from: date | None = None
    """Day the code was added."""
    changed_on: date | None = None
    """Day from which the last change of the code or its words counts."""
    effective_to: date | None = None
    """Last day the code may be used."""

    @property
    def title(self) -> str:
        """The long descriptor, or the short one where there is no other."""
        return self.long_descriptor or self.short_descriptor

    def in_force_on(self, day: date) -> bool:
        """True on the first and on the last day too."""
        begun = self.effective_from is None or self.effective_from <= day
        return begun and (self.effective_to is None or day <= self.effective_to)


class ProcedureCode(Descriptor):
    """One code of HCPCS Level II or CPT."""

    system: CodeSystem

    @property
    def category(self) -> str:
        """What kind of code its last character makes it, in words."""
        if self.system is CodeSystem.CPT:
            return _CPT_CATEGORIES.get(self.code[-1], "Category I")
        return "Level II"


class Modifier(Descriptor):
    """A two-character HCPCS Level II modifier."""


class LeftOut(Record):
    """What a file holds and a book does not, counted, with the reason."""

    reason: str
    count: int


class ProcedureRelease(Record):
    """Which file a book was written from."""

    system: CodeSystem
    name: str
    """For instance `2026 JUL`."""
    source: str
    dated: bool
    """False where the file names no days: then nothing says whether a code has ended."""
    left_out: tuple[LeftOut, ...] = ()


class ProcedureContent(NamedTuple):
    """Everything one book is written from."""

    release: ProcedureRelease
    codes: tuple[ProcedureCode, ...]
    modifiers: tuple[Modifier, ...] = ()


def write_procedure_book(path: Path, content: ProcedureContent) -> None:
    """Write a new book; `path` must not exist yet."""
    with new_book(path, _TABLES) as connection:
        connection.executemany("INSERT INTO procedure VALUES (?, ?, ?, ?, ?, ?)", _stored(content.codes))
        connection.executemany("INSERT INTO modifier VALUES (?, ?, ?, ?, ?, ?)", _stored(content.modifiers))
        write_release(connection, SCHEMA_VERSION, content.release)


class ProcedureBook:
    """One release of one code system, read only. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._file = BookFile(path, "procedure book")
        self.release = self._file.release(ProcedureRelease, SCHEMA_VERSION)
        self.entry = lru_cache(maxsize=4_096)(self._read_entry)

    def __contains__(self, code: str) -> bool:
        return self.entry(code) is not None

    def is_in_force(self, code: str, day: date) -> bool:
        """True when the code exists and may be used on that day."""
        entry = self.entry(code)
        return entry is not None and entry.in_force_on(day)

    def in_force_on(self, day: date) -> Iterator[ProcedureCode]:
        """Every code that may be used on that day, in order of code."""
        return (entry for entry in self.entries() if entry.in_force_on(day))

    def entries(self) -> Iterator[ProcedureCode]:
        """Every code, ended ones too, in order of code."""
        return (self._procedure(row) for row in self._file.rows(_PROCEDURES, *_ALL))

    def modifiers(self) -> tuple[Modifier, ...]:
        """Every modifier, in order."""
        return tuple(Modifier(**_fields(row)) for row in self._file.rows(_MODIFIERS, *_ALL))

    def modifier(self, code: str) -> Modifier | None:
        """A modifier by its two characters, upper case."""
        rows = self._file.rows(_MODIFIERS, code, code)
        return Modifier(**_fields(rows[0])) if rows else None

    def find(self, asked: str) -> ProcedureCode:
        """The entry of a code as a person typed it. Raises `UnknownCodeError` naming the nearest code."""
        code = parse_code(asked, self.release.system)
        entry = self.entry(code)
        if entry is None:
            nearest = self.nearest(code)
            hint = f"; the nearest code is {nearest}" if nearest else "; check the spelling"
            raise UnknownCodeError(f"{code} is not in {self.release.name} of {self.release.system}{hint}.")
        return entry

    def nearest(self, code: str) -> str | None:
        """The first code that shares the longest beginning, of at least three characters, with an unknown one."""
        query = "SELECT code FROM procedure WHERE code >= ? AND code < ? ORDER BY code LIMIT 1"
        for length in range(len(code) - 1, 2, -1):
            if found := self._file.rows(query, code[:length], f"{code[:length]}~"):
                return str(found[0][0])
        return None

    def count(self) -> int:
        """Number of codes, modifiers not among them."""
        ((number,),) = self._file.rows("SELECT count(*) FROM procedure")
        return int(number)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _read_entry(self, code: str) -> ProcedureCode | None:
        rows = self._file.rows(_PROCEDURES, code, code)
        return self._procedure(rows[0]) if rows else None

    def _procedure(self, row: tuple[Any, ...]) -> ProcedureCode:
        return ProcedureCode(system=self.release.system, **_fields(row))


def _stored(descriptors: Iterable[Descriptor]) -> Iterator[tuple[str | None, ...]]:
    for d in descriptors:
        days = (d.effective_from, d.changed_on, d.effective_to)
        yield (d.code, d.long_descriptor, d.short_descriptor, *(day.isoformat() if day else None for day in days))


def _fields(row: tuple[Any, ...]) -> dict[str, Any]:
    code, long, short, *days = row
    first, changed, last = (date.fromisoformat(day) if day else None for day in days)
    return {
        "code": code,
        "long_descriptor": long,
        "short_descriptor": short,
        "effective_from": first,
        "changed_on": changed,
        "effective_to": last,
    }
