"""The socket guard of `tests/conftest.py` bites."""

from __future__ import annotations

import asyncio
import http.server
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OutsideWorldError, SocketGuard

ROOT = Path(__file__).parents[2]
OUTSIDE = "192.0.2.1"  # a documentation address (RFC 5737): nobody is there, so a hole would only time out


def _with_socket(ask: Callable[[socket.socket], object], kind: socket.SocketKind = socket.SOCK_STREAM) -> None:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(0.2)
        ask(sock)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: _with_socket(lambda s: s.connect((OUTSIDE, 80))),
        lambda: _with_socket(lambda s: s.connect_ex((OUTSIDE, 80))),
        lambda: _with_socket(lambda s: s.sendto(b"x", (OUTSIDE, 53)), socket.SOCK_DGRAM),
        lambda: _with_socket(lambda s: s.sendto(b"x", 0, (OUTSIDE, 53)), socket.SOCK_DGRAM),
        lambda: _with_socket(lambda s: s.connect(("0.0.0.0", 80))),
        lambda: socket.create_connection((OUTSIDE, 80), timeout=0.2),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: socket.getaddrinfo(b"example.org", 443),
        lambda: socket.getaddrinfo("localhost.example.org", 443),
        lambda: urllib.request.urlopen("http://example.org/", timeout=0.2),
        lambda: asyncio.run(asyncio.open_connection(OUTSIDE, 80)),
    ],
    ids=["connect", "connect_ex", "sendto", "sendto with flags", "any", "create_connection", "name", "name in bytes",
         "name that begins well", "urllib", "asyncio"],
)  # fmt: skip
def test_the_world_outside_is_refused(ask: Callable[[], object], socket_guard: SocketGuard) -> None:
    """By address and by name, synchronous or not."""
    with pytest.raises(OutsideWorldError, match="is not loopback"):
        ask()
    assert socket_guard.refused
    socket_guard.refused.clear()


def test_loopback_is_allowed() -> None:
    """A server of the test's own answers, by address and by name."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for host in ("127.0.0.1", "localhost"):
            with urllib.request.urlopen(f"http://{host}:{server.server_port}/") as answer:
                assert answer.read() == b"here"
        server.shutdown()
        thread.join()


class _Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        pass


def test_local_sockets_are_allowed(tmp_path: Path) -> None:
    """A path is no address."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


_SWALLOWING = """
import socket

def test_that_swallows_the_refusal():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=0.2)
    except Exception:
        pass
"""


def test_a_swallowed_refusal_still_fails_the_test(tmp_path: Path) -> None:
    """Code that turns every error into a fallback does not get away with it."""
    (tmp_path / "test_swallowing.py").write_text(_SWALLOWING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", "pyproject.toml", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "the network was asked for: 192.0.2.1" in run.stdout
