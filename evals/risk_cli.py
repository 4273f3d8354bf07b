"""`chartwright eval risk-control`: whether the auto lane opens only where it may."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from agent.settings import load_settings
from evals.parts_cli import COLUMNS, JsonOption
from evals.risk_control import STREAMS, as_text, measure_risk_control

app = typer.Typer()

_errors = Console(stderr=True, highlight=False)


@app.command("risk-control")
def risk_control(
    streams: Annotated[int, typer.Option("--streams", min=1, max=5000, help="Streams of each precision.")] = STREAMS,
    as_json: JsonOption = False,
) -> None:
    """Simulate audited codes of known precision: how often the lane opens, how soon it closes when they turn.

    Example: chartwright eval risk-control
    """
    plan = load_settings().lanes.plan
    with Progress(*COLUMNS, console=_errors) as progress:
        task = progress.add_task("Precisions", total=None)
        report = measure_risk_control(
            plan, lambda done, of: progress.update(task, completed=done, total=of), streams=streams
        )
    print(report.model_dump_json(indent=1) if as_json else as_text(report))
