"""`chartwright eval service-fuzz | service-canaries | service-load`: what the running service bears."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from agent.bootstrap import build_pipeline
from agent.serve.actors import LOCAL_ACTOR
from agent.serve.app import create_app
from agent.settings import Settings, load_settings
from agent.store.case_store import CaseStore
from agent.store.opening import open_store
from agent.work.worker import Worker
from evals.parts_cli import COLUMNS, IndexOption
from evals.service.quick_coder import QuickCoder
from evals.service_load.canaries import CanaryPlan, measure_canaries
from evals.service_load.fuzz import measure_fuzz
from evals.service_load.load import LoadPlan, measure_load
from medcoding.encounter import Document, Encounter, Setting
from medcoding.errors import IntegrityError

app = typer.Typer()

_CASES: Final = 4
_errors = Console(stderr=True, highlight=False)


@app.command("service-fuzz")
def service_fuzz(
    index_dir: IndexOption = None,
    requests: Annotated[int, typer.Option("--requests", min=100, help="About how many requests.")] = 2500,
    seed: Annotated[int, typer.Option("--seed", help="Of the generated requests.")] = 1,
) -> None:
    """Requests generated from the OpenAPI document, half of them broken: server errors, undescribed answers.

    Exit code 4 where there was one.
    """
    settings = load_settings(index_dir=index_dir)
    with _throwaway(settings) as (store, alone), _bar("Requests", requests) as told:
        cases = asyncio.run(_coded(store))
        report = measure_fuzz(create_app(build_pipeline(alone), alone, store), requests, seed, cases, told)
    print(report.model_dump_json(indent=1))
    if not report.clean:
        raise typer.Exit(IntegrityError.exit_code)


@app.command("service-canaries")
def service_canaries(
    index_dir: IndexOption = None,
    count: Annotated[int, typer.Option("--words", min=100, help="How many words are planted.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", help="Of the words.")] = 1,
) -> None:
    """Planted names, numbers and dates through every route, error and time-out: what of them comes out.

    Looked through are logs, traces, metrics, error bodies, headers and addresses. Exit code 4 where one came out.
    """
    settings = load_settings(index_dir=index_dir)
    # Workers give a case up at once, so that failures are met and not waited for.
    work = settings.work.model_copy(update={"max_attempts": 1, "timeout_s": 1.0, "poll_s": 0.05})
    pipeline = build_pipeline(settings)
    folder = tempfile.TemporaryDirectory(prefix="chartwright-eval-", ignore_cleanup_errors=True)
    with folder as name, _bar("Requests", None) as told:
        changed = settings.model_copy(update={"work": work})
        report = measure_canaries(pipeline, changed, Path(name), CanaryPlan(count, seed), told)
    print(report.model_dump_json(indent=1))
    if report.escapes:
        raise typer.Exit(IntegrityError.exit_code)


@app.command("service-load")
def service_load(
    index_dir: IndexOption = None,
    readers: Annotated[int, typer.Option("--readers", min=1, help="Clients that read.")] = 50,
    submitters: Annotated[int, typer.Option("--submitters", min=1, help="Clients that hand in.")] = 200,
    each: Annotated[int, typer.Option("--each", min=1, help="Encounters of each of those.")] = 3,
    minutes: Annotated[float, typer.Option("--minutes", min=0, help="Length of the soak; 0 leaves it out.")] = 0.0,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Workers of the server.")] = 1,
) -> None:
    """Many clients on loopback against a server of its own process: times, errors, and with --minutes its memory."""
    folder = load_settings(index_dir=index_dir).index_dir
    plan = LoadPlan(readers=readers, submitters=submitters, each=each, minutes=minutes, workers=workers)
    print(measure_load(folder, plan, _errors.print).model_dump_json(indent=1))


@contextmanager
def _throwaway(settings: Settings) -> Iterator[tuple[CaseStore, Settings]]:
    """An embedded store of its own, and settings under which no worker is at work on it."""
    with tempfile.TemporaryDirectory(prefix="chartwright-eval-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        changes = {
            "url": SecretStr(f"sqlite:///{folder / 'cases.sqlite'}"), "master_key": None,
            "master_key_file": folder / "master.key", "trail_key_file": folder / "trail.key",
        }  # fmt: skip
        store = open_store(settings.store.model_copy(update=changes), lambda _: None)
        idle = settings.work.model_copy(update={"workers": 0})
        logging.disable(logging.ERROR)  # every refusal that is provoked would be told
        try:
            yield store, settings.model_copy(update={"work": idle})
        finally:
            logging.disable(logging.NOTSET)
            store.close()


async def _coded(store: CaseStore) -> list[str]:
    """Ids of some cases that are done."""
    notes = [f"Hypertension of visit {number}. Gout." for number in range(_CASES)]
    ids = [store.submit(LOCAL_ACTOR, visit, body=b"").case.case for visit in map(_visit, notes)]
    settings = load_settings().work.model_copy(update={"poll_s": 0.01})
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(store, QuickCoder(), settings, "eval").run(stop))
    while any(store.status(LOCAL_ACTOR, case).finished_at is None for case in ids):
        await asyncio.sleep(0.05)
    stop.set()
    await working
    return ids


def _visit(text: str) -> Encounter:
    return Encounter(
        case_id=text[:40], setting=Setting.OUTPATIENT, date_of_service=date(2026, 11, 2),
        documents=(Document(document_id="note", text=text),),
    )  # fmt: skip


@contextmanager
def _bar(words: str, total: int | None) -> Iterator[Callable[[int], object]]:
    with Progress(*COLUMNS, console=_errors) as progress:
        task = progress.add_task(words, total=total)
        yield lambda done: progress.advance(task, done)
