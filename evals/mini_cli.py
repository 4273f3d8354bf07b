"""`chartwright eval mini`: the small model that ships, on what it did not learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

app = typer.Typer()

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
_errors = Console(stderr=True, highlight=False)


@app.command()
def mini(
    model: Annotated[
        Path | None, typer.Option("--model", help="Folder of the model; by default the shipped one.")
    ] = None,
    work: Annotated[
        Path, typer.Option("--work", help="Folder of the lessons; those that are missing are made.")
    ] = Path("var/training/mini"),
    index_dir: Annotated[
        Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Folder of the index.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many encounters a part.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the report to this file.")] = None,
) -> None:
    """Choice, none and evidence of chartwright-mini on held-out samples, sentences, codes and past encounters."""
    from evals.mini import measure_mini
    from training.mini.export import MODEL_FOLDER
    from training.mini.lesson_files import JUDGING, LessonPlan, ensure_lessons

    with Progress(*_COLUMNS, console=_errors) as progress:
        making = progress.add_task("Making questions", total=None)
        files = ensure_lessons(
            work,
            LessonPlan(),
            index_dir,
            lambda _, done, of: progress.update(making, completed=done, total=of),
            parts=JUDGING,
        )
        asking = progress.add_task("Asking", total=None)
        report = measure_mini(
            model or MODEL_FOLDER,
            {part: files[part] for part in JUDGING},
            limit,
            lambda done, of: progress.update(asking, completed=done, total=of),
        )
    text = report.model_dump_json(indent=1)
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    print(text)
