"""The HTTP application and the server that runs it.

    Guard              request id, and no exception beyond it
    └── DocumentedApi  routes; every refusal a problem document (`agent.serve.problems`)
        └── Service    the answers, over one injected pipeline

It reads one encounter a request; what is slow runs in threads, so that the process always says that it lives.
"""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import closing
from importlib.metadata import version
from typing import Final, NoReturn

import typer
import uvicorn
from fastapi import FastAPI
from starlette.responses import HTMLResponse

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.serve import problems
from agent.serve.docs import DocumentedApi, docs_page
from agent.serve.guard import Guard
from agent.serve.routes import Service, router
from agent.settings import Settings
from medcoding.errors import ConfigError

_ABOUT: Final = "Reads a clinical encounter and proposes its billing codes, each with a rationale that can be checked."
_WARNING: Final = "ONE LOCAL USER, NO AUTHENTICATION: NOT FOR PRODUCTION"
_SHUTDOWN_S: Final = 10


def create_app(pipeline: Pipeline, settings: Settings) -> FastAPI:
    """The application over a pipeline. Nothing is opened or started here."""
    app = DocumentedApi(
        title="Chartwright", version=version("chartwright"), description=_ABOUT,
        docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.include_router(router(Service(pipeline, settings)))
    problems.install(app, settings.llm.breaker_s)
    app.add_middleware(Guard)

    async def docs() -> HTMLResponse:
        return docs_page(app.openapi())

    app.add_api_route("/docs", docs, include_in_schema=False)
    return app


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped. Raises `ConfigError` when the address cannot be had, and what `build_pipeline` raises."""
    with closing(_bound(host, port)) as listener:
        # Ends the process by an exception, so that the index's reader copies are removed on the way out.
        signal.signal(signal.SIGTERM, _stop)
        server = server_of(create_app(build_pipeline(settings), settings))
        typer.echo(f"Serving on {_address(host, listener.getsockname()[1])} ({_WARNING})", err=True)
        server.run(sockets=[listener])


def server_of(app: FastAPI) -> uvicorn.Server:
    """A server that logs no request: a URL can hold an identifier."""
    return uvicorn.Server(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_level="warning", access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=_SHUTDOWN_S,
        )
    )  # fmt: skip


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
