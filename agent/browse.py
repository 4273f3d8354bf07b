"""Walking through the books: the Alphabetic Index by words, the tabular list by stem or title."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pydantic import Field

from agent.index_path import BOOK_NAMES, PrintedCode, printed_codes
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook, CodebookEntry
from medcoding.codes import ICD10CM_SHAPE, parse_code
from medcoding.errors import InputError
from medcoding.index_entries import AnyEntry, Book
from medcoding.record import Record
from retrieval.wording import LATERALITY_WORDS, forms

_MOST_ENTRIES: Final = 40
_MOST_TERMS: Final = 40
_INDEXES: Final[tuple[Book, ...]] = ("diseases", "external_causes")


class SeenReference(Record):
    """A "see" or "see also" and where it leads."""

    text: str
    path: tuple[str, ...] = ()
    """Titles of the entry it leads to; empty where it names codes, a whole table or nothing that exists."""
    codes: tuple[PrintedCode, ...] = ()


class BrowsedTerm(Record):
    """A line of the Alphabetic Index or of one of its tables, with what stands below."""

    path: tuple[str, ...]
    nonessential: tuple[str, ...] = ()
    codes: tuple[PrintedCode, ...] = ()
    see: SeenReference | None = None
    see_also: SeenReference | None = None
    below: tuple[BrowsedTerm, ...] = ()
    below_left_out: int = 0
    """Lines directly below that the depth leaves out."""


class BrowsedEntry(Record):
    """An entry of the tabular list, with what stands below."""

    code: str
    title: str
    billable: bool
    below: tuple[BrowsedEntry, ...] = ()
    below_left_out: int = 0


class BrowseAnswer(Record):
    """What stands at the place asked for."""

    edition: str
    index_loaded: bool
    """False when the edition has no Alphabetic Index; then the tabular list answers."""
    letters: dict[str, int] = Field(default_factory=dict)
    """Main terms of the index by first letter, when nothing was asked for."""
    terms: tuple[BrowsedTerm, ...] = ()
    entries: tuple[BrowsedEntry, ...] = ()
    left_out: int = 0
    """Terms or entries of the highest level beyond those given."""


class Shelf(NamedTuple):
    """Where is browsed: one edition's codebook and its Alphabetic Index, and how many levels are shown."""

    codebook: Codebook
    alphabetic_index: AlphabeticIndex | None
    depth: int
    """Levels below the place asked for."""


def walk(shelf: Shelf, asked: str) -> BrowseAnswer:
    """What stands at a stem or under words; the letters or the chapters when nothing is asked for.

    Raises `UnknownCodeError` when a stem does not exist, `InputError` when no term and no title answers.
    """
    text = " ".join(asked.split())
    if not text:
        return (
            _letters(shelf, shelf.alphabetic_index)
            if shelf.alphabetic_index
            else _entries(shelf, _chapters(shelf.codebook), depth=0)
        )
    if entry := _stem(shelf.codebook, text):
        return _entries(shelf, [entry], shelf.depth)
    return _terms(shelf, shelf.alphabetic_index, text) if shelf.alphabetic_index else _titles(shelf, text)


def _letters(shelf: Shelf, index: AlphabeticIndex) -> BrowseAnswer:
    terms = {term.id: term.title for letter in string.ascii_uppercase for term in index.main_terms(letter)}
    counts = Counter(title[:1].upper() for title in terms.values())
    return _answer(shelf, letters=dict(sorted(counts.items())))


def _chapters(codebook: Codebook) -> list[CodebookEntry]:
    numbered = (codebook.entry(str(number)) for number in range(1, 100))
    return [entry for entry in numbered if entry]


def _stem(codebook: Codebook, text: str) -> CodebookEntry | None:
    """The entry of a chapter, block or code; None for words: `ear` is written like a category, but is none."""
    entry = codebook.entry(text.upper())
    if entry:
        return entry
    bare = text.upper().replace(".", "")
    written_like_one = ICD10CM_SHAPE.fullmatch(f"{bare[:3]}.{bare[3:]}".rstrip("."))
    return codebook.find(parse_code(text)) if written_like_one and any(c.isdigit() for c in text) else None


def _entries(shelf: Shelf, found: Sequence[CodebookEntry], depth: int) -> BrowseAnswer:
    shown = tuple(_entry(shelf.codebook, entry, depth) for entry in found[:_MOST_ENTRIES])
    return _answer(shelf, entries=shown, left_out=len(found) - len(shown))


