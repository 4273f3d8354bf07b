"""The tables of a walk: made from an index, kept in a file, refused when damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medcoding.errors import DependencyError, IntegrityError
from retrieval.index_walk import IndexWalker
from retrieval.walk_tables import WalkTables, load_tables, make_tables, read_title, write_tables
from tests.retrieval.walks import small_index


def test_what_is_written_is_what_is_loaded(tmp_path: Path) -> None:
    """Every array and word survives the file, and the walks are the same."""
    with small_index(tmp_path) as index:
        made = make_tables(index)
        write_tables(tmp_path / "walk.npz", made)
        loaded = load_tables(tmp_path / "walk.npz")
        assert loaded.vocabulary == made.vocabulary
        assert _arrays(loaded).keys() == _arrays(made).keys()
        assert all(np.array_equal(array, _arrays(loaded)[name]) for name, array in _arrays(made).items())
        phrase = "benign neoplasm of the breast"
        assert IndexWalker(index, loaded).walks(phrase) == IndexWalker(index, made).walks(phrase) != ()


def test_missing_tables_name_the_mend(tmp_path: Path) -> None:
    """No file is a missing neighbour."""
    with pytest.raises(DependencyError, match="run 'chartwright index build'"):
        load_tables(tmp_path / "walk.npz")


@pytest.mark.parametrize("kept", [0, 1, 200, -30])
def test_damaged_tables_are_named(tmp_path: Path, kept: int) -> None:
    """However much of the file is left."""
    path = tmp_path / "walk.npz"
    with small_index(tmp_path) as index:
        write_tables(path, make_tables(index))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(IntegrityError, match="damaged"):
        load_tables(path)


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("Abnormal, abnormality", {"abnormal": "abnormal", "abnormality": "abnormal"}),
        ("acute or subacute", {"acute": "acute", "subacute": "acute"}),
        ("from, off, out of", {"due": "due", "off": "due", "out": "due"}),
        ("Fracture, traumatic", {"fracture": "fracture", "traumatic": "traumatic"}),
        ("grade III", {"grade": "grade", "3": "3"}),
        ("Anaplasmosis [A. phagocytophilum]", {"anaplasmosis": "anaplasmosis"}),
        ("IV", {"4": "4"}),
    ],
)
def test_a_word_stands_for_what_it_can_take_the_place_of(title: str, read: dict[str, str]) -> None:
    """Inflections, alternatives and joining words need saying once; what stands in brackets not at all."""
    assert read_title(title) == read


def _arrays(tables: WalkTables) -> dict[str, np.ndarray]:
    """Every array by name."""
    flat: dict[str, np.ndarray] = {}
    for name, value in tables._asdict().items():
        parts = value._asdict() if isinstance(value, tuple) and hasattr(value, "_asdict") else {"": value}
        flat |= {f"{name}.{part}": array for part, array in parts.items() if isinstance(array, np.ndarray)}
    return flat
