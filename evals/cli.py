"""`chartwright eval agreement | speed | kill-builds | damage-files`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from evals.agreement import agreement
from evals.damaged_files import measure_damage
from evals.killed_builds import measure_kills
from evals.speed import measure, note_encounters
from index_build.findable.knowledge import past_encounters
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import IntegrityError
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


@app.command("kill-builds")
def kill_builds(
    index_dir: Annotated[Path, typer.Option("--index-dir", help="An index of its own for this; it is built anew.")],
    times: Annotated[int, typer.Option("--times", min=1, help="How many builds to kill.")] = 20,
    seed: Annotated[int, typer.Option("--seed", help="Decides the moments.")] = 1,
) -> None:
    """Kill index builds at random moments and count the indexes that were damaged."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Killed builds", total=times)
        report = measure_kills(
            index_dir, times=times, seed=seed, told=lambda done: progress.update(task, completed=done)
        )
    print(report.model_dump_json(indent=1))


@app.command("damage-files")
def damage_files(
    hcpcs: Annotated[Path, typer.Argument(help="A table of HCPCS Level II codes to take an excerpt of.")],
    count: Annotated[int, typer.Option("--count", min=3, help="Damaged copies in all.")] = 2000,
) -> None:
    """Damage official files in every way and count what was half loaded or ended in a traceback; exits 4 if any."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Damaged files", total=count)
        report = measure_damage(hcpcs, count, lambda done: progress.advance(task, done))
    print(report.model_dump_json(indent=1))
    if not report.clean:
        raise typer.Exit(IntegrityError.exit_code)
