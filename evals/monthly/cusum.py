"""CUSUM charts in both directions, with a stated false-alarm rate.

Page 1954, tabular form: up = max(0, up + value - target - k), down = max(0, down + target - value - k), an alarm where
one exceeds its h, after which that side begins again at 0. k is half the shift to be found. h is set by simulation so
that encounters like those of the baseline raise one false alarm in `run_length` encounters, for each side by itself,
because differences of weights are mostly 0 and seldom large: no normal curve describes them. One encounter counts for
at most half of h (after Lucas and Crosier 1982), so that no alarm rests on one or two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from evals.bootstrap import SEED, Array
from medcoding.errors import InputError
from medcoding.record import Record

LEAST_BASELINE: Final = 30
"""Below it a baseline says too little about how values vary."""
_PATHS: Final = 150
_HALVINGS: Final = 14
_LEAST_RUN: Final = 10
"""An exact shift takes at least so many encounters to an alarm, however quiet the baseline was."""

Direction = Literal["up", "down"]


class CusumPlan(Record):
    """What the chart is to find and how often it may be wrong. Decided before the values are seen."""

    target: float | None = 0.0
    """The value without a shift; None takes the mean of the baseline and watches only what comes after it."""
    shift: float
    """The mean shift to be found, in the unit of the values."""
    run_length: int = 1_000
    """Encounters from one false alarm to the next, on average, in each direction (in-control ARL)."""
    baseline: int = 100
    """The first so many encounters show how values vary."""


class CusumAlarm(Record):
    """The chart passed its threshold."""

    direction: Direction
    place: int
    """1-based number of the encounter that raised it."""
    began: int
    """Number of the first encounter since that side last stood at 0: where the shift probably began."""
    mean_since: float
    """Mean of the values from there on, less the target."""


class CusumChart(Record):
    """A chart in both directions."""

    target: float
    shift: float
    k: float
    """Reference value, half the shift; in the unit of the values as h is."""
    h_up: float
    h_down: float
    run_length: int
    """The in-control ARL each h was set for."""
    baseline: int
    """Encounters the thresholds were set from."""
    watched_from: int
    """Number of the first encounter on the chart."""
    up: tuple[float, ...]
    down: tuple[float, ...]
    """The sums after each watched encounter."""
    alarms: tuple[CusumAlarm, ...]


class _Side(NamedTuple):
    sums: tuple[float, ...]
    alarms: tuple[CusumAlarm, ...]


def cusum(values: Sequence[float], plan: CusumPlan, seed: int = SEED) -> CusumChart | None:
    """The chart over values in order of time; None where the baseline holds fewer than 30.

    Raises `InputError` when the plan asks for no shift or no run.
    """
    if plan.shift <= 0 or plan.run_length < 2:
        raise InputError("A chart needs a shift above 0 and a run length of at least 2; correct the plan.")
    every = np.asarray(values, dtype=np.float64)
    baseline = every[: plan.baseline]
    if len(baseline) < LEAST_BASELINE:
        return None
    target = float(baseline.mean()) if plan.target is None else plan.target
    first = len(baseline) if plan.target is None else 0
    k = plan.shift / 2
    h_up, h_down = thresholds(baseline - baseline.mean(), k, plan.run_length, seed)
    moved = every[first:] - target
    up, down = _side(moved, "up", k, h_up, first), _side(moved, "down", k, h_down, first)
    return CusumChart(
        target=target,
        shift=plan.shift,
        k=k,
        h_up=h_up,
        h_down=h_down,
        run_length=plan.run_length,
        baseline=len(baseline),
        watched_from=first + 1,
        up=up.sums,
        down=down.sums,
        alarms=tuple(sorted((*up.alarms, *down.alarms), key=lambda a: (a.place, a.direction))),
    )


def thresholds(centred: Array, k: float, run_length: int, seed: int = SEED) -> tuple[float, float]:
    """h for both directions, from values drawn again from a baseline less its mean."""
    drawn = np.random.default_rng(seed).choice(centred, (2 * run_length, _PATHS))
    return _threshold(drawn, k, run_length), _threshold(-drawn, k, run_length)


def mean_run_length(drawn: Array, k: float, h: float) -> float:
    """Encounters per alarm over paths of values, shape (steps, paths); each path begins again after an alarm.

    Infinite where no path alarms.
    """
    sums = np.zeros(drawn.shape[1])
    alarms = 0
    for step in np.minimum(drawn, h / 2) - k:
        np.maximum(sums + step, 0.0, out=sums)
        passed = sums > h
        alarms += int(np.count_nonzero(passed))
        sums[passed] = 0.0
    return drawn.size / alarms if alarms else float("inf")


def _threshold(drawn: Array, k: float, run_length: int) -> float:
    """The smallest h that keeps the run length, by bisection over the same draws."""
    low = _LEAST_RUN * k
    if mean_run_length(drawn, k, low) >= run_length:
        return low
    high = 2 * low
    while mean_run_length(drawn, k, high) < run_length:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if mean_run_length(drawn, k, middle) >= run_length else (middle, high)
    return high


def _side(moved: Array, direction: Direction, k: float, h: float, offset: int) -> _Side:
    sums: list[float] = []
    alarms: list[CusumAlarm] = []
    total, began = 0.0, 0
    for place, value in enumerate(moved.tolist()):
        total = max(0.0, total + min(value if direction == "up" else -value, h / 2) - k)
        if total > h:
            since = float(moved[began : place + 1].mean())
            alarms.append(
                CusumAlarm(direction=direction, place=offset + place + 1, began=offset + began + 1, mean_since=since)
            )
        sums.append(total)
        if total == 0.0 or total > h:
            total, began = 0.0, place + 1
    return _Side(tuple(sums), tuple(alarms))
