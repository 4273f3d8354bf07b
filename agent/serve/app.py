"""The HTTP application and the server that runs it.

    Observed           one span, one count, one log line a request, by route template
    └── Guard              request id, and no exception beyond it
        └── DocumentedApi  routes; every refusal a problem document (`agent.serve.problems`)
            ├── Service        the answers, over one injected pipeline
            ├── CaseService    cases, over one injected store; the application's lifespan has workers at work on them
            └── HealthService  what an operator's tools ask

It reads one encounter a request; what is slow runs in threads, so that the process always says that it lives.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from importlib.metadata import version
from typing import Final, NoReturn

import typer
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI
from starlette.responses import HTMLResponse
from starlette.types import Lifespan

from agent.bootstrap import build_operation, build_pipeline, build_store
from agent.operation.logs import install, json_logging
from agent.operation.operation import Observed, Operation
from agent.operation.queues import QueueCollector
from agent.pipeline import Pipeline
from agent.serve import doors, problems
from agent.serve.cases import CaseService
from agent.serve.docs import DocumentedApi, docs_page
from agent.serve.guard import Guard
from agent.serve.health import HealthService, health_router
from agent.serve.login import asked
from agent.serve.routes import Service, router
from agent.settings import Settings
from agent.store.case_store import CaseStore
from agent.work.crew import working
from medcoding.errors import ConfigError

_ABOUT: Final = "Reads a clinical encounter and proposes its billing codes, each with a rationale that can be checked."
_DOORS: Final = {
    "local": "ONE LOCAL USER, NO AUTHENTICATION: NOT FOR PRODUCTION",
    "guarded": "keys and tokens are asked for",
}
_SHUTDOWN_S: Final = 10
_KEEP_ALIVE_S: Final = 75
"""Longer than a proxy or a waiting client holds a connection: who closes first must not be the one who is asked."""
_THREADS: Final = 12
"""Requests worked on at once. More would only pass the interpreter's lock around, and the event loop would wait."""
_SWITCH_S: Final = 0.001
"""How long a thread may keep the lock from the event loop; Python's own 5 ms add up over a dozen threads."""


def create_app(
    pipeline: Pipeline, settings: Settings, store: CaseStore | None = None, operation: Operation | None = None
) -> FastAPI:
    """The application over a pipeline and, where cases are kept, a store. Nothing is opened or started here."""
    watched = operation or Operation.silent()
    app = DocumentedApi(
        title="Chartwright", version=version("chartwright"), description=_ABOUT,
        docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=_at_work(pipeline, settings, store),
        dependencies=[Depends(asked)],
    )  # fmt: skip
    cases = CaseService(store, settings) if store else None
    app.include_router(router(Service(pipeline, settings, cases)))
    app.include_router(health_router(HealthService(pipeline, settings, watched, store)))
    problems.install(app, settings.llm.breaker_s)
    doors.install(app, pipeline, settings, store)
    app.add_middleware(Guard)
    app.add_middleware(Observed, operation=watched)

    async def docs() -> HTMLResponse:
        return docs_page(app.openapi())

    app.add_api_route("/docs", docs, include_in_schema=False)
    doors.check_table(app.routes)
    return app


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped. Raises `ConfigError` when the address cannot be had, and what `build_pipeline` raises."""
    with closing(_bound(host, port)) as listener:
        # Ends the process by an exception, so that the index's reader copies are removed on the way out.
        signal.signal(signal.SIGTERM, _stop)
        sys.setswitchinterval(_SWITCH_S)
        operation = build_operation(settings)
        install(json_logging(settings.operation.log_level, operation.metrics.dropped))
        store = build_store(settings, _told)
        operation.metrics.registry.register(QueueCollector(store.engine))
        pipeline = operation.watched(build_pipeline(settings))
        server = server_of(create_app(pipeline, settings, store, operation))
        said = _DOORS[settings.access.mode]
        typer.echo(f"Serving on {_address(host, listener.getsockname()[1])} ({said})", err=True)
        with closing(operation.tracing):
            server.run(sockets=[listener])


def server_of(app: FastAPI) -> uvicorn.Server:
    """A server that logs no request itself: a URL can hold an identifier. Its other lines go the way of all lines."""
    return uvicorn.Server(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="on", log_level="warning", access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=_SHUTDOWN_S,
            timeout_keep_alive=_KEEP_ALIVE_S, log_config=None,
        )
    )  # fmt: skip


def _at_work(pipeline: Pipeline, settings: Settings, store: CaseStore | None) -> Lifespan[FastAPI]:
    """While the application serves, its workers work; where no cases are kept there is nothing to do."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = _THREADS
        if store is None:
            yield
            return
        async with working(store, pipeline, settings.work, settings.work.workers):
            yield

    return lifespan


def _told(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _bound(host: str, port: int) -> socket.socket:
    """A socket that holds the address but does not listen yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delay off: 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or "no such address"
        raise ConfigError(f"Cannot listen on {host} port {port} ({why}); choose another --port or --host.") from None
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _stop(*_: object) -> NoReturn:
    sys.exit(0)
