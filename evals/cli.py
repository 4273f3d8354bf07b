"""`chartwright eval agreement | speed`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.agreement import agreement
from evals.speed import measure, note_encounters
from index_build.knowledge import past_encounters
from medcoding.coded_encounter import CodedEncounter
from medcoding.parsing import load_lines

app = typer.Typer(no_args_is_help=True, help="Measure the product.")


@app.command("agreement")
def agreement_with(
    coded: Annotated[
        Path | None, typer.Argument(help="JSON lines of coded encounters; the shipped synthetic ones by default.")
    ] = None,
    index_dir: Annotated[Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR")] = None,
) -> None:
    """Agreement with coded encounters: precision, recall, F1, exact match, codes that must not appear."""
    encounters = load_lines(CodedEncounter, coded) if coded else past_encounters()
    print(agreement(encounters, index_dir).model_dump_json(indent=1))


@app.command()
def speed(
    notes: Annotated[Path, typer.Argument(help="JSON lines with a `note` or an encounter on each.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many notes.")] = 40,
    index_dir: Annotated[Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR")] = None,
) -> None:
    """Contract and speed over real notes: crashes, verbatim evidence, codes outside the book, p50 and p95, memory."""
    print(measure(note_encounters(notes, limit), index_dir).model_dump_json(indent=1))
