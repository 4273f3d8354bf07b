"""How sure a figure is: bootstrap intervals over encounters, the comparison of two runs, an exact bound for a share.

The encounter is what is drawn again, because the codes of one encounter succeed and fail together. Percentile method
(Efron and Tibshirani 1993, chapter 13). Where everything is right the bootstrap knows no doubt and its interval is a
point: a promise about a share then takes `lower_bound` (Clopper and Pearson 1934).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medcoding.errors import InputError
from medcoding.record import Record

Array = NDArray[np.float64]

RESAMPLES: Final = 2_000
SEED: Final = 20_261_001
LEVEL: Final = 0.95

_LEAST: Final = 2
"""One encounter says nothing about the next: no interval below this."""
_HALVINGS: Final = 60
"""Bisection steps, beyond the precision of a double."""


class Estimate(Record):
    """A figure with its interval. Unscored is not zero: without a denominator every value is None."""

    value: float | None
    low: float | None = None
    """Lower end of the 95 % interval; None where fewer than two encounters say anything."""
    high: float | None = None
    numerator: float | None = None
    """None where the figure is not a ratio of sums."""
    denominator: float | None = None


class Difference(Record):
    """One metric on two runs over the same encounters; the difference is second less first."""

    first: float | None
    second: float | None
    difference: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    """Two-sided: twice the share of resamples on the rarer side of no difference, at least 2 / (resamples + 1)."""


class Resampler:
    """Encounters drawn again with replacement, the same draws for every figure, so that figures can be compared.

    Memory: 4 bytes × resamples × encounters (40 MB for 5,000 encounters).
    """

    def __init__(self, encounters: int, resamples: int = RESAMPLES, seed: int = SEED) -> None:
        if encounters < 1 or resamples < 1:
            raise InputError("There is no encounter to draw from; give at least one encounter and one resample.")
        self.encounters, self.resamples, self.seed = encounters, resamples, seed
        drawn = np.random.default_rng(seed).integers(0, encounters, (resamples, encounters))
        drawn += np.arange(resamples)[:, None] * encounters
        counts = np.bincount(drawn.ravel(), minlength=resamples * encounters)
        self.weights: NDArray[np.float32] = counts.astype(np.float32).reshape(resamples, encounters)
        """How often each resample drew each encounter, shape (resamples, encounters)."""

    def totals(self, per_encounter: Array) -> Array:
        """Sums over each resample: (encounters, columns) to (resamples, columns)."""
        sums: Array = np.matmul(self.weights, per_encounter.astype(np.float32)).astype(np.float64)
        return sums

    def ratio(self, parts: Sequence[tuple[float, float]]) -> Estimate:
        """Sum of numerators over sum of denominators, one part an encounter, in the order of the encounters."""
        counts = np.asarray(parts, dtype=np.float64)
        numerator, denominator = counts.sum(axis=0)
        if not denominator:
            return Estimate(value=None, numerator=numerator, denominator=denominator)
        low, high = interval(self._ratios(counts)) if np.count_nonzero(counts[:, 1]) >= _LEAST else (None, None)
        return Estimate(value=numerator / denominator, low=low, high=high, numerator=numerator, denominator=denominator)

    def difference(self, first: Sequence[tuple[float, float]], second: Sequence[tuple[float, float]]) -> Difference:
        """A ratio on two runs, both in the order of the encounters. The same draws serve both: it is paired."""
        one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
        before, after = _value(one), _value(two)
        if before is None or after is None:
            return Difference(first=before, second=after, difference=None)
        moved = self._ratios(two) - self._ratios(one)
        moved = moved[~np.isnan(moved)]
        rarer = min(int((moved <= 0).sum()), int((moved >= 0).sum()))
        low, high = interval(moved)
        p = min(1.0, 2 * (rarer + 1) / (len(moved) + 1))
        return Difference(first=before, second=after, difference=after - before, low=low, high=high, p=p)

    def quantile(self, values: Sequence[float | None], share: float) -> Estimate:
        """The smallest value that at least `share` of the encounters do not exceed; None stands for no value."""
        held = [(value, place) for place, value in enumerate(values) if value is not None]
        if not held:
            return Estimate(value=None)
        held.sort()
        ordered = np.array([value for value, _ in held])
        value = float(ordered[_first_at_least(np.arange(1, len(held) + 1), share * len(held))])
        if len(held) < _LEAST:
            return Estimate(value=value)
        reached = np.cumsum(self.weights[:, [place for _, place in held]], axis=1)
        low, high = interval(_drawn_quantiles(ordered, reached, share))
        return Estimate(value=value, low=low, high=high)

    def _ratios(self, counts: Array) -> Array:
        totals = self.totals(counts)
        ratios: Array = np.full(self.resamples, np.nan)
        np.divide(totals[:, 0], totals[:, 1], out=ratios, where=totals[:, 1] > 0)
        return ratios


def interval(drawn: Array, level: float = LEVEL) -> tuple[float | None, float | None]:
    """The middle `level` of the resampled values; resamples without a denominator (NaN) are left out."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def lower_bound(right: int, trials: int, level: float = LEVEL) -> float | None:
    """One-sided exact lower bound for a share: the smallest share not refuted by seeing `right` of `trials`.

    Clopper and Pearson. The trials must be independent: encounters, not the codes of one encounter. None without
    trials. Raises `InputError` when `right` is not between 0 and `trials`.
    """
    if not 0 <= right <= trials:
        raise InputError(f"{right} of {trials} is no share; give a count between 0 and the number of trials.")
    if not trials:
        return None
    if not right:
        return 0.0
    choices = _log_choices(trials, right)
    low, high = 0.0, right / trials
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _tail(choices, right, middle) > 1 - level else (middle, high)
    return low


def upper_bound(right: int, trials: int, level: float = LEVEL) -> float | None:
    """One-sided exact upper bound for a share, as `lower_bound`."""
    bound = lower_bound(trials - right, trials, level)
    return None if bound is None else 1 - bound


def _value(counts: Array) -> float | None:
    numerator, denominator = counts.sum(axis=0)
    return float(numerator / denominator) if denominator else None


def _first_at_least(reached: NDArray[np.int64], target: float) -> int:
    return int(np.searchsorted(reached, target - 1e-9))


def _drawn_quantiles(ordered: Array, reached: NDArray[np.float32], share: float) -> Array:
    """One quantile a resample; NaN where it drew no encounter that has a value."""
    total = reached[:, -1:]
    places = (reached < share * total - 1e-6).sum(axis=1)
    return np.where(total[:, 0] > 0, ordered[np.minimum(places, len(ordered) - 1)], np.nan)


def _log_choices(trials: int, right: int) -> Array:
    """Logarithm of "trials choose k" for k from `right` to `trials`."""
    k = np.arange(1, trials + 1)
    log_choose = np.concatenate(([0.0], np.cumsum(np.log((trials - k + 1) / k))))
    return log_choose[right:]


def _tail(log_choices: Array, right: int, share: float) -> float:
    """Probability of at least `right` successes."""
    if share <= 0:
        return 0.0
    successes = np.arange(right, right + len(log_choices))
    failures = successes[-1] - successes
    return float(np.exp(log_choices + successes * np.log(share) + failures * np.log1p(-share)).sum())
