"""The way through the Alphabetic Index to a code, as a coder would look it up: main term, subterms, printed code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.cross_references import words
from medcoding.index_entries import AnyEntry, Book, IndexTerm
from medcoding.record import Record

BOOK_NAMES: Final[dict[Book, str]] = {
    "diseases": "Alphabetic Index",
    "external_causes": "Index to External Causes",
    "neoplasms": "Neoplasm Table",
    "drugs": "Table of Drugs",
}
_JOINING: Final = frozenset({"with", "without", "in", "due", "by", "from", "on", "for", "not"})
"""Words that join a path and say nothing of a condition."""


class PrintedCode(Record):
    """A code as an entry prints it."""

    code: str
    """A stem with its dash: `S82.10-`, `S82.-`; a manifestation in brackets behind its etiology: `E85.4 [N08]`."""
    column: str = ""
    """The column of a table: `malignant primary`, `adverse effect`; empty in the index itself."""


class IndexPath(Record):
    """One entry that leads to a code."""

    book: Book
    titles: tuple[str, ...]
    """From the main term to the entry."""
    printed: PrintedCode

    def steps(self) -> tuple[str, ...]:
        """One line a title: the book before the first, the column and the code behind the last."""
        column = f", {self.printed.column}" if self.printed.column else ""
        first, *others = (f"{BOOK_NAMES[self.book]}: {self.titles[0]}", *self.titles[1:])
        steps = [first, *others]
        return (*steps[:-1], f"{steps[-1]}{column}: {self.printed.code}")


class _Leading(NamedTuple):
    """An entry that leads to a code and the words of its path."""

    path: IndexPath
    said: frozenset[str]
    """Words of the titles."""
    may_be_said: frozenset[str]
    """Nonessential words: said or not, the code is the same."""


class IndexPaths:
    """Paths of one index edition. Remembers what leads to the last 512 codes asked about."""

    def __init__(self, index: AlphabeticIndex) -> None:
        self._index = index
        self._leading = lru_cache(maxsize=512)(self._read_leading)

    def closest(self, code: str, said: Iterable[str]) -> IndexPath | None:
        """The path to the code or its stem that shares most words with what is said, then says least beside it.

        None when no path shares a word. Of paths that are alike the one to the longest stem is given.
        """
        spoken = frozenset(word for text in said for word in words(text)) - _JOINING
        best = min(self._leading(code), key=lambda leading: _distance(leading, spoken), default=None)
        return best.path if best and spoken & (best.said | best.may_be_said) else None

    def _read_leading(self, code: str) -> tuple[_Leading, ...]:
        return tuple(_Leading(path, *_words_of(e)) for e in self._index.leading_to(code) for path in paths_of(e, code))


def paths_of(entry: AnyEntry, code: str) -> Iterator[IndexPath]:
    """The entry as a path to a code: once for a term, once a column for a table's row."""
    for printed in printed_codes(entry, code):
        yield IndexPath(book=entry.book, titles=entry.path, printed=printed)


def printed_codes(entry: AnyEntry, code: str = "") -> Iterator[PrintedCode]:
    """What an entry prints, the cells of a table's row one by one; only what leads to a code where one is given."""
    if isinstance(entry, IndexTerm):
        if entry.code or entry.manifestations:
            brackets = f"[{', '.join(entry.manifestations)}]" if entry.manifestations else ""
            yield PrintedCode(code=f"{_dashed(entry.code, stem=entry.stem)} {brackets}".strip())
        return
    for column, cell in entry.cells():
        if not code or cell.code == code or (cell.stem and code.startswith(cell.code)):
            yield PrintedCode(code=_dashed(cell.code, stem=cell.stem), column=column.replace("_", " "))


def _distance(leading: _Leading, spoken: frozenset[str]) -> tuple[int, int]:
    return -len(spoken & (leading.said | leading.may_be_said)), len(leading.said - spoken)


def _words_of(entry: AnyEntry) -> tuple[frozenset[str], frozenset[str]]:
    titles = frozenset(word for title in entry.path for word in words(title))
    return titles - _JOINING, frozenset(word for text in entry.nonessential for word in words(text))


def _dashed(code: str, *, stem: bool) -> str:
    return code if not stem or not code else f"{code}-" if "." in code else f"{code}.-"
