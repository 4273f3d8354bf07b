"""Features of candidates: finite whatever is asked, and each says what its name says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.features import FEATURES, ScoredWay, features, word_weights

WEIGHTS = word_weights(["heart failure", "heart attack", "sore throat", "streptococcal sore throat"])


def _way(code: str, title: str, surface: str = "", **scores: float) -> ScoredWay:
    given_scores = {"dense": 0.5, "sparse": 2.0, "fused_rank": 1, **scores}
    return ScoredWay(code=code, title=title, surface=surface or title, **given_scores)  # type: ignore[arg-type]


def _column(rows: NDArray[np.float32], name: str) -> list[float]:
    return [float(value) for value in rows[:, FEATURES.index(name)]]


@given(
    st.text(max_size=40),
    st.lists(
        st.builds(
            ScoredWay,
            st.sampled_from(["I50.9", "I50.21", "J02.0", "T36.0X1A"]),
            st.text(max_size=30),
            st.text(max_size=30),
            st.floats(-1, 1),
            st.floats(0, 40),
            st.integers(1, 500),
            st.floats(0, 1),
            st.floats(0, 1),
        ),
        max_size=8,
    ),
)
def test_features_are_finite(query: str, ways: list[ScoredWay]) -> None:
    """One row a candidate, one column a name, no NaN and no infinity, whatever the words."""
    rows = features(query, ways, WEIGHTS)
    assert rows.shape == (len(ways), len(FEATURES))
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()


def test_exactness_ignores_case_and_plural_but_not_words() -> None:
    """`Sore throats` is exactly `sore throat`; `streptococcal sore throat` says a word that was not asked."""
    rows = features("Sore throats", [_way("J02.9", "sore throat"), _way("J02.0", "streptococcal sore throat")], WEIGHTS)
    assert _column(rows, "exact") == [1.0, 0.0]
    assert _column(rows, "surface_unsaid_words") == [0.0, 1.0]


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    """Sharing `failure` says more than sharing `heart`."""
    ways = [_way("I50.9", "kidney failure"), _way("I21.9", "heart rupture")]
    said = _column(features("heart failure", ways, WEIGHTS), "surface_said")
    assert said[0] > said[1]


def test_titles_above_fill_what_the_code_leaves_unsaid() -> None:
    """`left ventricular` of the subcategory below `Heart failure`."""
    bare = _way("I50.1", "Left ventricular failure, unspecified")
    rows = features("heart failure left ventricular", [bare, bare._replace(above="Heart failure")], WEIGHTS)
    assert _column(rows, "above_adds")[0] < _column(rows, "above_adds")[1]
    assert max(_column(rows, "said_with_above")) <= 1.0 + 1e-6


def test_candidates_of_one_category_vote_for_each_other() -> None:
    """Two of three wordings are of I50; the leader of its category is marked."""
    ways = [
        _way("I50.9", "Heart failure", fused_rank=1),
        _way("I50.1", "Left heart failure", fused_rank=2),
        _way("J02.9", "Sore throat", fused_rank=3),
    ]
    rows = features("heart failure", ways, WEIGHTS)
    assert _column(rows, "category_share") == [np.float32(2 / 3), np.float32(2 / 3), np.float32(1 / 3)]
    assert _column(rows, "first_of_category") == [1.0, 0.0, 1.0]
    assert _column(rows, "siblings_ahead") == [0.0, 1.0, 0.0]


def test_the_order_of_the_candidates_changes_nothing() -> None:
    """A row follows its candidate."""
    ways = [
        _way(code, title, fused_rank=rank)
        for rank, (code, title) in enumerate(
            [("I50.9", "Heart failure"), ("J02.9", "Sore throat"), ("I21.9", "Heart attack")], start=1
        )
    ]
    rows = features("heart failure", ways, WEIGHTS)
    turned = features("heart failure", ways[::-1], WEIGHTS)
    assert np.array_equal(rows, turned[::-1])
