"""Macro averages over codes: every code with gold counts the same, however often it occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.bootstrap import Array, Estimate, Resampler, interval
from evals.metrics import CodeSets

_BLOCK: Final = 200
"""Resamples worked on at once, so that memory stays small."""


class MacroOverCodes(NamedTuple):
    """Means over the codes that gold holds at least once."""

    precision: Estimate
    """Over those of them that were answered at least once: a code never answered has no precision."""
    recall: Estimate
    f1: Estimate
    """A code that was never answered has an F1 of 0."""


class _Counts(NamedTuple):
    """One item for each pair of an encounter and a code on either side, sorted by code."""

    encounter: NDArray[np.int64]
    counts: Array
    """Right, gold, answered; shape (pairs, 3)."""
    starts: NDArray[np.int64]
    """First pair of each code."""


def macro_over_codes(sets: Sequence[CodeSets], resampler: Resampler) -> MacroOverCodes:
    """Mean precision, recall and F1 over codes with gold; one item an encounter.

    The same as scikit-learn's `average="macro"` with the codes of the gold as labels and undefined precisions left out
    (`zero_division=nan`). A resample averages over the codes whose gold it drew.
    """
    counts = _counted(sets)
    if counts is None:
        nothing = Estimate(value=None)
        return MacroOverCodes(nothing, nothing, nothing)
    values = _means(np.add.reduceat(counts.counts, counts.starts)[None])
    drawn = np.concatenate([_drawn(counts, resampler, begin) for begin in range(0, resampler.resamples, _BLOCK)])
    return MacroOverCodes(*(_estimate(value, column) for value, column in zip(values[0], drawn.T, strict=True)))


def _counted(sets: Sequence[CodeSets]) -> _Counts | None:
    """Codes without gold are no part of the mean."""
    with_gold = sorted(frozenset().union(*(s.gold for s in sets))) if sets else []
    if not with_gold:
        return None
    number = {key: position for position, key in enumerate(with_gold)}
    rows = sorted(
        (number[key], place, key in s.gold and key in s.answered, key in s.gold, key in s.answered)
        for place, s in enumerate(sets)
        for key in s.gold | s.answered
        if key in number
    )
    table = np.array(rows, dtype=np.int64)
    starts = np.searchsorted(table[:, 0], np.arange(len(with_gold)))
    return _Counts(table[:, 1], table[:, 2:].astype(np.float64), starts)


def _drawn(counts: _Counts, resampler: Resampler, begin: int) -> Array:
    weights = resampler.weights[begin : begin + _BLOCK, counts.encounter]
    sums = [np.add.reduceat(weights * column.astype(np.float32), counts.starts, axis=1) for column in counts.counts.T]
    return _means(np.stack(sums, axis=2).astype(np.float64))


def _means(sums: Array) -> Array:
    """(resamples, codes, right/gold/answered) to (resamples, precision/recall/F1); NaN where nothing is averaged."""
    right, gold, answered = (np.where(sums[:, :, 1] > 0, sums[:, :, i], 0.0) for i in range(3))
    return np.stack([_mean(right, answered), _mean(right, gold), _mean(2 * right, gold + answered)], axis=1)


def _mean(numerator: Array, denominator: Array) -> Array:
    """Mean of the defined ratios of each row."""
    defined = denominator > 0
    ratios = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=defined)
    number = defined.sum(axis=1)
    means: Array = np.full(len(number), np.nan)
    np.divide(ratios.sum(axis=1), number, out=means, where=number > 0)
    return means


def _estimate(value: float, drawn: Array) -> Estimate:
    if np.isnan(value):
        return Estimate(value=None)
    low, high = interval(drawn)
    return Estimate(value=float(value), low=low, high=high)
