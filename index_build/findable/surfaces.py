"""Surface forms: every wording under which a billable code can be found, each its own point in the index.

Billable titles differ mostly by side and encounter. So a title loses both, codes that then read alike share one
surface, and the note's attributes choose among them later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import orjson

from index_build.findable.collection import Findable
from medcoding.codebook import CodebookEntry, Edition
from medcoding.record import Record
from retrieval.wording import reduce_title

SurfaceKind = Literal["title", "inclusion", "clinical", "index", "neoplasm_table", "drug_table", "crosswalk"]


class Surface(Record):
    """One wording, the codes or stems it names, and the dates of service it is valid for."""

    text: str
    codes: tuple[str, ...]
    kind: SurfaceKind
    effective_from: int
    """YYYYMMDD, first day."""
    effective_to: int
    """YYYYMMDD, last day."""

    @classmethod
    def over(cls, text: str, codes: tuple[str, ...], kind: SurfaceKind, editions: Sequence[Edition]) -> Surface:
        """A wording that holds from the first to the last day of some editions."""
        first, last = min(e.effective_from for e in editions), max(e.effective_to for e in editions)
        return cls(text=text, codes=codes, kind=kind, effective_from=_day(first), effective_to=_day(last))

    def findable(self) -> Findable:
        """The point it becomes."""
        return Findable(self.text, {**self.model_dump(), "system": "icd10cm"})


def edition_surfaces(edition: Edition, entries: Iterable[CodebookEntry]) -> Iterator[Surface]:
    """Surfaces of one edition: reduced titles of billable codes and inclusion terms of every entry."""
    book = {entry.code: entry for entry in entries if entry.kind in {"category", "subcategory"}}
    for text, codes in _titles(book).items():
        yield Surface.over(text, codes, "title", [edition])
    for entry in book.values():
        for term in entry.notes.inclusion_terms:
            if reduced := reduce_title(term):
                yield Surface.over(reduced, (entry.code,), "inclusion", [edition])


def write_surfaces(path: Path, surfaces: Iterable[Surface]) -> None:
    """Keep surfaces for `read_surfaces`."""
    path.write_bytes(orjson.dumps([surface.model_dump() for surface in surfaces]))


def read_surfaces(path: Path) -> tuple[Surface, ...]:
    """What `write_surfaces` kept; the records were checked when they were made."""
    rows = orjson.loads(path.read_bytes())
    return tuple(Surface.model_construct(**{**row, "codes": tuple(row["codes"])}) for row in rows)


def merged(surfaces: Iterable[Surface]) -> tuple[Surface, ...]:
    """One surface for the same wording and codes in several editions, valid over all of them."""
    by_meaning: dict[tuple[str, tuple[str, ...], str], list[Surface]] = defaultdict(list)
    for surface in surfaces:
        by_meaning[surface.text.lower(), surface.codes, surface.kind].append(surface)
    return tuple(_over_all(group) for group in by_meaning.values())


def _over_all(group: list[Surface]) -> Surface:
    first = min(s.effective_from for s in group)
    last = max(s.effective_to for s in group)
    return group[0].model_copy(update={"effective_from": first, "effective_to": last})


def _titles(book: dict[str, CodebookEntry]) -> dict[str, tuple[str, ...]]:
    """Reduced title -> the billable codes that share it within one category, in book order."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, entry in book.items():
        if entry.billable:
            groups[code[:3], reduce_title(_without_encounter(entry, book))].append(code)
    texts: dict[str, list[str]] = defaultdict(list)
    for (_, text), codes in sorted(groups.items()):
        texts[text].extend(codes)
    return {text: tuple(codes) for text, codes in texts.items() if text}


def _without_encounter(entry: CodebookEntry, book: dict[str, CodebookEntry]) -> str:
    """The title before its seventh character's words: that of the entry the character was added to."""
    parent = book.get(entry.parent or "")
    if parent and entry.title.startswith(f"{parent.title}, ") and len(entry.code) == 8:
        return parent.title
    return entry.title


def _day(day: object) -> int:
    return int(str(day).replace("-", ""))
