"""How many audited codes show what: the exact one-sided bound of a precision, and the errors that it leaves room for.

Clopper and Pearson 1934. The trials must be independent: one code an encounter, because the codes of one encounter
succeed and fail together.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from medcoding.errors import InputError

LEVEL: Final = 0.95
_HALVINGS: Final = 60
"""Bisection steps, beyond the precision of a double."""
_MOST: Final = 1_000_000
"""No sample is sought beyond this."""


def lower_bound(right: int, trials: int, level: float = LEVEL) -> float | None:
    """The smallest precision not refuted at `level` by seeing `right` of `trials`; None without trials.

    Raises `InputError` when `right` is not between 0 and `trials`.
    """
    if not 0 <= right <= trials:
        raise InputError(f"{right} of {trials} is no share; give a count between 0 and the number of trials.")
    if not trials:
        return None
    low, high = 0.0, right / trials
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if at_most(trials - right, trials, middle) > 1 - level else (middle, high)
    return low


def at_most(errors: int, trials: int, precision: float) -> float:
    """Probability of at most so many errors among so many codes of that precision."""
    if precision <= 0:
        return 1.0 if errors >= trials else 0.0
    if precision >= 1:
        return 1.0
    wrong, right = math.log1p(-precision), math.log(precision)
    ways = enumerate(_log_choices(errors, trials))
    return math.fsum(math.exp(choices + k * wrong + (trials - k) * right) for k, choices in ways)


@lru_cache(maxsize=512)
def _log_choices(errors: int, trials: int) -> tuple[float, ...]:
    """Logarithm of "trials choose k" for k from 0 to `errors`."""
    whole = math.lgamma(trials + 1)
    return tuple(whole - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in range(errors + 1))


@lru_cache(maxsize=512)
def errors_allowed(trials: int, precision: float, level: float) -> int | None:
    """Most errors with which the lower bound at `level` still reaches the precision; None where not even none do."""
    allowed = None
    for errors in range(trials + 1):
        if at_most(errors, trials, precision) > 1 - level:
            break
        allowed = errors
    return allowed


@lru_cache(maxsize=512)
def sample_size(errors: int, precision: float, level: float) -> int:
    """Least number of audited codes whose lower bound at `level` reaches the precision with so many errors.

    59 with none, 93 with one, 181 with four at .95 and .95. Raises `InputError` for a precision that no sample shows.
    """
    if not (0 < precision < 1 and 0 < level < 1):
        raise InputError(f"No sample shows a precision of {precision} at level {level}; give shares inside 0 and 1.")
    low, high = errors, errors + 1
    while at_most(errors, high, precision) > 1 - level:
        low, high = high, high * 2
        if high > _MOST:
            raise InputError(f"No sample below {_MOST:,} codes shows a precision of {precision}; ask for less.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_most(errors, middle, precision) > 1 - level else (low, middle)
    return high
