"""Exact intervals and sample sizes, by hand and against scipy."""

from __future__ import annotations

from typing import Any

import pytest

from evals.monthly.shares import sample_sizes, share, share_of
from medcoding.errors import InputError


def test_nine_of_ten_by_the_table() -> None:
    """The exact 95 % interval of 9 of 10 is 55.5 % to 99.7 %."""
    found = share([True] * 9 + [False])
    assert found.value == 0.9
    assert found.low == pytest.approx(0.5550, abs=1e-4)
    assert found.high == pytest.approx(0.9975, abs=1e-4)


def test_the_interval_is_that_of_the_beta_quantiles() -> None:
    """Clopper and Pearson, both ends, also at the edges."""
    beta: Any = pytest.importorskip("scipy.stats").beta
    for right, trials in ((0, 7), (7, 7), (3, 11), (180, 200)):
        found = share_of(right, trials)
        assert found.low == pytest.approx(beta.ppf(0.025, right, trials - right + 1) if right else 0, abs=1e-9)
        assert found.high == pytest.approx(
            beta.ppf(0.975, right + 1, trials - right) if right < trials else 1, abs=1e-9
        )


def test_nothing_seen_is_not_zero() -> None:
    """No audited encounter, no share, no number of encounters to audit but the one without fault."""
    nothing = share([])
    assert (nothing.value, nothing.low, nothing.high) == (None, None, None)
    sizes = sample_sizes(nothing)
    assert (sizes.for_margin, sizes.for_shift, sizes.without_fault) == (None, None, 59)


def test_enough_encounters_are_enough_and_one_less_is_not() -> None:
    """At 90 % agreement, for five points to either side; and 253 to find a fall from 90 to 85 %.

    The second by hand: (1.645 × √(.9 × .1) + .842 × √(.85 × .15))² / .05² = 252.6.
    """
    sizes = sample_sizes(share_of(90, 100))
    assert sizes.for_margin is not None
    enough = share_of(round(0.9 * sizes.for_margin), sizes.for_margin)
    assert enough.low is not None
    assert enough.high is not None
    assert enough.high - enough.low <= 0.1
    assert 130 <= sizes.for_margin <= 170
    assert sizes.for_shift == 253


@pytest.mark.parametrize(("margin", "shift"), [(0.0, 0.05), (0.05, 1.0)])
def test_a_margin_is_a_share(margin: float, shift: float) -> None:
    """Five for five percent is a slip of the caller."""
    with pytest.raises(InputError, match="between 0 and 1"):
        sample_sizes(share_of(9, 10), margin, shift)
