"""An edition's entries: an official list of codes, explained by the tabular list or by an earlier edition.

The list decides what exists and what is billable. What explains it gives chapters, blocks, notes, the words of seventh
characters, and titles where the list has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from index_build.editions.changes import block_of
from index_build.readers.order_file import ListedCode, prefixes
from index_build.readers.tabular import TabularEntry, TabularList
from medcoding.codebook import CodebookEntry
from medcoding.errors import InputError
from medcoding.notes import NO_NOTES

_ONE_DISAGREEMENT_IN: Final = 10_000
"""So many codes may hold one that stands in the list and not in the tabular list, or the other way round."""

_CODES: Final = frozenset({"category", "subcategory"})


class CodeListing(NamedTuple):
    """An official list of codes and the name of its file."""

    name: str
    codes: Sequence[ListedCode]


class Explanation(NamedTuple):
    """Printed entries by code, which give a list its structure, words and notes."""

    name: str
    entries: Mapping[str, TabularEntry]
    of_same_release: bool
    """List and tabular list of one release must name the same codes; an earlier edition need not."""


def by_tabular(tabular: TabularList) -> Explanation:
    """The tabular list of the same release."""
    return Explanation(tabular.name, tabular.entries, of_same_release=True)


def by_edition(name: str, entries: Iterable[CodebookEntry], *, with_notes: bool) -> Explanation:
    """Another edition: its structure, and its notes too where they may be inherited."""
    printed = (
        TabularEntry(e.code, e.parent, e.kind, e.title, e.notes if with_notes else NO_NOTES, {}) for e in entries
    )
    return Explanation(name, {e.code: e for e in printed}, of_same_release=False)


def listed_entries(listing: CodeListing, explained: Explanation) -> list[CodebookEntry]:
    """Chapters, blocks, headers and codes. Raises `InputError` where the two do not fit each other."""
    lines = {line.code: line for line in listing.codes}
    codes = dict.fromkeys((*_headers_left_out(lines, explained.entries), *lines))
    words = {code: found for code in codes if (found := _explained(code, explained.entries))}
    if explained.of_same_release:
        _check_fit(listing.name, codes.keys() - words.keys(), explained, codes)
    places = {e.code: e.parent for e in explained.entries.values() if e.kind == "category"}
    above = (e for e in explained.entries.values() if e.kind not in _CODES)
    return [
        *(_above(entry) for entry in above),
        *(_entry(code, lines.get(code), words.get(code), _parent(code, codes, places), listing.name) for code in codes),
    ]


def _headers_left_out(lines: Mapping[str, ListedCode], printed: Mapping[str, TabularEntry]) -> Iterator[str]:
    """A list of billable codes leaves the headers out."""
    return (above for code in lines for above in prefixes(code) if above not in lines and above in printed)


def _explained(code: str, printed: Mapping[str, TabularEntry]) -> TabularEntry | None:
    """The printed entry, or its stem with the words of the seventh character in force there (`S82.62XA`)."""
    if code in printed:
        return printed[code]
    stem = next((printed[above] for above in prefixes(code) if above in printed), None)
    words = stem.governed_by.get(code[-1]) if stem and len(code) == 8 else None
    if not stem or not words or code[len(stem.code) : -1].strip(".X"):
        return None
    return TabularEntry(code, stem.code, "subcategory", f"{stem.title}, {words}", NO_NOTES, {})


def _check_fit(name: str, unexplained: Iterable[str], tabular: Explanation, codes: Mapping[str, None]) -> None:
    unlisted = (e.code for e in tabular.entries.values() if e.kind in _CODES and e.code not in codes)
    apart = sorted((*unexplained, *unlisted))
    if len(apart) * _ONE_DISAGREEMENT_IN > len(codes):
        raise InputError(
            f"{name} and {tabular.name} do not name the same codes ({len(apart):,} differ, such as {apart[0]}); "
            f"give both files of one release."
        )


def _above(entry: TabularEntry) -> CodebookEntry:
    return CodebookEntry(
        code=entry.code,
        parent=entry.parent,
        kind=entry.kind,
        title=entry.title,
        billable=False,
        status="official",
        notes=entry.notes,
    )


def _entry(
    code: str, line: ListedCode | None, words: TabularEntry | None, parent: str | None, name: str
) -> CodebookEntry:
    title = (line.title if line else "") or (words.title if words else "")
    if not title:
        raise InputError(f"{name} gives {code} no title; add the tabular list of its release.")
    return CodebookEntry(
        code=code,
        parent=parent,
        kind="subcategory" if "." in code else "category",
        title=title,
        billable=line is not None and line.billable,
        status="official",
        notes=words.notes if words else NO_NOTES,
    )


def _parent(code: str, codes: Mapping[str, None], places: Mapping[str, str | None]) -> str | None:
    return next((above for above in prefixes(code) if above in codes), None) or block_of(code, places)
