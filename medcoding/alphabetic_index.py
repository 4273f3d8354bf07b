"""The Alphabetic Index and its tables: one SQLite file per index edition, read only, opened in milliseconds.

A file is written once by `medcoding.index_file` and never changed. Entries of every book are numbered in printed
order, so what stands below an entry is a run of numbers, and the path of an entry is read from its parents.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from medcoding.book_file import BookFile
from medcoding.cross_references import (
    PrintedLine,
    Reference,
    Subtree,
    into_neoplasm_table,
    key_of,
    read_reference,
    words,
)
from medcoding.index_entries import AnyEntry, Book, DrugRow, IndexTerm, NeoplasmRow
from medcoding.index_file import CODES, ENTRY, SCHEMA_VERSION, SEPARATOR, IndexRelease, stored_entry
from medcoding.record import Record

ResolutionKind = Literal["entry", "codes", "table", "condition", "subterm_missing", "main_term_missing"]


class Resolution(Record):
    """Where a "see" or "see also" leads."""

    text: str
    kind: ResolutionKind
    """`codes`: it names categories or characters, not an entry; `table`: a whole table; `condition`: look up the
    condition itself; the last two: no entry answers."""
    entry: int | None = None
    """The entry meant; for `subterm_missing` the nearest one above it."""
    choose_by: str = ""
    """What remains to be chosen at that entry: `site`, `type`."""
    column: str = ""
    """The column of a table that is named."""

    @property
    def resolved(self) -> bool:
        """True when the reference leads somewhere; `condition` is an instruction that names no place."""
        return self.kind in {"entry", "codes", "table"}


class IndexReference(NamedTuple):
    """A reference as it stands in the index, and where it leads."""

    entry: int
    kind: Literal["see", "see_also"]
    resolution: Resolution


class IndexLine(NamedTuple):
    """A line of any book as it is printed, for what reads the whole index at once."""

    id: int
    parent: int | None
    last: int
    """The last line below it, its own id where nothing stands below."""
    book: Book
    title: str
    nonessential: tuple[str, ...]


class AlphabeticIndex:
    """One index edition, read only. Safe to share between threads. Memory: bounded caches of entries and subtrees."""

    def __init__(self, path: Path) -> None:
        self._file = BookFile(path, "Alphabetic Index")
        release = self._file.release(IndexRelease, SCHEMA_VERSION)
        self.edition, self.sources = release.edition, release.sources
        self.entry = lru_cache(maxsize=16_384)(self._read_entry)
        self._path = lru_cache(maxsize=16_384)(self._read_path)
        self._subtree = lru_cache(maxsize=256)(self._read_subtree)
        self._resolution = lru_cache(maxsize=16_384)(self._resolve)

    def term(self, number: int) -> IndexTerm | None:
        """A term of the index to diseases or external causes; None when the number is not one of theirs."""
        found = self.entry(number)
        return found if isinstance(found, IndexTerm) else None

    def main_terms(self, prefix: str, book: Book = "diseases") -> tuple[AnyEntry, ...]:
        """Main terms one of whose forms begins with the prefix, in printed order."""
        key = key_of(prefix)
        query = "SELECT DISTINCT entry FROM main_term WHERE book = ? AND key >= ? AND key < ? ORDER BY entry"
        return self._entries(row[0] for row in self._file.rows(query, book, key, f"{key}\x7f")) if key else ()

    def find_main(self, word: str, book: Book = "diseases") -> tuple[AnyEntry, ...]:
        """Main terms that are this word in any form, singular or plural, in printed order."""
        return self._entries(self._mains(book, key_of(word)))

    def children(self, number: int) -> tuple[AnyEntry, ...]:
        """Entries directly below, in printed order."""
        return self._entries(
            row[0] for row in self._file.rows("SELECT id FROM entry WHERE parent = ? ORDER BY id", number)
        )

    def leading_to(self, code: str) -> tuple[AnyEntry, ...]:
        """Entries that print a code or a stem of it, the longest stem first, then in printed order."""
        query = """SELECT DISTINCT entry, length(code) FROM code
            WHERE code = ? OR (stem = 1 AND code IN (SELECT value FROM json_each(?)))
            ORDER BY length(code) DESC, entry"""
        rows = self._file.rows(query, code, json.dumps(_stems(code)))
        return self._entries(dict.fromkeys(row[0] for row in rows))

    def neoplasm(self, site: str) -> NeoplasmRow | None:
        """The row of a site (`breast, upper-outer quadrant`), its reference followed; None when none covers it."""
        found = self._follow(self._resolve_entry(Reference("entry", "neoplasms", (site,)), site))
        return found if isinstance(found, NeoplasmRow) else None

    def drug(self, name: str) -> DrugRow | None:
        """The row of a substance, its reference followed; None when the table does not list it."""
        found = self._follow(self._resolution(name, "drugs"))
        return found if isinstance(found, DrugRow) else None

    def resolve(self, reference: str, book: Book = "diseases") -> Resolution:
        """Where the text of a "see" or "see also" leads from `book`."""
        return self._resolution(reference, book)

    def lines(self) -> Iterator[IndexLine]:
        """Every line of every book, in printed order; ids run from 1 without a gap."""
        query = "SELECT id, parent, last, book, title, coalesce(nonessential, '') FROM entry ORDER BY id"
        for number, parent, last, book, title, nonessential in self._file.rows(query):
            yield IndexLine(number, parent, last, book, title, tuple(filter(None, nonessential.split(SEPARATOR))))

    def references(self) -> Iterator[IndexReference]:
        """Every reference of the index with where it leads, in printed order."""
        kinds: tuple[Literal["see", "see_also"], ...] = ("see", "see_also")
        for number, book, *texts in self._file.rows(
            "SELECT id, book, see, see_also FROM entry WHERE see IS NOT NULL OR see_also IS NOT NULL ORDER BY id"
        ):
            for kind, text in zip(kinds, texts, strict=True):
                if text:
                    yield IndexReference(number, kind, self._resolution(text, book))

    def unresolved(self) -> tuple[IndexReference, ...]:
        """The references that lead nowhere, each with its reason."""
        return tuple(reference for reference in self.references() if not reference.resolution.resolved)

    def count(self, book: Book) -> int:
        """How many entries a book has; 0 where it was not given."""
        ((number,),) = self._file.rows("SELECT count(*) FROM entry WHERE book = ?", book)
        return int(number)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _follow(self, resolution: Resolution) -> AnyEntry | None:
        """The entry found, or the one it sends the reader on to."""
        if resolution.kind != "entry" or resolution.entry is None:
            return None
        found = self.entry(resolution.entry)
        if found and found.see and not isinstance(found, IndexTerm) and not found.cells():
            further = self._resolution(found.see, found.book)
            return self.entry(further.entry) if further.kind == "entry" and further.entry else found
        return found

    def _resolve(self, text: str, book: Book) -> Resolution:
        """In the book it names; what a table does not hold is looked for in the index, and the other way round."""
        reference = read_reference(text, book)
        if reference.kind != "entry":
            return Resolution(text=text, kind=reference.kind, column=reference.column)
        tried: list[Resolution] = []
        for place in self._places(reference):
            tried.append(self._resolve_entry(place, text))
            if tried[-1].resolved:
                return tried[-1]
        return tried[0]

    def _places(self, reference: Reference) -> Iterator[Reference]:
        """The same reference as each book that may be meant would hold it, the likeliest first."""
        first = words(reference.parts[0])[:1] if reference.parts else ()
        if first == ("neoplasm",) and self.count("neoplasms"):
            yield into_neoplasm_table(reference)
        yield reference
        if reference.book in {"neoplasms", "drugs"}:
            yield reference._replace(book="diseases")
        elif first == ("poisoning",) and self.count("drugs"):
            yield reference._replace(book="drugs", parts=reference.parts[1:], column="accidental")

    def _resolve_entry(self, reference: Reference, text: str) -> Resolution:
        """Where several main terms fit alike, the longest is meant: `Fracture, skull` stands below the traumatic."""
        said, choosing = ", ".join(reference.parts), bool(reference.choose_by)
        trees = sorted(map(self._subtree, self._starts(reference)), key=lambda tree: -tree.size)
        matches = [match for tree in trees if (match := tree.best(said, choosing=choosing))]
        best = min(matches, key=lambda match: (match.missing, match.further), default=None)
        kind: ResolutionKind = "main_term_missing"
        if best:
            kind = "subterm_missing" if best.missing else "entry"
        return Resolution(
            text=text,
            kind=kind,
            entry=best.id if best else None,
            choose_by=reference.choose_by,
            column=reference.column,
        )

    def _starts(self, reference: Reference) -> tuple[int, ...]:
        """Main terms a reference may mean: by its longest beginning that is one, else by its first word.

        The neoplasm table has one main term, which a site need not name.
        """
        if reference.book == "neoplasms":
            return self._mains("neoplasms", "neoplasm")
        beginnings = [" ".join(reference.parts[:length]) for length in range(len(reference.parts), 0, -1)]
        first = words(reference.parts[0]) if reference.parts else ()
        beginnings += [" ".join(first[:length]) for length in range(len(first) - 1, 0, -1)]
        found = (self._mains(reference.book, key_of(beginning)) for beginning in beginnings)
        return next(filter(None, found), ()) or self._beginning_with(reference.book, first)

    def _beginning_with(self, book: Book, first: tuple[str, ...]) -> tuple[int, ...]:
        query = "SELECT DISTINCT entry FROM main_term WHERE book = ? AND key > ? AND key < ? ORDER BY entry"
        return tuple(row[0] for row in self._file.rows(query, book, f"{first[0]} ", f"{first[0]}!")) if first else ()

    def _mains(self, book: Book, key: str) -> tuple[int, ...]:
        query = "SELECT entry FROM main_term WHERE book = ? AND key = ? ORDER BY entry"
        return tuple(row[0] for row in self._file.rows(query, book, key))

    def _read_subtree(self, number: int) -> Subtree:
        query = """SELECT below.id, below.parent, below.title, coalesce(below.nonessential, '')
            FROM entry JOIN entry AS below ON below.id BETWEEN entry.id AND entry.last
            WHERE entry.id = ? ORDER BY below.id"""
        return Subtree(PrintedLine(*row) for row in self._file.rows(query, number))

    def _entries(self, numbers: Iterable[int]) -> tuple[AnyEntry, ...]:
        return tuple(entry for number in numbers if (entry := self.entry(number)))

    def _read_entry(self, number: int) -> AnyEntry | None:
        rows = self._file.rows(ENTRY, number)
        return stored_entry(rows[0], self._path(number), self._file.rows(CODES, number)) if rows else None

    def _read_path(self, number: int) -> tuple[str, ...]:
        rows = self._file.rows("SELECT parent, title FROM entry WHERE id = ?", number)
        return tuple(t for parent, title in rows for t in (*(self._path(parent) if parent else ()), title))


def _stems(code: str) -> tuple[str, ...]:
    """Every shorter beginning of a code that could be printed as its stem."""
    return tuple(code[:length] for length in range(len(code) - 1, 2, -1) if code[length - 1] != ".")
