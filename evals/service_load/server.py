"""The real server in a process of its own, over a case store that is thrown away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from medcoding.errors import DependencyError

_HOST: Final = "127.0.0.1"
_START_S: Final = 60.0
_STOP_S: Final = 30.0
_PROGRAM: Final = """
from pathlib import Path
from agent.serve.app import run
from agent.settings import load_settings
run(load_settings(), "127.0.0.1", {port})
"""


class Served(NamedTuple):
    """A server that runs."""

    url: str
    pid: int


@contextmanager
def running(index_dir: Path, workers: int) -> Iterator[Served]:
    """Have a server on loopback while the block runs. Raises `DependencyError` when it does not come up."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="chartwright-load-", ignore_cleanup_errors=True) as folder:
        environment = _environment(Path(folder), index_dir, workers)
        command = [sys.executable, "-c", _PROGRAM.format(port=port)]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own
            try:
                _await(f"http://{_HOST}:{port}", process)
                yield Served(f"http://{_HOST}:{port}", process.pid)
            finally:
                process.send_signal(signal.SIGTERM)
                _ended(process)


def _environment(folder: Path, index_dir: Path, workers: int) -> dict[str, str]:
    """Nothing of this process's own settings, so that two runs measure the same."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHARTWRIGHT_")}
    return kept | {
        "CHARTWRIGHT_INDEX_DIR": str(index_dir.resolve()),
        "CHARTWRIGHT_STORE__URL": f"sqlite:///{folder / 'cases.sqlite'}",
        "CHARTWRIGHT_STORE__MASTER_KEY_FILE": str(folder / "master.key"),
        "CHARTWRIGHT_STORE__TRAIL_KEY_FILE": str(folder / "trail.key"),
        "CHARTWRIGHT_WORK__WORKERS": str(workers),
        "OMP_NUM_THREADS": "1",
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        return int(listener.getsockname()[1])


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise DependencyError("The server did not come up; run 'chartwright serve' to see why.")


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
