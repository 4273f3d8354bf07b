"""Kept results of build steps: made once, whole or not there, pruned, shared with builds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index_build import readers, stages
from index_build.stages import Stages, code_digest, linked
from tests.index_build.small_index import ROOT


class Maker:
    """Writes a book and counts how often it was asked to."""

    def __init__(self, content: str = "M10.9 Gout") -> None:
        self._content = content
        self.times = 0

    def __call__(self, folder: Path) -> None:
        """Fill the folder, which must be empty."""
        assert list(folder.iterdir()) == []
        self.times += 1
        (folder / "book").write_text(self._content)


def _broken_off(folder: Path) -> None:
    (folder / "book").write_text("half a")
    raise KeyboardInterrupt


def _results(cache: Path, step: str = "books") -> set[str]:
    return {path.name for path in (cache / "stages" / step).iterdir() if not path.name.startswith(".")}


def test_a_result_is_made_once_for_its_key(tmp_path: Path) -> None:
    """Also by the next builder; another key is another result."""
    maker, other = Maker(), Maker("M10.0 Idiopathic gout")
    first = Stages(tmp_path).made("books", "k1", maker)
    assert Stages(tmp_path).made("books", "k1", maker) == first
    assert (first / "book").read_text() == "M10.9 Gout"
    assert (Stages(tmp_path).made("books", "k2", other) / "book").read_text() == "M10.0 Idiopathic gout"
    assert (maker.times, other.times) == (1, 1)


def test_a_step_that_fails_leaves_no_result(tmp_path: Path) -> None:
    """What it had written does not count, and the next one starts with an empty folder."""
    kept = Stages(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        kept.made("books", "k1", _broken_off)
    assert _results(tmp_path) == set()
    assert kept.latest("books") is None
    assert (kept.made("books", "k1", Maker()) / "book").read_text() == "M10.9 Gout"
    assert [path.name for path in (tmp_path / "stages" / "books").iterdir()] == ["k1"]


_DOOMED = """
import os, signal, sys
from pathlib import Path
from index_build.stages import Stages

def make(folder):
    (folder / "book").write_text("half a")
    os.kill(os.getpid(), signal.SIGKILL)

Stages(Path(sys.argv[1])).made("books", "k1", make)
"""


def test_a_killed_step_leaves_no_result(tmp_path: Path) -> None:
    """What it left under another name is cleared away by the next one."""
    assert subprocess.run([sys.executable, "-c", _DOOMED, tmp_path], cwd=ROOT, check=False).returncode < 0
    assert len(list((tmp_path / "stages" / "books").iterdir())) == 1
    assert _results(tmp_path) == set()
    assert Stages(tmp_path).latest("books") is None
    Stages(tmp_path).made("books", "k1", Maker())
    assert [path.name for path in (tmp_path / "stages" / "books").iterdir()] == ["k1"]


def test_two_results_of_a_step_are_kept(tmp_path: Path) -> None:
    """The one used last and the one before it; other steps have their own two."""
    kept = Stages(tmp_path)
    kept.made("index", "k0", Maker())
    for key in ("k1", "k2", "k1", "k3"):
        kept.made("books", key, Maker())
    assert _results(tmp_path) == {"k1", "k3"}
    assert _results(tmp_path, "index") == {"k0"}
    latest = kept.latest("books")
    assert latest == kept.made("books", "k3", Maker())


@pytest.mark.parametrize(
    "damage",
    [
        lambda book: book.write_text("M10.8 Gout"),
        lambda book: book.write_text("M10.9"),
        lambda book: book.unlink(),
        lambda book: book.with_name("more").write_text("stray"),
        lambda book: (book.parents[1] / "digests").unlink(),
        lambda book: (book.parents[1] / "digests").write_text("{"),
    ],
    ids=["a byte", "cut short", "gone", "stray", "no digests", "digests cut short"],
)
def test_a_damaged_result_is_made_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    """Nothing damaged goes into a new build, nor is it the base of an update."""
    kept, maker = Stages(tmp_path), Maker()
    damage(kept.made("books", "k1", maker) / "book")
    assert kept.latest("books") is None
    made = kept.made("books", "k1", maker)
    assert maker.times == 2
    assert [(path.name, path.read_text()) for path in made.iterdir()] == [("book", "M10.9 Gout")]


def test_a_build_shares_the_files_and_has_a_log_of_its_own(tmp_path: Path) -> None:
    """Opening a collection writes into its write-ahead log, which must not reach the kept result."""
    points = tmp_path / "kept" / "points"
    (points / "wal").mkdir(parents=True)
    for name in ("segment", "wal/first"):
        (points / name).write_text("content")
    (tmp_path / "build").mkdir()
    linked(tmp_path / "kept", tmp_path / "build")
    (tmp_path / "build" / "points" / "wal" / "first").write_text("opened")
    assert (tmp_path / "build" / "points" / "segment").samefile(points / "segment")
    assert (points / "wal" / "first").read_text() == "content"


def test_the_code_of_a_module_or_of_a_whole_package_counts() -> None:
    """A package's digest is not that of its first module, and the order of what is named does not get lost."""
    both = {code_digest(modules) for modules in ([readers], [stages], [readers, stages], [stages, readers])}
    assert len(both) == 4
    assert code_digest([readers]) == code_digest([readers])


def test_only_the_log_of_a_collection_is_copied(tmp_path: Path) -> None:
    """A folder of that name above the index says nothing: its files are shared all the same."""
    source = tmp_path / "wal" / "kept"
    (source / "wal").mkdir(parents=True)
    (source / "segment").write_text("x", encoding="utf-8")
    (source / "wal" / "log").write_text("x", encoding="utf-8")
    linked(source, tmp_path / "build")
    assert (tmp_path / "build" / "segment").samefile(source / "segment")
    assert not (tmp_path / "build" / "wal" / "log").samefile(source / "wal" / "log")
