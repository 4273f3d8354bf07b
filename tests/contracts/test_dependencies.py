"""What the installation consists of."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHOSEN = (
    "fastapi", "instructor", "llama-index", "pydantic", "qdrant-client", "sentence-transformers", "tenacity",
)  # fmt: skip


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The project table and the tools' tables."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ;]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


def test_nothing_of_cuda_is_installed() -> None:
    """Gigabytes that a CPU-only machine never uses: neither NVIDIA's distributions nor Triton."""
    names = {str(d.metadata["Name"]).lower() for d in distributions()}
    assert sorted(name for name in names if name.startswith(("nvidia-", "nvidia_", "triton", "pytorch-triton"))) == []
    assert "chartwright" in names


def test_torch_is_the_cpu_build() -> None:
    """Read from its version file; importing torch takes seconds."""
    torch = next(d for d in distributions() if str(d.metadata["Name"]).lower() == "torch")
    version_file = Path(str(torch.locate_file("torch/version.py"))).read_text(encoding="utf-8")
    assert re.search(r"^cuda: Optional\[str\] = None$|^cuda(: .*)? = None$", version_file, re.MULTILINE)


@pytest.mark.parametrize("name", CHOSEN)
def test_the_chosen_packages_are_dependencies(project: dict[str, Any], name: str) -> None:
    """Declared, not only pulled in by another package."""
    assert name in _names(project["project"]["dependencies"])


def test_vllm_is_an_extra(project: dict[str, Any]) -> None:
    """It needs an environment of its own, so it is never a plain dependency."""
    assert "vllm" in _names(project["project"]["optional-dependencies"]["vllm"])
    assert "vllm" not in _names(project["project"]["dependencies"])


def test_everything_declared_is_installed(project: dict[str, Any]) -> None:
    """The environment is the one that the project describes."""
    installed = {re.sub(r"[-_.]+", "-", str(d.metadata["Name"])).lower() for d in distributions()}
    assert _names(project["project"]["dependencies"]) - installed == set()


def test_the_distribution_cannot_be_published(project: dict[str, Any]) -> None:
    """Its import names are common words."""
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]
