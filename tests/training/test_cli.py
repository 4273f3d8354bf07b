"""`chartwright train`: what is wrong with a file is said before anything is trained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medcoding.errors import InputError
from training.cli import app


@pytest.mark.parametrize("command", ["adapter", "reranker"])
def test_a_missing_index_file_is_named(tmp_path: Path, command: str) -> None:
    """The sentence names the file, and nothing was written."""
    missing, out = tmp_path / "index.xml", tmp_path / "out"
    asked = [command, "--index-file", str(missing), "--work", str(tmp_path / "work"), "--out", str(out)]
    answered = CliRunner().invoke(app, asked)
    assert isinstance(answered.exception, InputError)
    assert "index.xml" in str(answered.exception)
    assert not list(tmp_path.glob("out/*"))


def test_the_command_is_light() -> None:
    """Mounting it brings in neither scipy nor torch: every other command would wait for them."""
    asked = "import sys, training.cli; print([name for name in ('scipy', 'torch') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
