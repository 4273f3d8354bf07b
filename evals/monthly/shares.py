"""Shares with exact intervals, and how many encounters it takes to say something.

Clopper and Pearson 1934, two-sided, over encounters: they are audited independently, their codes are not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from evals.bootstrap import LEVEL, lower_bound, upper_bound
from medcoding.errors import InputError
from medcoding.record import Record

_ONE_SIDED: Final = 1 - (1 - LEVEL) / 2
_MOST: Final = 20_000
_Z_LEVEL: Final = 1.6449
"""Normal quantile of 95 %, one-sided."""
_Z_POWER: Final = 0.8416
"""Normal quantile of 80 %."""


class Share(Record):
    """So many of so many; without trials every value is None."""

    right: int
    trials: int
    value: float | None
    low: float | None
    """Lower end of the exact 95 % interval."""
    high: float | None


class SampleSizes(Record):
    """Audited encounters that it takes."""

    margin: float
    for_margin: int | None
    """So that the exact interval reaches no further than `margin` to either side on average, at the share seen."""
    shift: float
    for_shift: int | None
    """So that a fall by `shift` from the share seen is found with 80 % power at 5 %, one-sided; None when it cannot
    fall so far or nothing was seen."""
    without_fault: int
    """Audited without a single fault, so that more than 95 % agreement is promised with 95 % confidence."""


def share(agreed: Sequence[bool]) -> Share:
    """Of encounters, each agreed or not."""
    return share_of(sum(agreed), len(agreed))


def share_of(right: int, trials: int) -> Share:
    """With its exact interval. Raises `InputError` when `right` is not between 0 and `trials`."""
    low, high = lower_bound(right, trials, _ONE_SIDED), upper_bound(right, trials, _ONE_SIDED)
    return Share(right=right, trials=trials, value=right / trials if trials else None, low=low, high=high)


def sample_sizes(seen: Share, margin: float = 0.05, shift: float = 0.05) -> SampleSizes:
    """For a share like the one seen. Raises `InputError` unless margin and shift lie between 0 and 1."""
    if not (0 < margin < 1 and 0 < shift < 1):
        raise InputError("Margin and shift are shares; give numbers between 0 and 1.")
    return SampleSizes(
        margin=margin,
        for_margin=None if seen.value is None else _for_margin(round(seen.value, 2), margin),
        shift=shift,
        for_shift=None if seen.value is None else _for_shift(seen.value, shift),
        without_fault=math.ceil(math.log(1 - LEVEL) / math.log(0.95)),
    )


@lru_cache(maxsize=1_024)
def _for_margin(value: float, margin: float) -> int | None:
    """The smallest number by bisection; the width falls with the number but for rounding."""
    if _half_width(value, _MOST) > margin:
        return None
    few, enough = 1, _MOST
    while few < enough:
        middle = (few + enough) // 2
        few, enough = (few, middle) if _half_width(value, middle) <= margin else (middle + 1, enough)
    return enough


def _half_width(value: float, trials: int) -> float:
    found = share_of(round(value * trials), trials)
    return ((found.high or 0.0) - (found.low or 0.0)) / 2


def _for_shift(value: float, shift: float) -> int | None:
    """One-sample test of a share in the normal approximation."""
    fallen = value - shift
    if fallen <= 0:
        return None
    spread = _Z_LEVEL * math.sqrt(value * (1 - value)) + _Z_POWER * math.sqrt(fallen * (1 - fallen))
    return math.ceil((spread / shift) ** 2)
