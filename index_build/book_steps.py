"""Build steps that write books: editions of the tabular list, their Alphabetic Index, procedures and NCCI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import index_build.editions.changes
import index_build.editions.index_books
import index_build.editions.listed
import index_build.editions.load
import index_build.editions.packaged
import index_build.findable.index_wordings
import index_build.findable.surfaces
import index_build.procedures
import index_build.readers
import index_build.readers.note_targets
import medcoding.alphabetic_index
import medcoding.book_file
import medcoding.codebook
import medcoding.codes
import medcoding.cross_references
import medcoding.index_entries
import medcoding.index_file
import medcoding.ncci
import medcoding.notes
import medcoding.procedures
from index_build.editions.index_books import IndexFiles, read_index, with_stems
from index_build.editions.load import edition_inputs, load_editions
from index_build.editions.release import ReleaseFiles
from index_build.editions.release_file import ReleaseFile
from index_build.findable.index_wordings import IndexWording, index_wordings, referring_wordings
from index_build.findable.surfaces import Surface, read_surfaces, write_surfaces
from index_build.procedures import write_cpt, write_hcpcs, write_ncci
from index_build.stages import code_digest, linked
from index_build.workshop import Workshop
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook, Edition, write_codebook
from medcoding.index_file import write_index
from medcoding.ncci import NcciBook
from medcoding.procedures import ProcedureBook
from retrieval import index_folder as layout
from retrieval.index_folder import digest_of, file_digest

_WORDINGS: Final = "wordings"
_INDEX_PARTS: Final = {
    "diseases": "alphabetic_index",
    "external_causes": "external_cause_index",
    "neoplasms": "neoplasms",
    "drugs": "drugs",
}
"""Parts of an index and the kinds of official file that hold them."""


def codebooks(shop: Workshop) -> list[Codebook]:
    """Every edition, written and opened, earliest first."""
    made_with = code_digest(
        [
            index_build.readers,
            index_build.editions.load,
            index_build.editions.listed,
            index_build.editions.changes,
            index_build.editions.packaged,
            index_build.readers.note_targets,
            medcoding.book_file,
            medcoding.codebook,
            medcoding.codes,
            medcoding.notes,
        ]
    )
    inputs = edition_inputs(shop.plan.sources.releases)
    made = shop.stages.made(
        layout.CODEBOOKS,
        digest_of(made_with, *(f"{i.kind}:{i.name}:{i.sha256}" for i in inputs)),
        lambda folder: _write_codebooks(folder, shop),
    )
    linked(made, shop.work / layout.CODEBOOKS)
    books = [Codebook(path) for path in (shop.work / layout.CODEBOOKS).glob("*.sqlite")]
    return sorted(books, key=lambda book: book.edition.effective_from)


def index_books(shop: Workshop, books: Sequence[Codebook]) -> Iterator[Surface]:
    """Write the index of every edition for which official files were given; yields the wordings it holds."""
    made_with = code_digest(
        [
            index_build.readers,
            index_build.editions.index_books,
            index_build.findable.index_wordings,
            medcoding.book_file,
            medcoding.alphabetic_index,
            medcoding.index_entries,
            medcoding.index_file,
            medcoding.cross_references,
            index_build.findable.surfaces,
        ]
    )
    for book in books:
        files = index_files(book.edition, shop.plan.sources.releases)
        if any(files):
            name = f"icd10cm-{book.edition.name.lower()}"
            codes = file_digest(shop.work / layout.CODEBOOKS / f"{name}.sqlite")
            read = (f"{file.name}:{file.sha256()}" for file in files if isinstance(file, ReleaseFile))
            made = shop.stages.made(f"index-{name}", digest_of(made_with, codes, *read), _writer(book, files, shop))
            linked(made / layout.ALPHABETIC_INDEX, shop.work / layout.ALPHABETIC_INDEX)
            yield from read_surfaces(made / _WORDINGS)


def index_files(edition: Edition, releases: Sequence[ReleaseFiles]) -> IndexFiles:
    """Each part of the index from the edition's own release, else the nearest one before it, else the nearest after."""
    year = edition.effective_to.year
    nearest = sorted(releases, key=lambda r: (r.fiscal_year > year, abs(r.fiscal_year - year)))
    found = {
        part: next((file for r in nearest if (file := r.files().get(kind))), None)
        for part, kind in _INDEX_PARTS.items()
    }
    return IndexFiles(**found)


def procedure_books(shop: Workshop) -> dict[str, int]:
    """Write the books of the licensed and quarterly files that were given; returns rows by book."""
    sources = shop.plan.sources
    writers: dict[str, tuple[Path | None, Callable[[Path, Path], object]]] = {
        "hcpcs": (sources.hcpcs, write_hcpcs),
        "cpt": (sources.cpt, write_cpt),
        "ncci": (sources.ncci, write_ncci),
    }
    made_with = code_digest(
        [index_build.readers, index_build.procedures, medcoding.procedures, medcoding.ncci, medcoding.book_file]
    )
    counts: dict[str, int] = {}
    for kind, (source, write) in writers.items():
        if source is not None:
            read = (f"{i.name}:{i.sha256}" for i in sources.inputs() if i.kind == kind)
            made = shop.stages.made(kind, digest_of(made_with, *read), _procedure_writer(kind, source, write, shop))
            linked(made, shop.work / layout.PROCEDURES)
            counts[kind] = _rows(made / f"{kind}.sqlite", kind)
    return counts


def _write_codebooks(folder: Path, shop: Workshop) -> None:
    advance = shop.report.step("Codebook editions", total=1)
    for content in load_editions(shop.plan.sources.releases):
        write_codebook(folder / f"icd10cm-{content.edition.name.lower()}.sqlite", content)
    advance(1)


def _writer(book: Codebook, files: IndexFiles, shop: Workshop) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        advance = shop.report.step(f"Alphabetic Index for {book.edition.name}", total=1)
        content = with_stems(
            read_index(files, book.edition.name), lambda code: code in book and not book.is_billable(code)
        )
        (folder / layout.ALPHABETIC_INDEX).mkdir()
        path = folder / layout.ALPHABETIC_INDEX / f"icd10cm-{book.edition.name.lower()}.sqlite"
        write_index(path, content)
        wordings = chain(index_wordings(content), referring_wordings(AlphabeticIndex(path)))
        write_surfaces(folder / _WORDINGS, (_surface(wording, book) for wording in wordings))
        advance(1)

    return write


def _surface(wording: IndexWording, book: Codebook) -> Surface:
    return Surface.over(wording.text, wording.codes, wording.kind, [book.edition])


def _procedure_writer(
    kind: str, source: Path, write: Callable[[Path, Path], object], shop: Workshop
) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        advance = shop.report.step(f"{kind.upper()} book", total=1)
        write(folder / f"{kind}.sqlite", source)
        advance(1)

    return fill


def _rows(path: Path, kind: str) -> int:
    if kind == "ncci":
        return sum(table.rows for table in NcciBook(path).release.tables)
    return ProcedureBook(path).count()
