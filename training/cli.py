"""`chartwright train`: the recipes for what is trained, each from the product's own sources to files that ship.

The recipes are imported where they run: scipy and torch would slow every other command down.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from training import calibrator_cli

app = typer.Typer(no_args_is_help=True, help="Train the parts that are learned.")
app.registered_commands += calibrator_cli.app.registered_commands

IndexFileOption = Annotated[
    Path | None,
    typer.Option("--index-file", help="The Alphabetic Index to diseases (XML or path file); learned from when given."),
]
WorkOption = Annotated[Path, typer.Option("--work", help="Folder of checkpoints and vectors; a stopped run goes on.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder of the result; by default the one that ships.")]

_WORK = Path("var/training")
_errors = Console(stderr=True, highlight=False)


@app.command()
def adapter(index_file: IndexFileOption = None, work: WorkOption = _WORK, out: OutOption = None) -> None:
    """Tune the sentence encoder to clinical wordings: low-rank weights, about fifteen minutes on one core.

    Example: chartwright train adapter --index-file icd10cm-index-2026.xml
    """
    from training.recipes import Recipe, make_adapter

    with _progress() as progress:
        task = progress.add_task("Tuning the encoder", total=None)
        path = make_adapter(
            Recipe(work, index_file, out), lambda step, steps, _: progress.update(task, completed=step, total=steps)
        )
    print(path)


@app.command()
def reranker(index_file: IndexFileOption = None, work: WorkOption = _WORK, out: OutOption = None) -> None:
    """Train the reranker of candidates over the encoder that ships: about fifteen minutes on one core.

    Example: chartwright train reranker --index-file icd10cm-index-2026.xml
    """
    from training.recipes import RERANKER_STEPS, Recipe, make_reranker

    with _progress() as progress:
        tasks = {what: progress.add_task(what, total=None, visible=False) for what in RERANKER_STEPS}
        path = make_reranker(
            Recipe(work, index_file, out),
            lambda what, done, of: progress.update(tasks[what], completed=done, total=of, visible=True),
        )
    print(path)


@app.command()
def mini(
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, help="Of learning, over all runs.")] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="Decides records, order and first weights.")] = 11,
    index_dir: Annotated[
        Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Index to ask candidates of.")
    ] = None,
    work: WorkOption = _WORK / "mini",
    out: OutOption = None,
) -> None:
    """Make and train chartwright-mini, the small language model that ships, on one core.

    Example: chartwright train mini --minutes 60
    """
    from training.mini.export import MODEL_FOLDER
    from training.mini.learning import LearningPlan
    from training.mini.lesson_files import LessonPlan
    from training.mini.recipe import MINI_STEPS, MiniRecipe, make_mini

    recipe = MiniRecipe(
        work, out or MODEL_FOLDER, index_dir, LessonPlan(seed=seed), learning=LearningPlan(minutes=minutes, seed=seed)
    )
    with _shares() as progress:
        tasks = {what: progress.add_task(what, total=1.0, visible=False) for what in MINI_STEPS}
        path = make_mini(
            recipe, lambda what, share: progress.update(tasks[what], completed=min(share, 1.0), visible=True)
        )
    print(path)


@app.command()
def encoder(
    data: Annotated[
        Path | None,
        typer.Argument(help="Coded encounters: JSON lines, or a folder of training, development and test.jsonl."),
    ] = None,
    backbone: Annotated[
        Path | None, typer.Option("--backbone", help="A sentence-transformers folder; by default the index's encoder.")
    ] = None,
    index_dir: Annotated[
        Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Index to ask candidates of.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides made-up encounters and their order.")] = 11,
    work: WorkOption = _WORK / "encoder",
    out: OutOption = None,
) -> None:
    """Train the fast encoder on your own coded encounters; without any, the one that ships, on made-up ones.

    Example: chartwright train encoder final-codes.jsonl --out var/encoder
    """
    from agent.encoder_files import SHIPPED
    from medcoding.errors import InputError
    from training.encoder.attention import AttentionPlan
    from training.encoder.made_up import MadeUpPlan
    from training.encoder.recipe import ENCODER_STEPS, EncoderRecipe, make_encoder

    if data is not None and out is None:
        raise InputError("An encoder of your own encounters needs a folder of its own; name it with --out.")
    recipe = EncoderRecipe(
        work=work,
        data=data,
        out=out or SHIPPED,
        index_dir=index_dir,
        backbone=backbone,
        made_up=MadeUpPlan(seed=seed),
        attention=AttentionPlan(seed=seed),
    )
    with _progress() as progress:
        tasks = {what: progress.add_task(what, total=None, visible=False) for what in ENCODER_STEPS}
        path = make_encoder(
            recipe, lambda what, done, of: progress.update(tasks[what], completed=done, total=of, visible=True)
        )
    print(path)


def _shares() -> Progress:
    """For what is counted by its share of the time."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=_errors)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=_errors)
