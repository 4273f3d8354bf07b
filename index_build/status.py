"""What an index holds, how old it is and what is missing, each gap with what would fill it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

from pydantic import AwareDatetime
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from index_build.editions.note_shares import parsed_shares
from medcoding.codebook import Codebook, Edition
from medcoding.codes import CodeSystem
from medcoding.record import Record
from retrieval.index_folder import IndexFolder, IndexInput

_SYSTEMS: Final = {
    CodeSystem.HCPCS: "HCPCS codes are not offered and cannot be checked; give the quarterly file (--hcpcs)",
    CodeSystem.CPT: "CPT-shaped codes are unverifiable; give your licensed file (--cpt)",
}


class EditionStatus(Record):
    """One edition and the official files behind it."""

    edition: Edition
    billable: int
    index_sources: tuple[str, ...]
    """Files of its Alphabetic Index and tables; empty when none was given."""


class NotesRead(Record):
    """How much of one kind of instructional note names codes and was read, counted in printed lines."""

    edition: str
    kind: str
    lines: int
    naming: int
    read: int


class IndexStatus(Record):
    """What `chartwright index status` shows."""

    digest: str
    built_at: AwareDatetime
    age_days: int
    editions: tuple[EditionStatus, ...]
    counts: dict[str, int]
    encoder: str
    made_with: tuple[str, ...]
    inputs: tuple[IndexInput, ...]
    notes_read: tuple[NotesRead, ...] = ()
    missing: tuple[str, ...]
    """Sentences: what is missing and what to do about it."""


def index_status(index: IndexFolder, *, with_notes: bool = False, today: date | None = None) -> IndexStatus:
    """Read the status of an open index; `with_notes` counts every note (two seconds an edition)."""
    now = datetime.now(UTC)
    books = index.codebooks().editions
    editions = tuple(_edition(index, book) for book in books)
    return IndexStatus(
        digest=index.manifest.digest,
        built_at=index.manifest.built_at,
        age_days=(now - index.manifest.built_at).days,
        editions=editions,
        counts=index.manifest.counts,
        encoder=index.manifest.encoder,
        made_with=index.manifest.distributions,
        inputs=index.manifest.inputs,
        notes_read=tuple(share for book in books for share in _notes_read(book)) if with_notes else (),
        missing=tuple(_missing(index, editions, today or now.date())),
    )


def status_text(status: IndexStatus) -> RenderableType:
    """The status for the terminal."""
    shown: list[RenderableType] = [_overview(status), _inputs(status)]
    if status.notes_read:
        shown.append(_notes(status))
    shown += [Text(f"missing: {sentence}.", style="yellow") for sentence in status.missing]
    return Group(*shown)


def _edition(index: IndexFolder, book: Codebook) -> EditionStatus:
    alphabetic = index.alphabetic_index(book.edition.name)
    sources = tuple(alphabetic.sources) if alphabetic else ()
    return EditionStatus(edition=book.edition, billable=book.count(billable_only=True), index_sources=sources)


def _notes_read(book: Codebook) -> Iterator[NotesRead]:
    for share in parsed_shares(book.entries()):
        yield NotesRead(
            edition=book.edition.name, kind=share.kind, lines=share.lines, naming=share.naming, read=share.parsed
        )


def _missing(index: IndexFolder, editions: tuple[EditionStatus, ...], today: date) -> Iterator[str]:
    if not any(e.edition.in_force_on(today) for e in editions):
        yield f"no edition is in force today ({today}); run 'chartwright index fetch' for it"
    yield from (sentence for held in editions for sentence in _missing_of(held))
    for system, sentence in _SYSTEMS.items():
        if index.procedures(system) is None:
            yield sentence
    if index.ncci() is None:
        yield "NCCI edits are not checked; download the PTP and MUE tables from CMS and give their folder (--ncci)"


def _missing_of(held: EditionStatus) -> Iterator[str]:
    edition = held.edition
    mend = f"run 'chartwright index fetch {edition.name}'"
    if edition.status == "derived":
        yield f"{edition.name} is a table of our own, not checked against the official files; {mend}"
    if edition.notes_from:
        yield f"{edition.name} uses the instructional notes of {edition.notes_from}; {mend}"
    if foreign := [name for name in held.index_sources if str(edition.effective_to.year) not in name]:
        yield f"{edition.name} uses {', '.join(foreign)}, which is not of its year; {mend}"
    if not held.index_sources:
        yield f"{edition.name} has no Alphabetic Index; {mend}"
    if not edition.poa_exempt_from:
        yield f"{edition.name} has no list of codes exempt from present-on-admission reporting; {mend}"


def _overview(status: IndexStatus) -> Table:
    table = Table(title=f"Index {status.digest}", show_header=False)
    table.add_row("built", f"{status.built_at:%Y-%m-%d %H:%M} UTC, {status.age_days} days ago")
    for held in status.editions:
        edition = held.edition
        table.add_row(
            edition.name,
            f"{edition.effective_from} to {edition.effective_to}, {edition.status}, {held.billable:,} billable codes",
        )
        if held.index_sources:
            table.add_row("", f"Alphabetic Index from {', '.join(held.index_sources)}")
    for name, count in status.counts.items():
        if name not in {held.edition.name for held in status.editions}:
            table.add_row(name.replace("_", " "), f"{count:,}")
    table.add_row("encoder", status.encoder)
    table.add_row("made with", ", ".join(status.made_with))
    return table


def _inputs(status: IndexStatus) -> Table:
    table = Table(title="Made from", box=None, pad_edge=False)
    for heading in ("kind", "file", "SHA-256"):
        table.add_column(heading)
    for read in status.inputs:
        table.add_row(read.kind.replace("_", " "), read.name, read.sha256[:16])
    return table


def _notes(status: IndexStatus) -> Table:
    table = Table(title="Instructional notes, in printed lines", box=None, pad_edge=False)
    for heading in ("edition", "kind", "lines", "naming codes", "read", "share"):
        table.add_column(heading, justify="left" if heading in {"edition", "kind"} else "right")
    for row in status.notes_read:
        share = f"{row.read / row.naming:.1%}" if row.naming else "-"
        table.add_row(
            row.edition, row.kind.replace("_", " "), f"{row.lines:,}", f"{row.naming:,}", f"{row.read:,}", share
        )
    return table
