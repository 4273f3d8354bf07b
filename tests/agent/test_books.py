"""Which books an index holds."""

from __future__ import annotations

from pathlib import Path

from agent.books import open_books
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from retrieval.index_folder import IndexFolder, open_index
from tests.books import index_with_books


def test_an_index_without_official_files_has_codebooks_only(index: IndexFolder) -> None:
    """Nothing stands in for what was not given."""
    books = open_books(index)
    assert [c.edition.name for c in books.codebooks.editions] == ["FY2026", "FY2027"]
    assert (books.alphabetic_indexes, books.procedures) == ({}, {})


def test_each_book_stands_under_its_name(tmp_path: Path, index_dir: Path, fy2027: Codebook) -> None:
    """The Alphabetic Index under the edition that has one, the HCPCS book under its system."""
    books = open_books(open_index(index_with_books(tmp_path, index_dir, fy2027)))
    assert set(books.alphabetic_indexes) == {"FY2027"}
    assert books.alphabetic_indexes["FY2027"].edition == "FY2027"
    assert set(books.procedures) == {CodeSystem.HCPCS}
