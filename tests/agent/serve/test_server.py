"""Behaviour of the running server: on a real socket, with callers that hang up, and from start to stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from agent.pipeline import Pipeline
from agent.serve.app import _bound, create_app, run, server_of
from agent.settings import Settings
from medcoding.errors import ConfigError

HOST: Final = "127.0.0.1"
ENCOUNTER: Final = (
    '{"case_id":"c","setting":"outpatient","date_of_service":"2026-11-02",'
    '"documents":[{"document_id":"n","text":"Gout."}]}'
)
HEAD: Final = "POST /v1/encounters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_START: Final = "from chartwright.cli import main; main()"
PATIENT: Final = {"MRN": "4711"}


@contextmanager
def serving(pipeline: Pipeline, settings: Settings) -> Iterator[int]:
    """The application on a port of its own, in a thread."""
    with _bound(HOST, 0) as listener:
        server = server_of(create_app(pipeline, settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            await_life(listener.getsockname()[1], thread.is_alive)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def port(pipeline: Pipeline, settings: Settings) -> Iterator[int]:
    """Port of a running server."""
    with serving(pipeline, settings) as number:
        yield number


def post(port: int, body: str | Iterable[bytes]) -> httpx.Response:
    """Send an encounter."""
    headers = {"Content-Type": "application/json"}
    return httpx.post(f"http://{HOST}:{port}/v1/encounters", content=body, headers=headers)


def hang_up_after(port: int, request: str) -> None:
    """Send a request, or the beginning of one, and leave."""
    with socket.create_connection((HOST, port)) as caller:
        caller.sendall(request.encode())


@pytest.mark.parametrize(
    "request_text",
    [
        HEAD + "Content-Length: 1000\r\n\r\n{",
        f"{HEAD}Content-Length: {len(ENCOUNTER)}\r\n\r\n{ENCOUNTER}",
        HEAD + "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
    ids=["in the middle of the body", "before the answer", "in the middle of a chunk"],
)
def test_callers_who_hang_up_do_no_harm(port: int, caplog: pytest.LogCaptureFixture, request_text: str) -> None:
    """A caller who leaves costs no other caller anything, and is no error in the log."""
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)  # the server's own log does not propagate
    for _ in range(5):
        hang_up_after(port, request_text)
    response = httpx.post(
        f"http://{HOST}:{port}/v1/encounters", content=ENCOUNTER, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 200
    logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_a_body_without_end_is_refused(port: int) -> None:
    """A chunked body over the limit gets its 413 while it is still being sent."""
    body = (b" " * 100_000 for _ in range(100))
    response = httpx.post(
        f"http://{HOST}:{port}/v1/encounters", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413


def test_answers_without_naming_its_software(port: int) -> None:
    """No header says what server this is."""
    assert "server" not in httpx.get(f"http://{HOST}:{port}/healthz").headers


def test_answers_are_not_held_back() -> None:
    """asyncio sends small answers at once only on a socket whose protocol is named."""
    with _bound(HOST, 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_taken_port_is_refused_at_once(settings: Settings) -> None:
    """The mend is named before the index is opened."""
    with _bound(HOST, 0) as taken:
        taken.listen()
        nowhere = settings.model_copy(update={"index_dir": Path("nowhere")})
        with pytest.raises(ConfigError, match="choose another --port"):
            run(nowhere, HOST, taken.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1.5", "::1::1", "x" * 300])
def test_an_address_that_is_none_is_refused(settings: Settings, host: str) -> None:
    """A host that cannot be listened on is the operator's error, whatever the resolver calls it."""
    with pytest.raises(ConfigError, match="Cannot listen on"):
        _bound(host, 0)


def test_from_start_to_stop(index_dir: Path, tmp_path: Path) -> None:
    """The command says once where it serves and for whom, logs no request, and leaves nothing behind when stopped.

    The keys it makes on its first start are announced before, each by a line.
    """
    port = free_port()
    environment = os.environ | {"CHARTWRIGHT_INDEX_DIR": str(index_dir.resolve()), **kept_in(tmp_path)}
    command = [sys.executable, "-c", _START, "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            await_life(port, lambda: process.poll() is None)
            httpx.get(f"http://{HOST}:{port}/v1/codes/I10", params=PATIENT)
        finally:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    *made, line = errors.splitlines()
    assert [words.split(" was made at ")[0] for words in made] == ["A new master key", "A new trail key"]
    assert line.startswith(f"Serving on http://{HOST}:{port} (ONE LOCAL USER, NO AUTHENTICATION")
    assert process.returncode == 0
    assert list(index_dir.rglob(f"chartwright-reader-{process.pid}-*")) == []


def kept_in(folder: Path) -> dict[str, str]:
    """Environment of a server that keeps its cases and keys in a folder."""
    return {
        "CHARTWRIGHT_STORE__URL": f"sqlite:///{folder / 'cases.sqlite'}",
        "CHARTWRIGHT_STORE__MASTER_KEY_FILE": str(folder / "master.key"),
        "CHARTWRIGHT_STORE__TRAIL_KEY_FILE": str(folder / "trail.key"),
    }


def free_port() -> int:
    """A port that nobody holds just now."""
    with _bound(HOST, 0) as listener:
        return int(listener.getsockname()[1])


def await_life(port: int, runs: Callable[[], bool]) -> None:
    """Return when the server answers, or when it does not run any more."""
    deadline = time.monotonic() + 60
    while runs() and time.monotonic() < deadline:
        try:
            httpx.get(f"http://{HOST}:{port}/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
