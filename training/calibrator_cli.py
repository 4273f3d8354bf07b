"""`chartwright train calibrator`: what a confidence of .9 means, from coded encounters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent.answerers import BY_RULES, answering_as
from agent.settings import load_settings

app = typer.Typer()

_errors = Console(stderr=True, highlight=False)


@app.command()
def calibrator(
    gold: Annotated[Path, typer.Argument(help="Coded encounters, JSON lines or a folder; their precision counts.")],
    also: Annotated[
        list[Path] | None, typer.Option("--also", help="More gold, from which only what speaks for a code is learned.")
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Calibrate these answers too: `encoder`, `mini`, a model.")
    ] = None,
    index_dir: Annotated[
        Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Folder of the index.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File of the result; by default the one that ships.")
    ] = None,
) -> None:
    """Code encounters whose codes are known and fit how often an answer of each confidence is right.

    Example: chartwright train calibrator coded.jsonl --model mini --out var/calibrator.json
    """
    from agent.calibrator import SHIPPED
    from training.calibrator_recipe import CALIBRATOR_STEPS, CalibratorRecipe, make_calibrator, read_gold

    settings = load_settings(index_dir=index_dir)
    recipe = CalibratorRecipe(
        gold=read_gold(gold),
        also=tuple(read_gold(path) for path in also or ()),
        ways=tuple(answering_as(settings, name) for name in (BY_RULES, *(models or ()))),
        out=out or SHIPPED,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_errors) as progress:
        tasks = {what: progress.add_task(what, total=None, visible=False) for what in CALIBRATOR_STEPS}
        path = make_calibrator(
            recipe, lambda what, done, of: progress.update(tasks[what], completed=done, total=of, visible=True)
        )
    print(path)
