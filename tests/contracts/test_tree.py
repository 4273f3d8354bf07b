"""The tree: packages, layers, and no trace of the machine it was written on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agent.preflight import OUR_NAMES, refuse_clashing_distributions
from medcoding.errors import ConfigError

ROOT = Path(__file__).parents[2]
HOMES = ("home", "root", "Users", "work", "tmp")
MACHINE_PATH = re.compile(rf"(?<![\w.~}}])/(?:{'|'.join(HOMES)})/[A-Za-z0-9_.-]+")
NOT_OURS = {"tests", "docs", "samples", "requirements", "var", "build"}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    """The whole of pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def _tracked() -> list[Path]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def _packages() -> set[str]:
    """Import packages on disk, dotted."""
    tops = (top for top in ROOT.glob("[a-z]*/") if top.name not in NOT_OURS)
    found = (path.parent.relative_to(ROOT) for top in tops for path in top.rglob("__init__.py"))
    return {".".join(folder.parts) for folder in found}


def test_the_package_list_is_the_tree(pyproject: dict[str, Any]) -> None:
    """Every listed package exists, every package is listed: an unlisted one is missing from the wheel."""
    assert set(pyproject["tool"]["setuptools"]["packages"]) == _packages()


def test_every_top_level_package_is_checked_everywhere(pyproject: dict[str, Any]) -> None:
    """Types, layers and the clash check know the same names."""
    top = {name for name in _packages() if "." not in name}
    assert set(pyproject["tool"]["mypy"]["packages"]) == top | {"tests"}
    assert set(OUR_NAMES) == top
    assert set(pyproject["tool"]["importlinter"]["root_packages"]) | {"medcoding"} == top | {"medcoding"}


def test_package_data_is_there(pyproject: dict[str, Any]) -> None:
    """Every pattern of shipped data matches something."""
    patterns = pyproject["tool"]["setuptools"]["package-data"]
    empty = [(p, pattern) for p, some in patterns.items() for pattern in some if not any((ROOT / p).glob(pattern))]
    assert empty == []


def test_every_table_and_page_is_shipped(pyproject: dict[str, Any]) -> None:
    """No file that is not Python lies in a package without a pattern that takes it along."""
    patterns = pyproject["tool"]["setuptools"]["package-data"]
    shipped = {path for p, some in patterns.items() for pattern in some for path in (ROOT / p).glob(pattern)}
    data = {
        path
        for path in _tracked()
        if path.relative_to(ROOT).parts[0] in {n.split(".")[0] for n in _packages()} and path.suffix != ".py"
    }
    assert sorted(str(path.relative_to(ROOT)) for path in data - shipped) == []


def test_the_layers_hold() -> None:
    """import-linter keeps every contract."""
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert " 0 broken." in run.stdout


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """No home folder or checkout path stands in a tracked text file."""
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


# Preflight


@pytest.mark.parametrize(
    "owners",
    [{}, {"agent": ["chartwright"]}, {"agent": ["Chartwright"], "numpy": ["numpy"]}, {"evals": []}],
)
def test_our_own_distribution_may_own_our_names(owners: dict[str, list[str]]) -> None:
    """Installed or run from the checkout, in any case of letters, twice listed or not."""
    refuse_clashing_distributions(owners)


@pytest.mark.parametrize("name", OUR_NAMES)
def test_another_owner_of_a_name_is_refused(name: str) -> None:
    """The sentence names both, so that the operator knows what to uninstall."""
    with pytest.raises(ConfigError, match=f"'stranger' also provides the package '{name}'"):
        refuse_clashing_distributions({name: ["chartwright", "stranger"]})


def test_this_environment_has_no_clash() -> None:
    """What is installed here may start."""
    refuse_clashing_distributions()
