"""`chartwright index build | fetch | diff | status | push | encounters`."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from index_build.build import build_index
from index_build.diff.compare import diff_editions
from index_build.diff.page import diff_page
from index_build.diff.text import diff_text
from index_build.fetching.fetch import fetch_edition, manual_instructions, plan_fetch
from index_build.fetching.plan import FetchOptions
from index_build.findable.past_encounters import attested_encounters, keep, kept_files, without_origin
from index_build.push import push_collections
from index_build.sources import GivenFiles, encounters_folder, fetch_folder, find_sources
from index_build.status import index_status, status_text
from index_build.workshop import BuildPlan
from medcoding.codebook import Codebook
from medcoding.errors import DependencyError, InputError
from retrieval.client_store import ClientStore
from retrieval.index_folder import IndexFolder, open_index, verify_index

app = typer.Typer(no_args_is_help=True, help="Build, fetch, compare and inspect the books and the search index.")

IndexDir = Annotated[
    Path, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Folder of the index.", show_default=True)
]
DEFAULT_INDEX_DIR = Path("var/index")


class ProgressReporter:
    """Shows each step as a bar on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """Add a bar; the returned function advances it."""
        task = self._progress.add_task(description, total=total)
        return lambda amount: self._progress.advance(task, amount)


@app.command()
def build(
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
    official: Annotated[
        list[Path] | None,
        typer.Option("--official", help="Folder, zip or file of an official ICD-10-CM release; may be repeated."),
    ] = None,
    hcpcs: Annotated[
        Path | None, typer.Option("--hcpcs", help="HCPCS Level II: the quarterly file, its zip or folder, or a table.")
    ] = None,
    cpt: Annotated[
        Path | None, typer.Option("--cpt", help="Your licensed CPT file (Consolidated_Code_List.txt).")
    ] = None,
    ncci: Annotated[Path | None, typer.Option("--ncci", help="Folder with the NCCI PTP and MUE tables.")] = None,
    crosswalk: Annotated[
        list[Path] | None,
        typer.Option("--crosswalk", help="Your licensed SNOMED CT map (RF2) or MRCONSO.RRF; may be repeated."),
    ] = None,
    policies: Annotated[
        list[Path] | None,
        typer.Option(
            "--policies", help="Folder or file of your payer policies (PDF, Markdown, text); may be repeated."
        ),
    ] = None,
) -> None:
    """Build the index and make it current; what did not change since the last build is kept.

    Read are the installed packages, the shipped tables, what lies in the index's folder `sources`, and what is named
    here. A build that was stopped goes on where it was.
    """
    started = time.monotonic()
    given = GivenFiles(tuple(official or ()), hcpcs, cpt, ncci, tuple(crosswalk or ()), tuple(policies or ()))
    plan = BuildPlan(index_dir, find_sources(index_dir, given))
    with _progress() as progress:
        index = build_index(plan, ProgressReporter(progress))
    counts = ", ".join(f"{name} {count:,}" for name, count in index.manifest.counts.items())
    _say(f"Index {index.manifest.digest} is current after {time.monotonic() - started:.0f} s: {counts}.")


@app.command()
def fetch(
    edition: Annotated[str, typer.Argument(help="For instance FY2027, or HCPCS-2026-October.")],
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
    to: Annotated[Path | None, typer.Option("--to", help="Another folder than the index's own for sources.")] = None,
    base_url: Annotated[str, typer.Option("--base-url", help="A mirror with the publisher's layout.")] = "",
    checksums: Annotated[
        Path | None, typer.Option("--checksums", help="A file as sha256sum writes it; every file must agree.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be fetched.")] = False,
) -> None:
    """Download the official files of an edition, with resume and checks; then run `chartwright index build`."""
    folder = to or fetch_folder(index_dir, edition)
    options = FetchOptions(base_url=base_url, checksums=checksums)
    try:
        if dry_run:
            for file in plan_fetch(edition, folder, options).files:
                print(f"{file.kind.kind}\t{file.url}")
            return
        with _progress(DownloadColumn(), TransferSpeedColumn()) as progress:
            provenance = fetch_edition(edition, folder, ProgressReporter(progress), options)
    except DependencyError:
        _say(manual_instructions(edition, folder, options))
        raise
    for fetched in provenance.files:
        if fetched.replaced_sha256:
            _say(f"{fetched.name} has changed under its name since it was last fetched.")
    if provenance.not_published:
        _say(f"Not published there: {', '.join(provenance.not_published)}.")
    _say(
        f"{provenance.edition}: {len(provenance.files)} files in {folder}; run 'chartwright index build' to read them."
    )


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="An edition that is loaded, for instance FY2026.")],
    after: Annotated[str, typer.Argument(help="The one to compare it with, for instance FY2027.")],
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a readable page.")] = None,
) -> None:
    """What an edition changes: codes added, deleted, made headers and retitled, and notes changed."""
    index = open_index(index_dir)
    found = diff_editions(_edition(index, before), _edition(index, after))
    if html:
        _write(html, diff_page(found))
    if as_json:
        print(found.model_dump_json(indent=1))
    else:
        Console().print(diff_text(found))


