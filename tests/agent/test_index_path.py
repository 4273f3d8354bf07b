"""The path through the Alphabetic Index to a code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.index_path import IndexPaths, paths_of
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook
from tests.books import excerpts


@pytest.fixture
def alphabetic(tmp_path: Path, fy2027: Codebook) -> Iterator[AlphabeticIndex]:
    """The excerpts as an index of FY2027."""
    with closing(excerpts(tmp_path, fy2027)) as opened:
        yield opened


def steps(alphabetic: AlphabeticIndex, code: str, *said: str) -> tuple[str, ...]:
    """The steps of the closest path; empty when there is none."""
    path = IndexPaths(alphabetic).closest(code, said)
    return path.steps() if path else ()


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        ("R52", "soreness", ("Alphabetic Index: Sore, soreness: R52",)),
        ("M79.671", "sore right foot", ("Alphabetic Index: Sore, soreness", "foot: M79.67-")),
        ("W11.XXXA", "fell from a ladder", ("Index to External Causes: Fall, falling", "from, off", "ladder: W11.-")),
        ("N08", "storage disorder", ("Alphabetic Index: Achiness NEC", "with", "storage disorder: E85.4 [N08]")),
        ("T39.015A", "aspirin", ("Table of Drugs: Aspirin, adverse effect: T39.015-",)),
        (
            "C50.411",
            "tumor of the upper-outer quadrant, right breast",
            (
                "Neoplasm Table: Neoplasm, neoplastic",
                "breast",
                "upper-outer quadrant, malignant primary: C50.4-",
            ),
        ),
    ],
)
def test_a_path_is_what_a_coder_looks_up(
    code: str, said: str, expected: tuple[str, ...], alphabetic: AlphabeticIndex
) -> None:
    """Main term, subterms, then the printed code: a stem with its dash, a manifestation in brackets, a column."""
    assert steps(alphabetic, code, said) == expected


def test_the_path_that_says_most_of_the_words_is_taken(alphabetic: AlphabeticIndex) -> None:
    """Two sites of the neoplasm table lead to D24: the one that was said is shown, not the first."""
    assert steps(alphabetic, "D24.1", "benign growth of the breast")[-1] == "breast, benign: D24.-"
    assert steps(alphabetic, "D24.1", "growth, upper-outer quadrant of the breast")[-1].startswith(
        "upper-outer quadrant"
    )


def test_a_nonessential_word_counts_as_said(alphabetic: AlphabeticIndex) -> None:
    """`(soluble)` may be said or not; said alone it still joins the words to the path."""
    assert steps(alphabetic, "T39.011A", "soluble")


def test_words_that_only_join_make_no_path(alphabetic: AlphabeticIndex) -> None:
    """`with` stands in half of the index and says nothing of a condition."""
    assert steps(alphabetic, "N08", "with") == ()
    assert steps(alphabetic, "R52", "hypertension") == ()
    assert steps(alphabetic, "I10", "hypertension") == ()


def test_a_row_is_a_path_once_a_column(alphabetic: AlphabeticIndex) -> None:
    """Only the columns that lead to the code."""
    (row,) = [entry for entry in alphabetic.leading_to("D48.61") if entry.book == "neoplasms"]
    assert [path.printed.column for path in paths_of(row, "D48.61")] == ["uncertain"]
    assert len(list(paths_of(row, ""))) == 6
