"""What tabular notes name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notes import asks_for, names_code
from medcoding.codebook import Codebook


@pytest.mark.parametrize(
    ("note", "code", "named"),
    [
        ("chronic kidney disease (N18.-)", "N18.31", True),
        ("chronic kidney disease (N18.1-N18.6)", "N18.31", True),
        ("chronic kidney disease (N18.1-N18.6)", "N18.6", True),
        ("chronic kidney disease (N18.1-N18.6)", "N18.9", False),
        ("diabetes (E08-E13)", "E11.9", True),
        ("diabetes (E08-E13)", "E13.9", True),
        ("diabetes (E08-E13)", "E14.9", False),
        ("hypertension (I10)", "I10", True),
        ("hypertension (I10)", "I11.0", False),
        ("dialysis status (Z99.2)", "Z99.2", True),
        ("dialysis status (Z99.2)", "Z99.89", False),
        ("gout of the knee", "M10.9", False),
        ("", "I10", False),
    ],
)
def test_notes_name_codes_stems_and_ranges(note: str, code: str, named: bool) -> None:
    """`N18.-`, `N18.1-N18.6`, `E08-E13`: the ends belong to a range."""
    assert names_code(note, code) is named


@given(first=st.integers(0, 99), last=st.integers(0, 99), code=st.integers(0, 99))
def test_a_range_of_categories_names_what_lies_in_it(first: int, last: int, code: int) -> None:
    """Law: categories between the ends are named, others are not."""
    named = names_code(f"see (I{first:02d}-I{last:02d})", f"I{code:02d}.9")
    assert named is (first <= code <= last or code == first)


@pytest.mark.parametrize(
    ("code", "other", "asked"),
    [
        ("E11.22", "N18.31", True),
        ("N18.31", "E11.22", True),
        ("I50.9", "I11.0", True),
        ("E11.22", "I10", False),
        ("D63.0", "C50.911", True),
    ],
)
def test_a_note_may_stand_anywhere_above_the_code(code: str, other: str, asked: bool, fy2027: Codebook) -> None:
    """Use additional at E11.22, code first at N18, at I50 and at D63.0 with its range of neoplasms."""
    assert asks_for(fy2027.lineage(code), other) is asked
