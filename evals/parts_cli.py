"""`chartwright eval mentions | retrieval | codiesp | speed | kill-builds | damage-files`: single parts, each alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent.printable import printable
from evals.codiesp_recall import measure_codiesp
from evals.damaged_files import measure_damage
from evals.killed_builds import measure_kills
from evals.mention_page import as_text
from evals.mention_suite import list_missed, measure_mentions
from evals.negation_peer import negspacy_peer
from evals.retrieval_suite import Way, measure_retrieval
from evals.speed import measure, note_encounters
from medcoding.errors import IntegrityError

app = typer.Typer()

IndexOption = Annotated[
    Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Folder of the index.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
"""Of a bar that shows how many are done, of how many, and how long it will take."""

_errors = Console(stderr=True, highlight=False)


@app.command()
def mentions(
    part: Annotated[str, typer.Option("--part", help="development or held_out.")] = "development",
    index_dir: IndexOption = None,
    peers: Annotated[bool, typer.Option("--peers", help="Also negation by negspacy, on the same mentions.")] = False,
    missed: Annotated[bool, typer.Option("--missed", help="List what was read wrongly; never of held_out.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find mentions in annotated sentences: recall and precision, assertion, experiencer, attributes, by section."""
    if missed:
        for line in list_missed(part, index_dir):
            print(printable(line))
        return
    report = measure_mentions(part, index_dir, negspacy_peer() if peers else None)
    print(report.model_dump_json(indent=1) if as_json else as_text(report))


@app.command()
def retrieval(
    queries: Annotated[Path, typer.Argument(help="JSON lines of {query, codes}.")],
    index_dir: IndexOption = None,
    way: Annotated[Way, typer.Option("--way", help="How a query is asked.")] = Way.RAW,
) -> None:
    """Recall of the search over queries with the codes they should lead to: among the first 1, 10 and 50."""
    print(measure_retrieval(queries, index_dir, way).model_dump_json(indent=1))


@app.command()
def codiesp(
    file: Annotated[Path, typer.Argument(help="A part of CodiEsp: JSON lines, or its folder as published.")],
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many cases.")] = None,
    index_dir: IndexOption = None,
) -> None:
    """Share of the gold codes of CodiEsp among at most 300 candidates a case, full code and category."""
    with Progress(*COLUMNS, console=_errors) as progress:
        task = progress.add_task("Cases", total=None)
        report = measure_codiesp(file, index_dir, limit, lambda n, of: progress.update(task, completed=n, total=of))
    print(report.model_dump_json(indent=1))


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
    with Progress(console=_errors) as progress:
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
    with Progress(console=_errors) as progress:
        task = progress.add_task("Damaged files", total=count)
        report = measure_damage(hcpcs, count, lambda done: progress.advance(task, done))
    print(report.model_dump_json(indent=1))
    if not report.clean:
        raise typer.Exit(IntegrityError.exit_code)
