"""`chartwright work`: workers without a server."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from agent import show
from agent.bootstrap import build_operation, build_pipeline, build_store
from agent.cli import IndexOption, closing
from agent.pipeline import Pipeline
from agent.settings import Settings, load_settings

if TYPE_CHECKING:
    from agent.operation.operation import Operation
    from agent.store.case_store import CaseStore

app = typer.Typer()


@app.command()
def work(
    workers: Annotated[int, typer.Option("--workers", min=1, help="Cases worked on at once.")] = 1,
    index_dir: IndexOption = None,
) -> None:
    """Work on the cases that wait in the case store until stopped; what is in hand then goes back to the queue."""
    settings = load_settings(index_dir=index_dir)
    operation = _told_to_the_operator(settings)
    store = build_store(settings, show.note)
    pipeline = operation.watched(build_pipeline(settings))
    asyncio.run(closing(pipeline, _until_stopped(store, pipeline, settings, workers)))
    operation.tracing.close()
    store.close()


def _told_to_the_operator(settings: Settings) -> Operation:
    """Lines and metrics of this process. Raises `ConfigError` when the port of the metrics cannot be had."""
    from agent.operation.logs import install, json_logging

    operation = build_operation(settings)
    install(json_logging(settings.operation.log_level, operation.metrics.dropped))
    if settings.operation.worker_metrics_port is not None:
        operation.metrics.serve(settings.operation.worker_metrics_host, settings.operation.worker_metrics_port)
    return operation


async def _until_stopped(store: CaseStore, pipeline: Pipeline, settings: Settings, workers: int) -> None:
    from agent.work.crew import working  # SQLAlchemy takes a third of a second to import

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with working(store, pipeline, settings.work, workers):
        show.note(f"{workers} at work on the case store")
        await stop.wait()
