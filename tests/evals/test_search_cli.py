"""The commands that measure the search: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chartwright.cli import _exit_code
from medcoding.codebook import Codebook
from tests.books import index_with_books


def test_every_entry_of_a_small_index_is_walked_to(
    tmp_path: Path, index_dir: Path, fy2027: Codebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is JSON on standard output; nothing is missed."""
    folder = index_with_books(tmp_path, index_dir, fy2027)
    assert _exit_code(["eval", "index-walk", "--index-dir", str(folder), "--sample", "20"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["missed"], report["exact"]) == (0, 1.0)


def test_an_index_without_the_alphabetic_one_is_the_caller_s_matter(
    index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the command that loads one."""
    assert _exit_code(["eval", "index-walk", "--index-dir", str(index_dir)]) == 2
    assert "--official FOLDER" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["index-walk", "search-speed", "shorthand"])
def test_without_an_index_each_command_says_what_is_missing(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and one sentence; nothing is measured."""
    assert _exit_code(["eval", command, "--index-dir", str(tmp_path / "none")]) == 3
    told = capsys.readouterr()
    assert "chartwright index build" in " ".join(told.err.split())
    assert told.out == ""


def test_a_part_that_does_not_exist_is_refused() -> None:
    """Shorthand has two parts."""
    assert _exit_code(["eval", "shorthand", "--part", "training"]) == 2
