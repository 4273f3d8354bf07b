"""An edition that is only known by what changed: our table of October 2026, applied to the edition before it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from index_build.editions.packaged import FY2026
from index_build.readers.order_file import prefixes
from medcoding.codebook import CodebookEntry, Edition, EntryKind, Succession
from medcoding.parsing import parse_record
from medcoding.record import Record

CHANGES_FILE: Final = Path(__file__).parents[1] / "knowledge" / "fy2027_changes.json"


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


@lru_cache(maxsize=1)
def fy2027_changes() -> EditionChanges:
    """Our table of the October 2026 change."""
    return parse_record(EditionChanges, CHANGES_FILE.read_bytes(), CHANGES_FILE.name)


def edition_of(changes: EditionChanges, before: Edition = FY2026) -> Edition:
    """The edition that a table of changes makes of the one before it, whose notes it keeps."""
    return Edition(
        name=changes.edition,
        effective_from=changes.effective_from,
        effective_to=changes.effective_to,
        status="derived",
        notes_from=before.notes_from or before.name,
        source=f"{before.source}; {changes.source}; {changes.status}",
    )


def apply_changes(entries: Iterable[CodebookEntry], changes: EditionChanges) -> list[CodebookEntry]:
    """The next edition's entries. What the table added, demoted or retitled is marked `derived`."""
    deleted, demoted = set(changes.deleted), set(changes.demoted)
    titles = {line.code: line.title for line in changes.retitled}
    kept = [_changed(e, demoted, titles) for e in entries if e.code not in deleted]
    known = {e.code for e in kept} | {line.code for line in changes.added}
    places = {e.code: e.parent for e in kept if e.kind == "category"}
    return kept + [_added(line, known, places) for line in changes.added]


def divided_codes(
    before: Iterable[CodebookEntry], after: Iterable[CodebookEntry], fiscal_year: int
) -> tuple[Succession, ...]:
    """A code that became a header was divided into the new billable codes below it; nothing else is certain."""
    known = {entry.code: entry.billable for entry in before}
    now = {entry.code: entry.billable for entry in after}
    return tuple(
        Succession(old=old, new=new, fiscal_year=fiscal_year)
        for new, billable in now.items()
        if billable and new not in known
        for old in prefixes(new)
        if known.get(old) and now.get(old) is False
    )


def block_of(category: str, places: Mapping[str, str | None]) -> str | None:
    """Where a category stands: its own place, else that of the category before it (`J4B` beside `J4A`)."""
    if category in places:
        return places[category]
    before = max((known for known in places if known < category and known[0] == category[0]), default=None)
    return places[before] if before else None


def _changed(entry: CodebookEntry, demoted: set[str], titles: dict[str, str]) -> CodebookEntry:
    update: dict[str, object] = {}
    if entry.code in demoted:
        update["billable"] = False
    if entry.code in titles:
        update["title"] = titles[entry.code]
    return entry.model_copy(update={**update, "status": "derived"}) if update else entry


def _added(line: AddedCode, known: set[str], places: dict[str, str | None]) -> CodebookEntry:
    kind: EntryKind = "subcategory" if "." in line.code else "category"
    return CodebookEntry(
        code=line.code,
        parent=_parent(line.code, known, places),
        kind=kind,
        title=line.title,
        billable=line.billable,
        status="derived",
    )


def _parent(code: str, known: set[str], places: dict[str, str | None]) -> str | None:
    """The longest known prefix; for a new category its block."""
    return next((prefix for prefix in prefixes(code) if prefix in known), None) or block_of(code, places)
