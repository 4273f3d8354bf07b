"""`chartwright eval service-kills | trail-tampering`: what the case store and its trail hold against."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from agent.store.opening import open_store
from agent.store.settings import StoreSettings
from evals.parts_cli import COLUMNS
from evals.service.kills import measure_kills, throwaway_store
from evals.service.steps import STEPS
from evals.service.tampering import measure_tampering
from medcoding.errors import InputError

app = typer.Typer()

UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="An empty PostgreSQL database to use up; by default a SQLite file made for it."),
]

_errors = Console(stderr=True, highlight=False)


@app.command("service-kills")
def service_kills(
    url: UrlOption = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Kills at each step.")] = 20,
    step: Annotated[str | None, typer.Option("--step", help="Only this step.")] = None,
) -> None:
    """Senders and workers killed (SIGKILL) at every named step: cases lost, answered twice, without their trail.

    The store, its database and the processes are real; the coding step is a double that answers at once.
    """
    steps = [one for one in STEPS if step in {None, one.name}]
    if not steps:
        raise InputError(f"There is no such step; name one of {', '.join(one.name for one in STEPS)}.")
    logging.disable(logging.WARNING)  # every outage that is played would be told
    with _throwaway(url) as settings, _bar("Kills") as advance:
        report = measure_kills(settings, steps=steps, seeds=seeds, advance=advance)
    print(report.model_dump_json(indent=1))


@app.command("trail-tampering")
def trail_tampering(
    url: UrlOption = None,
    times: Annotated[int, typer.Option("--times", min=1, help="How many tamperings.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Of the random choices.")] = 0,
) -> None:
    """Rows changed, swapped, deleted, inserted, cut off, chained anew: how many are found, how many named."""
    with _throwaway(url) as settings, _bar("Tamperings") as advance:
        report = measure_tampering(open_store(settings, _errors.print), times=times, seed=seed, advance=advance)
    print(report.model_dump_json(indent=1))


@contextmanager
def _throwaway(url: str | None) -> Iterator[StoreSettings]:
    with tempfile.TemporaryDirectory(prefix="chartwright-eval-") as folder:
        yield throwaway_store(Path(folder), SecretStr(url) if url else None)


@contextmanager
def _bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar without a thread of its own: processes are forked while it shows."""
    with Progress(*COLUMNS, console=_errors, auto_refresh=False) as progress:
        task = progress.add_task(words, total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, refresh=True)

        yield advance
