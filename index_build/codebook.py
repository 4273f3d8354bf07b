"""Codebook editions: April 2026 from the `simple-icd-10-cm` package, October 2026 from our table of changes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from medcoding.codebook import CodebookEntry, Edition, EntryKind, InstructionalNotes
from medcoding.codes import ICD10CM_SHAPE
from medcoding.parsing import parse_record
from medcoding.record import Record

FY2026: Final = Edition(
    name="FY2026",
    effective_from=datetime.date(2025, 10, 1),
    effective_to=datetime.date(2026, 9, 30),
    status="official",
    source="CDC/NCHS ICD-10-CM, April 2026 release, as carried by simple-icd-10-cm 1.5.0",
)

CHANGES_FILE: Final = Path(__file__).parent / "knowledge" / "fy2027_changes.json"
_LINE_BREAKS: Final = re.compile(r"[\t\n]+ *")


class AddedCode(Record):
    """A code or header that begins with the edition, titled in our own words."""

    code: str
    title: str
    billable: bool


class RetitledCode(Record):
    """A code whose title changes, in our own words."""

    code: str
    title: str


class EditionChanges(Record):
    """What changes from one edition to the next, as facts in a table of our own."""

    edition: str
    effective_from: datetime.date
    effective_to: datetime.date
    status: str
    source: str
    added: tuple[AddedCode, ...]
    deleted: tuple[str, ...]
    demoted: tuple[str, ...]
    retitled: tuple[RetitledCode, ...]


def packaged_entries() -> Iterator[CodebookEntry]:
    """Every chapter, block and code of the April 2026 release with its own notes (98,466 entries, 4 s).

    39 blocks hold one category of the same name (`F99`); the category stands for both.
    """
    import simple_icd_10_cm as book

    for name in dict.fromkeys(book.get_all_codes()):
        is_code = bool(ICD10CM_SHAPE.fullmatch(name))
        yield CodebookEntry(
            code=name,
            parent=_packaged_parent(book, name),
            kind=_kind(name),
            title=_title(book, name),
            billable=is_code and book.is_leaf(name),
            status="official",
            notes=_notes(book, name),
        )


def apply_changes(entries: list[CodebookEntry], changes: EditionChanges) -> list[CodebookEntry]:
    """The next edition's entries. What the table added, demoted or retitled is marked `derived`."""
    deleted, demoted = set(changes.deleted), set(changes.demoted)
    titles = {line.code: line.title for line in changes.retitled}
    kept = [_changed(e, demoted, titles) for e in entries if e.code not in deleted]
    known = {e.code for e in kept} | {line.code for line in changes.added}
    places = {e.code: e.parent for e in kept if e.kind == "category"}
    return kept + [_added(line, known, places) for line in changes.added]


@lru_cache(maxsize=1)
def fy2027_changes() -> EditionChanges:
    """Our table of the October 2026 change."""
    return parse_record(EditionChanges, CHANGES_FILE.read_bytes(), CHANGES_FILE.name)


def edition_of(changes: EditionChanges) -> Edition:
    """The edition that a table of changes makes."""
    return Edition(
        name=changes.edition,
        effective_from=changes.effective_from,
        effective_to=changes.effective_to,
        status="derived",
        source=f"{FY2026.source}; {changes.source}; {changes.status}",
    )


def _changed(entry: CodebookEntry, demoted: set[str], titles: dict[str, str]) -> CodebookEntry:
    update: dict[str, object] = {}
    if entry.code in demoted:
        update["billable"] = False
    if entry.code in titles:
        update["title"] = titles[entry.code]
    return entry.model_copy(update={**update, "status": "derived"}) if update else entry


def _added(line: AddedCode, known: set[str], places: dict[str, str | None]) -> CodebookEntry:
    return CodebookEntry(
        code=line.code,
        parent=_parent(line.code, known, places),
        kind=_kind(line.code),
        title=line.title,
        billable=line.billable,
        status="derived",
    )


def _parent(code: str, known: set[str], places: dict[str, str | None]) -> str | None:
    """The longest known prefix; a new category stands beside the category before it (`J4B` in the block of `J4A`)."""
    for length in range(len(code) - 1, 2, -1):
        prefix = code[:length].rstrip(".")
        if prefix in known:
            return prefix
    return places[max(category for category in places if category < code)]


def _kind(name: str) -> EntryKind:
    if ICD10CM_SHAPE.fullmatch(name):
        return "subcategory" if "." in name else "category"
    return "block" if "-" in name else "chapter"


def _packaged_parent(book: Any, name: str) -> str | None:
    parent = book.get_parent(name)
    return (book.get_parent(name, True) if parent == name else parent) or None


def _title(book: Any, name: str) -> str:
    """The official title. Behind a seventh character's words the package adds that character's inclusion term."""
    title: str = book.get_description(name)
    stem: str = book.get_description(book.get_parent(name)) if len(name) == 8 else title
    return stem + title.removeprefix(stem).split("/", 1)[0] if title.startswith(stem) else title


def _notes(book: Any, name: str) -> InstructionalNotes:
    return InstructionalNotes(
        includes=_lines(book.get_includes(name)),
        inclusion_terms=_lines(book.get_inclusion_term(name)),
        excludes1=_lines(book.get_excludes1(name)),
        excludes2=_lines(book.get_excludes2(name)),
        code_first=_lines(book.get_code_first(name)),
        use_additional_code=_lines(book.get_use_additional_code(name)),
        code_also=_lines(book.get_code_also(name)),
        notes=_lines(book.get_notes(name)),
        seventh_character_note=_line(book.get_seven_chr_note(name)),
        seventh_characters={key: _line(value) for key, value in book.get_seven_chr_def(name).items()},
    )


def _lines(notes: list[str] | str) -> tuple[str, ...]:
    found = notes.split("\n") if isinstance(notes, str) else notes
    return tuple(line for note in found if (line := _line(note)))


def _line(text: str) -> str:
    return _LINE_BREAKS.sub(" ", text).strip()
