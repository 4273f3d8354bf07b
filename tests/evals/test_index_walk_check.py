"""The check that every entry of the index is found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.index_walk_check import asked_entries, measure_index_walk
from medcoding.codebook import Codebook
from medcoding.errors import InputError
from tests.books import index_with_books
from tests.retrieval.walks import small_index


def test_every_entry_of_the_excerpts_is_found(tmp_path: Path, index_dir: Path, fy2027: Codebook) -> None:
    """Terms, rows of both tables, printed and shuffled; nothing is left unasked or missed."""
    report = measure_index_walk(index_with_books(tmp_path, index_dir, fy2027))
    assert report.first_missed == ()
    assert (report.missed, report.exact) == (0, 1.0)
    assert all(report.asked.values())


def test_titles_are_asked_for_in_another_order_too(tmp_path: Path) -> None:
    """Each path with more than one title has two phrases of the same words."""
    with small_index(tmp_path) as index:
        entries = [entry for entry in asked_entries(index) if entry.book == "diseases"]
    several = [entry for entry in entries if len(entry.path) > 1]
    assert several
    assert all(len(entry.phrases) == 2 for entry in several)
    assert any(one != other for one, other in (entry.phrases for entry in several))


def test_an_edition_without_an_index_is_refused(index_dir: Path) -> None:
    """With the command that gives it one."""
    with pytest.raises(InputError, match="has no Alphabetic Index; run 'chartwright index build --official"):
        measure_index_walk(index_dir)
