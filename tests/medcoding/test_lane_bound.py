"""How many audited codes show what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.errors import InputError
from medcoding.lane_bound import at_most, errors_allowed, lower_bound, sample_size


@pytest.mark.parametrize(("errors", "codes"), [(0, 59), (1, 93), (2, 124), (3, 153), (4, 181), (5, 208), (6, 234)])
def test_the_sample_sizes_of_the_tables(errors: int, codes: int) -> None:
    """So many audited codes with so many errors show 95 % with 95 % confidence, and one code fewer does not."""
    assert sample_size(errors, 0.95, 0.95) == codes
    assert (lower_bound(codes - errors, codes) or 0) >= 0.95
    assert (lower_bound(codes - 1 - errors, codes - 1) or 0) < 0.95


def test_no_error_is_the_closed_form() -> None:
    """Without an error the bound is the n-th root of one less the level."""
    assert lower_bound(59, 59) == pytest.approx(0.05 ** (1 / 59))
    assert lower_bound(0, 20) == pytest.approx(0.0, abs=1e-9)
    assert lower_bound(0, 0) is None


@given(st.integers(1, 300), st.integers(0, 300), st.sampled_from([0.9, 0.95, 0.99]))
def test_what_is_allowed_is_what_the_bound_shows(trials: int, errors: int, level: float) -> None:
    """Law: so many errors are allowed exactly where the lower bound still reaches the precision."""
    errors = min(errors, trials)
    allowed = errors_allowed(trials, 0.95, level)
    reached = (lower_bound(trials - errors, trials, level) or 0.0) >= 0.95 - 1e-9
    assert reached == (allowed is not None and errors <= allowed)


@given(st.integers(1, 500), st.integers(0, 20), st.floats(0.5, 0.999), st.floats(0.5, 0.999))
def test_a_better_lane_errs_less(trials: int, errors: int, one: float, other: float) -> None:
    """Law: the probability of few errors grows with the precision."""
    low, high = sorted((one, other))
    assert at_most(min(errors, trials), trials, low) <= at_most(min(errors, trials), trials, high) + 1e-9


def test_what_cannot_be_is_refused() -> None:
    """More right than audited, and a precision that no sample shows."""
    with pytest.raises(InputError, match="no share"):
        lower_bound(5, 4)
    with pytest.raises(InputError, match="No sample"):
        sample_size(0, 1.0, 0.95)
