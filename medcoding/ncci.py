"""National Correct Coding Initiative: which pairs are not paid together, and how many units are plausible.

Procedure-to-procedure (PTP) edits and medically unlikely edits (MUE), as CMS publishes them each quarter and the user
downloads them. One SQLite file, written once; its two million pairs are asked by key and never held in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from medcoding.book_file import BookFile, new_book, write_release
from medcoding.record import Record

SCHEMA_VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE rationale (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE ptp (
    one TEXT NOT NULL, two TEXT NOT NULL, setting TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    indicator INTEGER NOT NULL, before_1996 INTEGER NOT NULL, rationale INTEGER NOT NULL,
    PRIMARY KEY (one, two, setting, first, last, indicator)
) WITHOUT ROWID;
CREATE TABLE mue (
    code TEXT NOT NULL, setting TEXT NOT NULL, units INTEGER NOT NULL, adjudication INTEGER NOT NULL,
    rationale TEXT NOT NULL, PRIMARY KEY (code, setting)
) WITHOUT ROWID;
"""
_NEW_EDIT: Final = "INSERT OR IGNORE INTO ptp VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_NEW_UNITS: Final = "INSERT OR IGNORE INTO mue VALUES (?, ?, ?, ?, ?)"
_EDITS: Final = """
SELECT setting, one, two, first, last, indicator, before_1996, text FROM ptp JOIN rationale ON id = rationale
WHERE one = ? AND two = ? ORDER BY setting, first
"""
_NO_LAST_DAY: Final = 99_991_231


class NcciSetting(StrEnum):
    """Whose claims a table is for. Practitioner tables also hold for ambulatory surgical centres."""

    PRACTITIONER = "practitioner"
    OUTPATIENT_HOSPITAL = "outpatient_hospital"
    DME = "dme"
    """Suppliers of durable medical equipment; they have units, no pairs."""


ModifierIndicator = Literal[0, 1, 9]
"""Whether an NCCI modifier may lift a PTP edit: 0 never, 1 where the record supports it, 9 the edit never took effect.
"""

Adjudication = Literal[1, 2, 3]
"""How units are counted: 1 per claim line; 2 per day, absolute by policy; 3 per day, clinical, may be appealed."""


class PtpEdit(Record):
    """Two codes of which only column one is paid when one provider reports both for one patient on one day."""

    setting: NcciSetting
    column_one: str
    column_two: str
    effective_from: date
    effective_to: date | None
    """Last day; None while the edit is in force."""
    modifier_indicator: ModifierIndicator
    before_1996: bool
    rationale: str

    def in_force_on(self, day: date) -> bool:
        """True on the first and on the last day too; never for an edit that was withdrawn on the day it began."""
        withdrawn = self.modifier_indicator == 9 or self.effective_from == self.effective_to
        begun = not withdrawn and self.effective_from <= day
        return begun and (self.effective_to is None or day <= self.effective_to)


class UnlikelyUnits(Record):
    """The most units of one code that one patient plausibly gets, per line or per day."""

    setting: NcciSetting
    code: str
    units: int
    adjudication: Adjudication
    rationale: str


class NcciTable(Record):
    """One file that was read: what it holds and how much of it."""

    kind: Literal["ptp", "mue"]
    setting: NcciSetting
    source: str
    rows: int
    """Edits or codes stored; repeated rows are stored once."""


class NcciRelease(Record):
    """The files a book was written from."""

    tables: tuple[NcciTable, ...]


class PtpRow(NamedTuple):
    """A PTP edit as it is written, without a record's cost. Days are YYYYMMDD, `last` 0 while in force."""

    one: str
    two: str
    first: int
    last: int
    indicator: int
    before_1996: bool
    rationale: str


class NcciWriter:
    """Fills a new book table by table; every row goes straight to the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rationales: dict[str, int] = {}
        self.tables: list[NcciTable] = []

    def add_edits(self, setting: NcciSetting, source: str, rows: Iterable[PtpRow]) -> None:
        """Write the edits of one file."""
        values = (
            (r.one, r.two, setting, r.first, r.last or _NO_LAST_DAY, r.indicator, r.before_1996, self._id(r.rationale))
            for r in rows
        )
        before = self._count("ptp")
        self._connection.executemany(_NEW_EDIT, values)
        self._done("ptp", setting, source, before)

    def add_units(self, setting: NcciSetting, source: str, units: Iterable[UnlikelyUnits]) -> None:
        """Write the units of one file."""
        before = self._count("mue")
        self._connection.executemany(
            _NEW_UNITS, ((u.code, setting, u.units, u.adjudication, u.rationale) for u in units)
        )
        self._done("mue", setting, source, before)

    def _count(self, table: Literal["ptp", "mue"]) -> int:
        ((number,),) = self._connection.execute(
            "SELECT count(*) FROM ptp" if table == "ptp" else "SELECT count(*) FROM mue"
        )
        return int(number)

    def _done(self, kind: Literal["ptp", "mue"], setting: NcciSetting, source: str, before: int) -> None:
        rows = self._count(kind) - before
        self.tables.append(NcciTable(kind=kind, setting=setting, source=source, rows=rows))

    def _id(self, rationale: str) -> int:
        known = self._rationales.get(rationale)
        if known is None:
            known = self._rationales[rationale] = len(self._rationales) + 1
            self._connection.execute("INSERT INTO rationale VALUES (?, ?)", (known, rationale))
        return known


class NcciBook:
    """The edits of one download, read only. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._file = BookFile(path, "NCCI book")
        self.release = self._file.release(NcciRelease, SCHEMA_VERSION)

    def edits_between(self, a: str, b: str, day: date, setting: NcciSetting | None = None) -> tuple[PtpEdit, ...]:
        """Edits in force on a day between two codes in either order, of one setting or of all."""
        rows = self._file.rows(_EDITS, a, b) + (self._file.rows(_EDITS, b, a) if a != b else [])
        edits = map(_edit, rows)
        return tuple(e for e in edits if e.in_force_on(day) and setting in {None, e.setting})

    def units(self, code: str, setting: NcciSetting) -> UnlikelyUnits | None:
        """The limit for a code in a setting; None where the table has none (which is no permission)."""
        query = "SELECT units, adjudication, rationale FROM mue WHERE code = ? AND setting = ?"
        for units, adjudication, rationale in self._file.rows(query, code, setting):
            return UnlikelyUnits(
                setting=setting, code=code, units=units, adjudication=adjudication, rationale=rationale
            )
        return None

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def write_ncci_book(path: Path, fill: Callable[[NcciWriter], None]) -> NcciRelease:
    """Write a new book; `path` must not exist yet. `fill` adds the tables one by one; its error leaves no rows."""
    with new_book(path, _TABLES) as connection:
        writer = NcciWriter(connection)
        fill(writer)
        release = NcciRelease(tables=tuple(writer.tables))
        write_release(connection, SCHEMA_VERSION, release)
    return release


def _edit(row: tuple[Any, ...]) -> PtpEdit:
    setting, one, two, first, last, indicator, before_1996, rationale = row
    return PtpEdit(
        setting=NcciSetting(setting),
        column_one=one,
        column_two=two,
        effective_from=_day(first),
        effective_to=None if last == _NO_LAST_DAY else _day(last),
        modifier_indicator=indicator,
        before_1996=bool(before_1996),
        rationale=rationale,
    )


def _day(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)
