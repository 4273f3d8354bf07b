"""`chartwright eval candidates`: recall of candidates on held-out wordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from evals.retrieval_bench.records import as_text
from index_build.findable.reranker import RERANKER_FOLDER

_WORK = Path("var/training")


def candidates(
    index_file: Annotated[
        Path | None, typer.Option("--index-file", help="The Alphabetic Index to diseases: XML or path file.")
    ] = None,
    work: Annotated[Path, typer.Option("--work", help="Folder of vectors; a stopped run goes on.")] = _WORK,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Queries of each task.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the report as JSON.")] = None,
    plain: Annotated[bool, typer.Option("--plain/--tuned-only", help="Measure the untuned encoder too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Recall of candidates on wordings held out by concept: baselines, peers, the learned parts, in one table.

    Example: chartwright eval candidates --index-file index_fy2025.jsonl --out var/candidates.json
    """
    from evals.retrieval_bench.bench import BenchPlan, run_bench  # scipy would slow every other command down

    plan = BenchPlan(
        work, index_file, reranker=RERANKER_FOLDER if RERANKER_FOLDER.is_dir() else None, limit=limit, plain=plain
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=of)

        report = run_bench(plan, told)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(report.model_dump_json(indent=1), encoding="utf-8")
    print(report.model_dump_json(indent=1) if as_json else as_text(report))
