"""`chartwright index build | status`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from index_build.build import BuildPlan, build_index
from index_build.push import push_collections
from retrieval.client_store import ClientStore
from retrieval.index_folder import open_index, verify_index

app = typer.Typer(no_args_is_help=True, help="Build and inspect the index: codebooks, encoder, collections.")

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
    order_file: Annotated[
        list[Path] | None,
        typer.Option("--order-file", help="Official ICD-10-CM order file of another year; may be given several times."),
    ] = None,
) -> None:
    """Build the index from the installed packages and the shipped tables, and make it current.

    Other years: download the year's order file from CDC or CMS (`icd10cm_order_2025.txt`) and give it here.
    """
    started = time.monotonic()
    with _progress() as progress:
        index = build_index(BuildPlan(root=index_dir, order_files=tuple(order_file or ())), ProgressReporter(progress))
    counts = ", ".join(f"{name} {count:,}" for name, count in index.manifest.counts.items())
    Console(stderr=True).print(
        f"Index {index.manifest.digest} is current after {time.monotonic() - started:.0f} s: {counts}."
    )


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
    Console(stderr=True).print(f"Pushed: {', '.join(f'{name} {count:,}' for name, count in counts.items())}.")


@app.command()
def status(
    index_dir: IndexDir = DEFAULT_INDEX_DIR,
    verify: Annotated[bool, typer.Option("--verify", help="Compare every byte with the manifest.")] = False,
) -> None:
    """Show what the current index holds."""
    index = open_index(index_dir)
    if verify:
        verify_index(index)
    table = Table(title=f"Index {index.manifest.digest}", show_header=False)
    for codebook in index.codebooks().editions:
        edition = codebook.edition
        table.add_row(edition.name, f"{edition.effective_from} to {edition.effective_to}, {edition.status}")
    for name, count in index.manifest.counts.items():
        table.add_row(name, f"{count:,}")
    table.add_row("made from", "\n".join(index.manifest.sources))
    Console().print(table)


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}/{task.total:,}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress
