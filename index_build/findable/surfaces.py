"""Surface forms: every wording under which a billable code can be found, each its own point in the index.

Billable titles differ mostly by side and encounter. So a title loses both, codes that then read alike share one
surface, and the note's attributes choose among them later. The title of a header is a surface too where no title below
it reads alike: a note says `fracture of the tibia`, not which of its thirty forms.

Words are looked for in the titles of billable codes alone, with those of their category that they lack; every other
wording is found by its vector. Measured on the training part: words in short wordings of other codes lead astray
(R@10 .551 with them, .647 without).
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
from retrieval.wording import forms, reduce_title

SurfaceKind = Literal["title", "header", "inclusion", "clinical", "index", "neoplasm_table", "drug_table", "crosswalk"]


class Surface(Record):
    """One wording, the codes or stems it names, and the dates of service it is valid for."""

    text: str
    codes: tuple[str, ...]
    kind: SurfaceKind
    effective_from: int
    """YYYYMMDD, first day."""
    effective_to: int
    """YYYYMMDD, last day."""
    category: str = ""
    """Of a title, the words of its category's that it lacks."""

    @classmethod
    def over(cls, text: str, codes: tuple[str, ...], kind: SurfaceKind, editions: Sequence[Edition]) -> Surface:
        """A wording that holds from the first to the last day of some editions."""
        first, last = min(e.effective_from for e in editions), max(e.effective_to for e in editions)
        return cls(text=text, codes=codes, kind=kind, effective_from=_day(first), effective_to=_day(last))

    def findable(self) -> Findable:
        """The point it becomes."""
        words = f"{self.text} {self.category}".strip() if self.kind == "title" else ""
        return Findable(self.text, {**self.model_dump(exclude={"category"}), "system": "icd10cm"}, words)


def edition_surfaces(edition: Edition, entries: Iterable[CodebookEntry]) -> Iterator[Surface]:
    """Surfaces of one edition: reduced titles of billable codes and of headers, inclusion terms of every entry."""
    book = {entry.code: entry for entry in entries if entry.kind in {"category", "subcategory"}}
    titles = _titles(book)
    for text, codes in titles.items():
        surface = Surface.over(text, codes, "title", [edition])
        yield surface.model_copy(update={"category": _lacking(text, book, codes)})
    for text, code in _headers(book, titles):
        yield Surface.over(text, (code,), "header", [edition])
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


def _headers(book: dict[str, CodebookEntry], titles: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Reduced titles of headers, each once on its line, where no billable title below reads alike."""
    for code, entry in book.items():
        text = reduce_title(entry.title)
        below = any(other.startswith(code) for other in titles.get(text, ()))
        above = book.get(entry.parent or "")
        repeats = above is not None and reduce_title(above.title) == text
        if text and not entry.billable and not below and not repeats:
            yield text, code


def _lacking(text: str, book: dict[str, CodebookEntry], codes: Iterable[str]) -> str:
    """Words of the categories' titles that a title lacks, in order."""
    said = frozenset(forms(text))
    categories = (book[code[:3]].title for code in codes if code[:3] in book)
    words = dict.fromkeys(word for title in dict.fromkeys(categories) for word in forms(reduce_title(title)))
    return " ".join(word for word in words if word not in said)


def _without_encounter(entry: CodebookEntry, book: dict[str, CodebookEntry]) -> str:
    """The title before its seventh character's words: that of the entry the character was added to."""
    parent = book.get(entry.parent or "")
    if parent and entry.title.startswith(f"{parent.title}, ") and len(entry.code) == 8:
        return parent.title
    return entry.title


def _day(day: object) -> int:
    return int(str(day).replace("-", ""))