def _entry(codebook: Codebook, entry: CodebookEntry, depth: int) -> BrowsedEntry:
    children = [child for code in codebook.children(entry.code) if (child := codebook.entry(code))]
    return BrowsedEntry(
        code=entry.code,
        title=entry.title,
        billable=entry.billable,
        below=tuple(_entry(codebook, child, depth - 1) for child in children) if depth else (),
        below_left_out=0 if depth else len(children),
    )


def _titles(shelf: Shelf, text: str) -> BrowseAnswer:
    """Without an index: the highest entries of the tabular list whose titles say every word, sides aside."""
    said = frozenset(_spoken(text))
    matching = {e.code: e for e in shelf.codebook.entries() if said and said <= frozenset(forms(e.title))}
    highest = [entry for entry in matching.values() if entry.parent not in matching]
    if not highest:
        raise InputError("No title of the tabular list says all these words; try 'chartwright search' with them.")
    return _entries(shelf, highest, depth=0)


def _terms(shelf: Shelf, index: AlphabeticIndex, text: str) -> BrowseAnswer:
    """The terms that are these words, else those that begin with them."""
    found = {entry.id: entry for entry in _named(index, text)} or {e.id: e for e in _led_by(index, text)}
    depth = shelf.depth
    if not found:
        found, depth = {term.id: term for book in _INDEXES for term in index.main_terms(text, book)}, 0
    if not found:
        raise InputError("No term of the Alphabetic Index begins with these words; try 'chartwright search' with them.")
    shown = tuple(_term(index, entry, depth) for entry in list(found.values())[:_MOST_TERMS])
    return _answer(shelf, terms=shown, left_out=len(found) - len(shown))


def _named(index: AlphabeticIndex, text: str) -> Iterator[AnyEntry]:
    """Main terms, the site's row and the substance's row; where a term has no code of its own, the one it names."""
    for book in _INDEXES:
        for entry in index.find_main(text, book):
            yield entry
            if entry.see and not any(printed_codes(entry)):
                yield from _target(index, entry.see, entry.book)
    rows: tuple[AnyEntry | None, ...] = (index.neoplasm(text), index.drug(text))
    yield from (row for row in rows if row)


def _led_by(index: AlphabeticIndex, text: str) -> Iterator[AnyEntry]:
    """A term below a main term, whichever of the words that one is: `knee pain` stands at Pain, knee."""
    words = _spoken(text)
    orders = [", ".join([word, *(w for w in words if w != word)]) for word in words]
    for book in _INDEXES:
        for order in [text, *orders]:
            if found := list(_target(index, order, book)):
                yield from found
                return


def _target(index: AlphabeticIndex, reference: str, book: Book) -> Iterator[AnyEntry]:
    place = index.resolve(reference, book)
    entry = index.entry(place.entry) if place.kind == "entry" and place.entry else None
    if entry:
        yield entry


def _spoken(text: str) -> list[str]:
    """Words that may stand in a book: the index and most titles leave the side to a character."""
    return [word for word in dict.fromkeys(forms(text)) if word not in LATERALITY_WORDS]


def _term(index: AlphabeticIndex, entry: AnyEntry, depth: int) -> BrowsedTerm:
    children = index.children(entry.id)
    return BrowsedTerm(
        path=_in_its_book(entry),
        nonessential=entry.nonessential,
        codes=tuple(printed_codes(entry)),
        see=_reference(index, entry.see, entry.book),
        see_also=_reference(index, entry.see_also, entry.book),
        below=tuple(_term(index, child, depth - 1) for child in children) if depth else (),
        below_left_out=0 if depth else len(children),
    )


def _in_its_book(entry: AnyEntry) -> tuple[str, ...]:
    return (BOOK_NAMES[entry.book], *entry.path)


def _reference(index: AlphabeticIndex, text: str, book: Book) -> SeenReference | None:
    if not text:
        return None
    for entry in _target(index, text, book):
        return SeenReference(text=text, path=_in_its_book(entry), codes=tuple(printed_codes(entry)))
    return SeenReference(text=text)


def _answer(
    shelf: Shelf,
    letters: dict[str, int] | None = None,
    terms: tuple[BrowsedTerm, ...] = (),
    entries: tuple[BrowsedEntry, ...] = (),
    left_out: int = 0,
) -> BrowseAnswer:
    return BrowseAnswer(
        edition=shelf.codebook.edition.name,
        index_loaded=shelf.alphabetic_index is not None,
        letters=letters or {},
        terms=terms,
        entries=entries,
        left_out=left_out,
    )
