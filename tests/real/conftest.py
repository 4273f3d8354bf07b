"""A real vLLM on this machine's CPU, serving a tiny model made on the spot."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.real.server import QUIET_OFFLINE, VllmServer, running_vllm

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """Interpreter of vLLM's environment: `CHARTWRIGHT_VLLM_PYTHON`, else the one that install_vllm.sh made."""
    named = os.environ.get("CHARTWRIGHT_VLLM_PYTHON")
    python = Path(named) if named else ROOT / ".venv-vllm" / "bin" / "python"
    if not python.exists():
        reason = "vLLM is not installed; run tests/real/install_vllm.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return python


@pytest.fixture(scope="session")
def tiny_model(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model."""
    folder = tmp_path_factory.mktemp("tiny-model")
    script = Path(__file__).with_name("tiny_model.py")
    made = subprocess.run(
        [vllm_python, script, folder], env=os.environ | QUIET_OFFLINE, capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.fail(f"the tiny model could not be made:\n{made.stderr[-2000:]}")
    return folder


@pytest.fixture(scope="session")
def vllm_server(vllm_python: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    """One server for the whole session. Do not kill this one; take `doomed_vllm_server`."""
    with running_vllm(vllm_python, tiny_model, tmp_path_factory.mktemp("vllm")) as server:
        yield server


@pytest.fixture
def doomed_vllm_server(vllm_python: Path, tiny_model: Path, tmp_path: Path) -> Iterator[VllmServer]:
    """A server of the test's own, to be killed."""
    with running_vllm(vllm_python, tiny_model, tmp_path) as server:
        yield server