@app.command()
def push(
    url: Annotated[str, typer.Argument(help="Address of a Qdrant server, for instance http://localhost:6333.")],
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
    api_key: Annotated[str | None, typer.Option("--api-key", envvar="CHARTWRIGHT_QDRANT__API_KEY")] = None,
) -> None:
    """Copy the built collections to a Qdrant server; afterwards set CHARTWRIGHT_QDRANT__URL to its address."""
    index = open_index(index_dir)
    with _progress() as progress:
        counts = push_collections(
            index,
            lambda name: ClientStore.connect(url, name, api_key=api_key, timeout_s=60),
            ProgressReporter(progress),
        )
    _say(f"Pushed: {', '.join(f'{name} {count:,}' for name, count in counts.items())}.")


encounters = typer.Typer(no_args_is_help=True, help="Past encounters of your own, from which candidates are learned.")
app.add_typer(encounters, name="encounters")


@encounters.command("add")
def add_encounters(
    file: Annotated[Path, typer.Argument(help="JSON lines of encounters whose codes somebody attested.")],
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
) -> None:
    """Keep attested encounters for the next build. They are never evidence, and a patient never meets their own."""
    number = keep(file, encounters_folder(index_dir))
    _say(f"Kept {number:,} encounters; run 'chartwright index build' to make them findable.")


@encounters.command("remove")
def remove_encounters(
    origin: Annotated[str, typer.Option("--origin", help="The provenance whose encounters go, all of them.")],
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
) -> None:
    """Take every encounter of one origin out; the next build forgets them."""
    removed = without_origin(kept_files(encounters_folder(index_dir)), origin)
    if not removed:
        raise InputError(f"No kept encounter has the origin '{origin}'; see 'chartwright index encounters list'.")
    _say(f"Removed {removed:,} encounters; run 'chartwright index build' to forget them.")


@encounters.command("list")
def list_encounters(index_dir: IndexDir = DEFAULT_INDEX_DIR) -> None:
    """How many encounters of which tenant and origin are kept."""
    table = Table("tenant", "origin", "encounters")
    kept = attested_encounters(kept_files(encounters_folder(index_dir)))
    for (tenant, origin), number in sorted(Counter((e.tenant or "", e.provenance.origin) for e in kept).items()):
        table.add_row(tenant, origin, f"{number:,}")
    Console().print(table)


@app.command()
def status(
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
    verify: Annotated[bool, typer.Option("--verify", help="Compare every byte with the manifest.")] = False,
    notes: Annotated[bool, typer.Option("--notes", help="Count what the instructional notes name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """What the current index holds, how old it is, what it was made from and what is missing."""
    index = open_index(index_dir)
    if verify:
        verify_index(index)
    found = index_status(index, with_notes=notes)
    if as_json:
        print(found.model_dump_json(indent=1))
    else:
        Console().print(status_text(found))


def _edition(index: IndexFolder, name: str) -> Codebook:
    loaded = {book.edition.name: book for book in index.codebooks().editions}
    if book := loaded.get(name.upper()):
        return book
    raise InputError(f"{name} is not loaded; there are {', '.join(loaded)}.")


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place.") from None


def _say(message: str) -> None:
    Console(stderr=True).print(message, highlight=False, markup=False)


@contextlib.contextmanager
def _progress(*amounts: ProgressColumn) -> Iterator[Progress]:
    shown = amounts or (TextColumn("{task.completed:,}/{task.total:,}"),)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *shown, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress
