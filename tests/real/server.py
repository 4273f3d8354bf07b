"""A real vLLM as a process of ours: started on a free loopback port, waited for, ended with its workers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

MODEL_NAME: Final = "tiny"
LONGEST_CONTEXT: Final = 16_384
START_LIMIT_S: Final = 240.0
STOP_LIMIT_S: Final = 20.0
QUIET_OFFLINE: Final = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "OMP_NUM_THREADS": "1",
}
FLAGS: Final = (
    "--enforce-eager",
    "--dtype=float32",
    "--enable-prefix-caching",
    "--enable-prompt-tokens-details",
    # Free white space between tokens of the JSON would let a weak model fill its answer with it.
    '--structured-outputs-config={"backend": "guidance", "disable_any_whitespace": true}',
)


@dataclass(frozen=True)
class VllmServer:
    """A running server. It leads its own process group, so that ending it ends its workers too, and nothing else."""

    base_url: str
    model: str
    log: Path
    process: subprocess.Popen[bytes]
    started_s: float
    """Seconds until it was healthy."""

    @property
    def pid(self) -> int:
        """Process id, which is also its group's."""
        return self.process.pid

    def kill(self) -> None:
        """End it the hard way, as a crash would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End it politely, then the hard way."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
            self.process.wait(STOP_LIMIT_S)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            return  # gone already, or about to meet the harder signal


@contextmanager
def running_vllm(python: Path, model: Path, folder: Path) -> Iterator[VllmServer]:
    """Start a server on a free loopback port, wait until it is healthy, and end it afterwards."""
    port, log = _free_port(), folder / "vllm.log"
    command: list[str | Path] = [
        python,
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        model,
        "--served-model-name",
        MODEL_NAME,
        "--host=127.0.0.1",
        f"--port={port}",
        f"--max-model-len={_context(model)}",
        *FLAGS,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=os.environ | QUIET_OFFLINE | {"VLLM_CACHE_ROOT": str(folder / "cache")},
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    begun = time.monotonic()
    server = VllmServer(f"http://127.0.0.1:{port}/v1", MODEL_NAME, log, process, 0.0)
    try:
        _wait_until_healthy(server, f"http://127.0.0.1:{port}/health", begun + START_LIMIT_S)
        started_s = time.monotonic() - begun
        sys.stderr.write(f"\nvLLM: pid {process.pid}, healthy after {started_s:.0f} s, log in {log}\n")
        yield VllmServer(server.base_url, server.model, log, process, started_s)
    finally:
        server.stop()


def _context(model: Path) -> int:
    """As long as the model allows, and no longer than the tests need."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    return min(LONGEST_CONTEXT, int(config["max_position_embeddings"]))


def _wait_until_healthy(server: VllmServer, url: str, deadline: float) -> None:
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"vLLM did not come up:\n{server.log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
