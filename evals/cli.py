"""`chartwright eval speed`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.speed import measure, note_encounters

app = typer.Typer(no_args_is_help=True, help="Measure the product.")


@app.callback()
def _group() -> None:
    """Keeps `speed` a subcommand while it is the only one."""


@app.command()
def speed(
    notes: Annotated[Path, typer.Argument(help="JSON lines with a `note` or an encounter on each.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many notes.")] = 40,
    index_dir: Annotated[Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR")] = None,
) -> None:
    """Contract and speed over real notes: crashes, verbatim evidence, codes outside the book, p50 and p95, memory."""
    print(measure(note_encounters(notes, limit), index_dir).model_dump_json(indent=1))
