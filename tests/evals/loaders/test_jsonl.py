"""Coded encounters, one a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.loaders.gold_set import GoldOptions
from evals.loaders.jsonl import read_jsonl
from medcoding.errors import InputError
from tests.evals.loaders.invented import coded, line


def test_a_line_that_does_not_fit_costs_only_itself(tmp_path: Path) -> None:
    """It is refused by file and number, without its words."""
    whole = coded(line("M10.9")).model_dump_json()
    (tmp_path / "a.jsonl").write_text(f'{whole}\n\n{{"case_id": "zqxcanary"}}\n', encoding="utf-8")
    found = read_jsonl(tmp_path / "a.jsonl", GoldOptions())
    assert [e.case_id for e in found.encounters] == ["c1"]
    assert [r.case_id for r in found.refused] == ["a.jsonl:3"]
    assert "setting: Field required" in found.refused[0].why
    assert "zqxcanary" not in found.model_dump_json()


def test_a_folder_is_one_set(tmp_path: Path) -> None:
    """Its files in order of name."""
    for name in ("b", "a"):
        text = coded(line("M10.9"), case_id=name).model_dump_json()
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    assert [e.case_id for e in read_jsonl(tmp_path, GoldOptions()).encounters] == ["a", "b"]


def test_a_file_without_one_fitting_line_is_refused(tmp_path: Path) -> None:
    """With the fault of its first line."""
    (tmp_path / "a.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 1 of a\.jsonl is not valid"):
        read_jsonl(tmp_path / "a.jsonl", GoldOptions())
