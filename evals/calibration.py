"""Does a confidence mean what it says, and what precision would be kept by answering only the surest codes?

Over answered codes of all systems. Codes that were missed have no confidence and no part in this: a system that answers
only what is obvious looks well calibrated, so these figures stand beside recall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.bootstrap import Array, Estimate, Resampler, interval
from evals.metrics import brier, precision_from
from evals.scores import AnsweredCode, ScoredEncounter
from medcoding.record import Record

BINS: Final = 10
SHARES: Final = (0.2, 0.4, 0.6, 0.8)
_CURVE_POINTS: Final = 100


class ReliabilityBin(Record):
    """Answered codes of similar confidence."""

    codes: int
    lowest: float
    highest: float
    mean_confidence: float
    right: float
    """Share of them that is right."""


class CoveragePoint(Record):
    """What is kept when only codes of at least this confidence are answered."""

    confidence: float
    coverage: float
    """Share of the answered codes that is kept."""
    precision: float


class PrecisionAt(Record):
    """Precision of the surest part of the answered codes."""

    share: float
    """The part asked for."""
    coverage: float
    """The part taken: codes of equal confidence stay together."""
    confidence: float
    precision: Estimate
    """The interval holds the confidence bar fixed."""


class Calibration(Record):
    """Confidence against outcome."""

    codes: int
    brier: Estimate
    ece: Estimate
    """Mean distance of confidence and share right over the bins, weighted by their codes. Never below 0, so its
    interval leans upwards when the truth is near 0 or codes are few."""
    reliability: tuple[ReliabilityBin, ...]
    curve: tuple[CoveragePoint, ...]
    """From the surest codes to all of them, at most one point for each percent of coverage."""
    risk_area: float | None
    """Mean share of wrong codes along the curve (area under the risk-coverage curve); lower is better."""
    at: tuple[PrecisionAt, ...]


class _Answers(NamedTuple):
    """Answered codes in order of confidence, the surest last."""

    confidence: Array
    right: Array
    encounter: NDArray[np.int64]


def calibration(scored: Sequence[ScoredEncounter], resampler: Resampler) -> Calibration:
    """All of it over a set of encounters."""
    answers = _answers(scored)
    points = _points(answers)
    return Calibration(
        codes=len(answers.right),
        brier=resampler.ratio([brier(e) for e in scored]),
        ece=_ece(answers, resampler),
        reliability=tuple(_bin(answers, answers_in) for answers_in in _members(answers)),
        curve=_thinned(points),
        risk_area=_risk_area(points),
        at=tuple(_precision_at(share, points, scored, resampler) for share in SHARES) if points else (),
    )


def before_calibration(scored: Sequence[ScoredEncounter]) -> tuple[ScoredEncounter, ...]:
    """The same encounters with the confidences as they were before the calibrated scale."""
    return tuple(e.model_copy(update={"answer": tuple(_before(c) for c in e.answer)}) for e in scored)


def _before(code: AnsweredCode) -> AnsweredCode:
    return code if code.uncalibrated is None else code.model_copy(update={"confidence": code.uncalibrated})


def _answers(scored: Sequence[ScoredEncounter]) -> _Answers:
    rows = [
        (c.confidence, c.key in gold, place)
        for place, e in enumerate(scored)
        for gold in [{g.key for g in e.gold}]
        for c in e.answer
    ]
    rows.sort()
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return _Answers(table[:, 0], table[:, 1], table[:, 2].astype(np.int64))


def _bins(answers: _Answers) -> NDArray[np.int64]:
    """Number of each code's bin: ten of equal size, except that equal confidences share one bin.

    So the order of the encounters cannot matter, and a confidence that half the codes carry fills one large bin.
    """
    below = np.searchsorted(answers.confidence, answers.confidence, side="left")
    return (below * BINS) // max(1, len(below))


def _members(answers: _Answers) -> list[NDArray[np.bool_]]:
    bins = _bins(answers)
    return [bins == number for number in np.unique(bins)]


def _bin(answers: _Answers, members: NDArray[np.bool_]) -> ReliabilityBin:
    confidence = answers.confidence[members]
    return ReliabilityBin(
        codes=len(confidence),
        lowest=float(confidence.min()),
        highest=float(confidence.max()),
        mean_confidence=float(confidence.mean()),
        right=float(answers.right[members].mean()),
    )


def _ece(answers: _Answers, resampler: Resampler) -> Estimate:
    """The bins are those of the whole set in every resample."""
    number = len(answers.right)
    if not number:
        return Estimate(value=None)
    gaps = np.zeros((resampler.encounters, BINS + 1))
    np.add.at(gaps, (answers.encounter, _bins(answers)), answers.confidence - answers.right)
    gaps[:, BINS] = np.bincount(answers.encounter, minlength=resampler.encounters)  # the last column counts the codes
    value = float(np.abs(gaps[:, :BINS].sum(axis=0)).sum() / number)
    if np.count_nonzero(gaps[:, BINS]) < 2:
        return Estimate(value=value)
    totals = resampler.totals(gaps)
    codes = np.where(totals[:, BINS] > 0, totals[:, BINS], np.nan)
    low, high = interval(np.abs(totals[:, :BINS]).sum(axis=1) / codes)
    return Estimate(value=value, low=low, high=high)


def _points(answers: _Answers) -> list[CoveragePoint]:
    """One point for each confidence that occurs, the surest first."""
    number = len(answers.right)
    starts = np.unique(answers.confidence, return_index=True)[1][::-1]
    right_from = np.cumsum(answers.right[::-1])[::-1]
    return [
        CoveragePoint(
            confidence=float(answers.confidence[start]),
            coverage=(number - int(start)) / number,
            precision=float(right_from[start]) / (number - int(start)),
        )
        for start in starts
    ]


def _thinned(points: Sequence[CoveragePoint]) -> tuple[CoveragePoint, ...]:
    """The last point inside each percent of coverage."""
    kept = {min(_CURVE_POINTS - 1, int(p.coverage * _CURVE_POINTS - 1e-9)): p for p in points}
    return tuple(kept.values())


def _risk_area(points: Sequence[CoveragePoint]) -> float | None:
    if not points:
        return None
    before = [0.0, *(p.coverage for p in points)]
    return sum((p.coverage - start) * (1 - p.precision) for start, p in zip(before, points, strict=False))


def _precision_at(
    share: float, points: Sequence[CoveragePoint], scored: Sequence[ScoredEncounter], resampler: Resampler
) -> PrecisionAt:
    point = next(p for p in points if p.coverage >= share - 1e-9)
    kept = resampler.ratio([precision_from(point.confidence)(e) for e in scored])
    return PrecisionAt(share=share, coverage=point.coverage, confidence=point.confidence, precision=kept)
