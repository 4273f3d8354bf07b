"""What a process that answers costs and what it depends on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "sentence_transformers", "llama_index", "openai", "qdrant_client", "transformers", "sklearn", "onnx")
_PROGRAM = """
import json, sys
from chartwright.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps({"exit": end.code, "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""


def _coded(index_dir: Path, *arguments: str, seed: str = "0") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Results and the process's own last words."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHARTWRIGHT_")}
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "code", *arguments, "--json", "--index-dir", index_dir],
        cwd=ROOT,
        env=environment | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout, run.stderr
    *results, end = [json.loads(line) for line in run.stdout.splitlines()]
    return results, end


@pytest.fixture(scope="module")
def answered(index_dir: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every sample coded by the command."""
    return _coded(index_dir, *(str(path) for path in sorted((ROOT / "samples").glob("*.json"))))


def test_a_sample_is_coded(answered: tuple[list[dict[str, Any]], dict[str, Any]]) -> None:
    """The command answers every sample with codes and ends with 0."""
    results, end = answered
    assert end["exit"] == 0
    assert len(results) > 3
    assert all(result["codes"] for result in results)


@pytest.mark.parametrize("name", HEAVY)
def test_answering_needs_no_heavy_library(answered: tuple[list[dict[str, Any]], dict[str, Any]], name: str) -> None:
    """They belong to building, training and serving; each would cost seconds and hundreds of megabytes."""
    assert name not in answered[1]["modules"]


def test_the_same_encounter_gets_the_same_answer(
    index_dir: Path, answered: tuple[list[dict[str, Any]], dict[str, Any]]
) -> None:
    """Another process with another hash seed answers to the letter the same, but for the time it took."""
    again, _ = _coded(index_dir, *(str(path) for path in sorted((ROOT / "samples").glob("*.json"))), seed="4711")
    timeless = [[result | {"cost": None} for result in results] for results in (answered[0], again)]
    assert timeless[0] == timeless[1]
