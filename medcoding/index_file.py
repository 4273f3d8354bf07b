"""How the Alphabetic Index is laid out in its SQLite file: entries of every book in one table, their codes in another.

Written once, by `write_index`; `medcoding.alphabetic_index` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from medcoding.book_file import new_book, write_release
from medcoding.cross_references import main_keys
from medcoding.index_entries import (
    AnyEntry,
    Book,
    Connector,
    DrugRow,
    IndexContent,
    IndexTerm,
    NeoplasmRow,
    TableCell,
    branch_connector,
)
from medcoding.record import Record

SCHEMA_VERSION: Final = 2
SEPARATOR: Final = "\x1f"
"""Stands between the words of a column that holds several."""

ENTRY: Final = """SELECT id, parent, book, title, nonessential, relation, see, see_also, further
    FROM entry WHERE id = ?"""
CODES: Final = "SELECT place, code, stem FROM code WHERE entry = ?"
"""With `ENTRY`, what `stored_entry` is rebuilt from."""

_SCHEMA: Final = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, parent INTEGER, last INTEGER NOT NULL, book TEXT NOT NULL, title TEXT NOT NULL,
    nonessential TEXT, relation TEXT, see TEXT, see_also TEXT, further TEXT
);
CREATE INDEX entry_parent ON entry (parent) WHERE parent IS NOT NULL;
CREATE TABLE code (entry INTEGER, place TEXT, code TEXT NOT NULL, stem INTEGER NOT NULL, PRIMARY KEY (entry, place))
    WITHOUT ROWID;
CREATE INDEX code_entry ON code (code, stem);
CREATE TABLE main_term (book TEXT, key TEXT, entry INTEGER, PRIMARY KEY (book, key, entry)) WITHOUT ROWID;
"""
_OWN: Final = "code"
"""The place of a term's own code; manifestations are numbered, a table's cells named by their column."""

_TERM_FURTHER: Final = ("see_category", "see_subcategory", "manifestations")
_NEOPLASM_FURTHER: Final = ("asterisk", "diamond", "remark")


class StoredCode(NamedTuple):
    """One code of an entry."""

    place: str
    code: str
    stem: int


StoredRow = tuple[int, int | None, Book, str, str | None, Connector | None, str | None, str | None, str | None]


class IndexRelease(Record):
    """Which edition an index file serves, and the official files it was read from."""

    edition: str
    sources: tuple[str, ...]


def write_index(path: Path, content: IndexContent) -> None:
    """Write a new index file; `path` must not exist yet."""
    entries: tuple[AnyEntry, ...] = (*content.diseases, *content.external_causes, *content.neoplasms, *content.drugs)
    with new_book(path, _SCHEMA) as connection:
        rows = (_row(e, last) for e, last in zip(entries, _last_below(entries), strict=True))
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        codes = ((e.id, *code) for e in entries for code in _codes(e))
        connection.executemany("INSERT INTO code VALUES (?, ?, ?, ?)", codes)
        mains = ((e.book, key, e.id) for e in entries if e.parent is None for key in sorted(main_keys(e.title)))
        connection.executemany("INSERT INTO main_term VALUES (?, ?, ?)", mains)
        write_release(connection, SCHEMA_VERSION, IndexRelease(edition=content.edition, sources=content.sources))


def stored_entry(row: StoredRow, path: tuple[str, ...], codes: Sequence[tuple[str, str, int]]) -> AnyEntry:
    """The record that `write_index` stored; rebuilt without checking every field again."""
    number, parent, book, title, nonessential, relation, see, see_also, further = row
    fields: dict[str, Any] = {
        "id": number,
        "parent": parent,
        "book": book,
        "path": path,
        "nonessential": tuple(nonessential.split(SEPARATOR)) if nonessential else (),
        "see": see or "",
        "see_also": see_also or "",
        **(json.loads(further) if further else {}),
    }
    stored = [StoredCode(*code) for code in codes]
    if book == "neoplasms":
        return NeoplasmRow.model_construct(None, **(fields | _cells(stored)))
    if book == "drugs":
        return DrugRow.model_construct(None, **(fields | _cells(stored)))
    own = next((code for code in stored if code.place == _OWN), StoredCode(_OWN, "", 0))
    fields["manifestations"] = tuple(fields.get("manifestations", ()))
    return IndexTerm.model_construct(
        None, **fields, code=own.code, stem=bool(own.stem), connector=branch_connector(title), relation=relation
    )


def _row(entry: AnyEntry, last: int) -> tuple[int | str | None, ...]:
    return (
        entry.id,
        entry.parent,
        last,
        entry.book,
        entry.title,
        SEPARATOR.join(entry.nonessential) or None,
        entry.relation if isinstance(entry, IndexTerm) else None,
        entry.see or None,
        entry.see_also or None,
        _further(entry),
    )


def _further(entry: AnyEntry) -> str | None:
    """What few entries have, as JSON; None for most."""
    if isinstance(entry, DrugRow):
        return None
    names = _TERM_FURTHER if isinstance(entry, IndexTerm) else _NEOPLASM_FURTHER
    said = {name: value for name in names if (value := getattr(entry, name))}
    return json.dumps(said) if said else None


def _codes(entry: AnyEntry) -> Iterator[StoredCode]:
    if not isinstance(entry, IndexTerm):
        yield from (StoredCode(column, cell.code, int(cell.stem)) for column, cell in entry.cells())
        return
    if entry.code:
        yield StoredCode(_OWN, entry.code, int(entry.stem))
    for number, code in enumerate(entry.manifestations):
        yield StoredCode(f"[{number}]", code, 0)


def _cells(stored: Sequence[StoredCode]) -> dict[str, TableCell]:
    return {c.place: TableCell.model_construct(code=c.code, stem=bool(c.stem)) for c in stored}


def _last_below(entries: Sequence[AnyEntry]) -> list[int]:
    """For every entry the last id of what stands below it, itself where nothing does."""
    last = {entry.id: entry.id for entry in entries}
    for entry in reversed(entries):
        if entry.parent is not None:
            last[entry.parent] = max(last[entry.parent], last[entry.id])
    return list(last.values())
