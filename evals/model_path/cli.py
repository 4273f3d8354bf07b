"""`chartwright eval model-faults | model-overhead | model-grammars | model-load`: the way to a language model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from agent.bootstrap import build_pipeline
from agent.llm import LlmSettings
from agent.local import local_model
from agent.settings import load_settings
from evals.model_path.faults import measure_faults
from evals.model_path.load import measure_load
from evals.model_path.overhead import measure_grammars, measure_overhead
from evals.parts_cli import COLUMNS, IndexOption
from evals.speed import note_encounters

app = typer.Typer()

NotesArgument = Annotated[Path, typer.Argument(help="JSON lines of encounters, or of {note}.", metavar="NOTES.jsonl")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Only the first so many notes.")]

_errors = Console(stderr=True, highlight=False)


@app.command("model-faults")
def model_faults(notes: NotesArgument, index_dir: IndexOption = None) -> None:
    """One note against a server that hangs, drips, refuses, breaks off or answers nonsense: how it ends, and when."""
    (encounter,) = note_encounters(notes, 1)
    with _bar("Faults") as advance:
        report = measure_faults(encounter, index_dir, advance)
    print(report.model_dump_json(indent=1))


@app.command("model-overhead")
def model_overhead(notes: NotesArgument, limit: LimitOption = 40, index_dir: IndexOption = None) -> None:
    """Our own milliseconds a request, and encounters a second when the model answers at once."""
    with _bar("Notes") as advance:
        report = measure_overhead(note_encounters(notes, limit), index_dir, advance)
    print(report.model_dump_json(indent=1))


@app.command("model-grammars")
def model_grammars(
    notes: NotesArgument,
    model: Annotated[str, typer.Option("--model", help="`mini`, or a folder with a tokenizer.")] = "mini",
    limit: LimitOption = 40,
    index_dir: IndexOption = None,
) -> None:
    """Milliseconds until the grammar of a question is ready, over every question of the notes."""
    report = measure_grammars(note_encounters(notes, limit), index_dir, local_model(LlmSettings(model=model)))
    print(report.model_dump_json(indent=1))


@app.command("model-load")
def model_load(
    notes: NotesArgument,
    requests: Annotated[int, typer.Option("--requests", min=1, help="How many questions.")] = 500,
    index_dir: IndexOption = None,
) -> None:
    """Many questions on the configured server: unparsable, lost, outside the offer, seconds, prefix-cache hits."""
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    with _bar("Questions") as advance:
        report = measure_load(pipeline, note_encounters(notes, requests), requests, advance)
    print(report.model_dump_json(indent=1))


@contextmanager
def _bar(words: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(*COLUMNS, console=_errors) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
