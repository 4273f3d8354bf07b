"""`chartwright eval fast-path | fast-path-speed | codiesp-labels`: the fast encoder beside rules and baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

app = typer.Typer()

IndexOption = Annotated[
    Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Folder of the index.")
]
EncoderOption = Annotated[
    Path | None, typer.Option("--encoder", help="Folder that 'chartwright train encoder' made; by default what ships.")
]
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
_errors = Console(stderr=True, highlight=False)


@app.command("fast-path")
def fast_path(
    suite: Annotated[str, typer.Argument(help="A shipped suite's name, or a file or folder of coded encounters.")],
    part: Annotated[str | None, typer.Option("--part", help="One part of the suite.")] = None,
    encoder: EncoderOption = None,
    index_dir: IndexOption = None,
) -> None:
    """Code gold by rules and with the encoder: micro and macro F1, precision at coverage, ECE, by specialty.

    Example: chartwright eval fast-path encounters --part development
    """
    from evals.fast_path.accuracy import measure_accuracy
    from evals.suite_choice import SuiteChoice, load_chosen

    encounters = load_chosen(SuiteChoice(suite=suite, part=part)).encounters
    with Progress(*_COLUMNS, console=_errors) as progress:
        task = progress.add_task("Coding", total=None)
        report = measure_accuracy(
            encounters, index_dir, encoder, lambda done, of: progress.update(task, completed=done, total=of)
        )
    print(report.model_dump_json(indent=1))


@app.command("fast-path-speed")
def fast_path_speed(
    notes: Annotated[Path, typer.Argument(help="JSON lines with a `note` or an encounter on each.")],
    encoder: EncoderOption = None,
    mini: Annotated[int, typer.Option("--mini", min=0, help="Encounters that the small model codes too.")] = 5,
    index_dir: IndexOption = None,
) -> None:
    """Time from text to checked codes on one core, about 450 and 3,000 words, memory, and cost beside the small model.

    Example: chartwright eval fast-path-speed notes.jsonl
    """
    from evals.fast_path.speed import measure_speed
    from evals.speed import note_encounters

    with Progress(*_COLUMNS, console=_errors) as progress:
        task = progress.add_task("Steps", total=2)
        report = measure_speed(note_encounters(notes, 1_000), index_dir, encoder, mini, lambda: progress.advance(task))
    print(report.model_dump_json(indent=1))


@app.command("codiesp-labels")
def codiesp_labels(
    training: Annotated[Path, typer.Argument(help="The training part of CodiEsp: JSON lines, or its folder.")],
    test: Annotated[Path, typer.Argument(help="The development part.")],
    language: Annotated[str, typer.Option("--language", help="es, or en for the machine translation.")] = "es",
    work: Annotated[Path, typer.Option("--work", help="Folder of checkpoints.")] = Path("var/training/codiesp"),
    index_dir: IndexOption = None,
) -> None:
    """Learn labels on CodiEsp's training part; score them on the other beside dictionary, BM25 and regression.

    Example: chartwright eval codiesp-labels codiesp/train.jsonl codiesp/dev.jsonl
    """
    from evals.fast_path.codiesp import measure_codiesp_labels

    with Progress(*_COLUMNS, console=_errors) as progress:
        task = progress.add_task("Passes", total=None)
        report = measure_codiesp_labels(
            training, test, language, index_dir, work, lambda n, of: progress.update(task, completed=n, total=of)
        )
    print(report.model_dump_json(indent=1))
