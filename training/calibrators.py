"""The fit of a calibrator: answers with their outcome in, weights and one scale a source out. numpy alone.

1. One set of weights from all answers, each kind of gold with an intercept of its own: ridge logistic regression with
   no weight below 0, so that more support never lowers a confidence.
2. For each source a slope and an intercept (Platt) on sums that were computed for an encounter from the other
   encounters alone, and only from the gold whose precision is to be met.
3. Shifts for specialties and for the band of frequent codes, shrunk: a stratum of few answers stays where its source
   is.
4. Caution: what the number of encounters leaves open about the intercept, in the direction of too much trust. Too sure
   is the dearer error.

The encounter is the unit throughout, because the codes of one encounter are right and wrong together.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.calibrator import INPUTS, Answer, SourceScale, Stratum
from medcoding.proposal import Source

Array = NDArray[np.float64]

LEAST_ANSWERS: Final = 50
"""A source with fewer answers, or an edition, gets no scale."""
FREQUENT: Final = 3
"""Encounters of the gold, others than its own, that carry a frequent code."""

_RIDGE: Final = 10.0
_STEPS: Final = 800
_FOLDS: Final = 8
_SLOPE_ANSWERS: Final = 20.0
"""How firmly a slope is held at 1."""
_SHRINKAGE: Final = 16.0
"""Answers' worth of information that hold a stratum where its source is."""
_CAUTION: Final = 1.2816
"""Normal quantile of 90 %, one-sided."""
_NEWTON: Final = 50
_SMALL: Final = 1e-3
_STEEP: Final = 3.0
"""Size of the column that gives a kind of gold its own intercept: so large that the ridge does not hold it."""


class Outcome(NamedTuple):
    """One answered code, and whether it stands in the gold."""

    case_id: str
    kind: str
    """Name of the gold file."""
    source: Source
    specialty: str
    answer: Answer
    right: bool
    frequent: bool = False


class Fitted(NamedTuple):
    """The result of a fit."""

    weights: dict[str, float]
    scales: tuple[SourceScale, ...]


Told = Callable[[int, int], None]


def fit(outcomes: Sequence[Outcome], kind: str, made_by: Mapping[Source, str]) -> Fitted:
    """Weights from all outcomes, scales from those of one kind of gold. `made_by` says who gave a source's answers."""
    weights = _weights(outcomes, kind)
    own = [one for one in outcomes if one.kind == kind]
    sums = _sums_of_others(outcomes, kind)
    scales = []
    for source in Source:
        places = [place for place, one in enumerate(own) if one.source is source]
        if len(places) >= LEAST_ANSWERS:
            scales.append(_scale([own[p] for p in places], sums[places], made_by[source]))
    return Fitted({name: round(float(w), 4) for (name, _), w in zip(INPUTS, weights, strict=True)}, tuple(scales))


def cross_fitted(outcomes: Sequence[Outcome], kind: str, made_by: Mapping[Source, str], told: Told) -> Array:
    """A confidence, without caution, for every outcome of the kind, each from the other encounters alone."""
    own = [one for one in outcomes if one.kind == kind]
    folds = _folds(own)
    found = np.zeros(len(own))
    for number in range(_FOLDS):
        inside = {one.case_id for one, fold in zip(own, folds, strict=True) if fold == number}
        rest = [one for one in outcomes if one.kind != kind or one.case_id not in inside]
        fitted = fit(rest, kind, made_by)
        for place, one in enumerate(own):
            if one.case_id in inside:
                found[place] = confidence_of(one, fitted)
        told(number + 1, _FOLDS)
    return found


def confidence_of(one: Outcome, fitted: Fitted) -> float:
    """Where a fit puts an outcome, without caution; .5 for a source without a scale."""
    scale = next((scale for scale in fitted.scales if scale.source is one.source), None)
    if scale is None:
        return 0.5
    total = sum(fitted.weights[name] * read(one.answer) for name, read in INPUTS)
    band = scale.bands.get(_band(one))
    place = scale.specialties.get(one.specialty)
    shift = (band.shift if band else 0.0) + (place.shift if place else 0.0)
    return float(_share(np.array([scale.slope * total + scale.intercept + shift]))[0])


def frequent_codes(gold: Iterable[tuple[str, Iterable[str]]]) -> dict[str, int]:
    """Code → encounters that carry it."""
    return dict(Counter(code for _, codes in gold for code in set(codes)))


def expected_error(confidence: Array, right: Array, bins: int = 10) -> float:
    """Mean distance of confidence and share right over bins of equal size; equal confidences share one."""
    order = np.argsort(confidence, kind="stable")
    confidence, right = confidence[order], right[order]
    numbers = np.searchsorted(confidence, confidence, side="left") * bins // len(confidence)
    gaps = np.bincount(numbers, weights=confidence - right)
    return float(np.abs(gaps).sum() / len(confidence))


def _weights(outcomes: Sequence[Outcome], kind: str) -> Array:
    """The weights of the inputs, in their order."""
    others = sorted({(one.kind, one.source) for one in outcomes} - {(kind, Source.RULES)})
    groups = np.array([[(one.kind, one.source) == other for other in others] for one in outcomes], dtype=np.float64)
    table = np.concatenate([_table(outcomes), _STEEP * groups, -_STEEP * groups], axis=1)
    return _ridge(table, _right(outcomes))[1 : len(INPUTS) + 1]


def _ridge(table: Array, right: Array) -> Array:
    """Intercept and coefficients of a logistic regression, none below 0 (accelerated projected gradient)."""
    table = np.concatenate([np.ones((len(table), 1)), table], axis=1)
    step = 1 / (0.25 * float(np.linalg.norm(table, 2)) ** 2 + _RIDGE)
    held = np.full(table.shape[1], _RIDGE)
    held[0] = 0.0
    found = ahead = np.zeros(table.shape[1])
    pace = 1.0
    for _ in range(_STEPS):
        gradient = table.T @ (_share(table @ ahead) - right) + held * ahead
        taken = ahead - step * gradient
        taken[1:] = np.maximum(taken[1:], 0.0)
        faster = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        ahead = taken + (pace - 1) / faster * (taken - found)
        found, pace = taken, faster
    return found


def _sums_of_others(outcomes: Sequence[Outcome], kind: str) -> Array:
    """For every outcome of the kind the weighted sum by weights that its encounter had no part in."""
    own = [one for one in outcomes if one.kind == kind]
    table, folds = _table(own), _folds(own)
    sums = np.zeros(len(own))
    for number in range(_FOLDS):
        inside = {one.case_id for one, fold in zip(own, folds, strict=True) if fold == number}
        rest = [one for one in outcomes if one.kind != kind or one.case_id not in inside]
        members = folds == number
        sums[members] = table[members] @ _weights(rest, kind)
    return sums


def _scale(own: Sequence[Outcome], sums: Array, made_by: str) -> SourceScale:
    right = _right(own)
    slope, intercept = _platt(sums, right)
    at = slope * sums + intercept
    specialties = _strata([one.specialty for one in own], at, right)
    at += np.array([specialties[one.specialty].shift for one in own])
    return SourceScale(
        source=own[0].source,
        made_by=made_by,
        encounters=len({one.case_id for one in own}),
        answers=len(own),
        right=int(right.sum()),
        slope=round(slope, 4),
        intercept=round(intercept, 4),
        caution=round(_caution([one.case_id for one in own], at, right), 4),
        specialties=specialties,
        bands=_strata([_band(one) for one in own], at, right),
    )


def _platt(sums: Array, right: Array) -> tuple[float, float]:
    """Slope and intercept by Newton's method on centred sums, the slope held near 1, no step above 1."""
    middle = float(sums.mean())
    centred = sums - middle
    slope, intercept = 1.0, 0.0
    for _ in range(_NEWTON):
        share = _share(slope * centred + intercept)
        weight = share * (1 - share)
        gradient = np.array([((share - right) * centred).sum() + _SLOPE_ANSWERS * (slope - 1), (share - right).sum()])
        mixed, whole = float((weight * centred).sum()), float(weight.sum()) + _SMALL
        steep = float((weight * centred * centred).sum()) + _SLOPE_ANSWERS
        change = np.clip(np.linalg.solve(np.array([[steep, mixed], [mixed, whole]]), gradient), -1, 1)
        slope, intercept = max(_SMALL, slope - float(change[0])), intercept - float(change[1])
    return slope, intercept - slope * middle


def _strata(names: Sequence[str], at: Array, right: Array) -> dict[str, Stratum]:
    """One shrunken step for each stratum."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[name].append(place)
    found = {}
    for name, members in sorted(places.items()):
        share = _share(at[members])
        shift = float((right[members] - share).sum() / ((share * (1 - share)).sum() + _SHRINKAGE))
        found[name] = Stratum(answers=len(members), right=int(right[members].sum()), shift=round(shift, 4))
    return found


def _caution(cases: Sequence[str], at: Array, right: Array) -> float:
    """One-sided 90 % margin of the intercept, clustered by encounter (sandwich)."""
    share = _share(at)
    by_case: dict[str, float] = defaultdict(float)
    for case, rest in zip(cases, (right - share).tolist(), strict=True):
        by_case[case] += rest
    return _CAUTION * math.sqrt(sum(rest * rest for rest in by_case.values())) / float((share * (1 - share)).sum())


def _folds(outcomes: Sequence[Outcome]) -> NDArray[np.int64]:
    """A fold for every outcome, the same for all of an encounter."""
    cases = sorted({one.case_id for one in outcomes})
    random.Random(len(cases)).shuffle(cases)  # noqa: S311 - folds, no secret
    fold = {case: number % _FOLDS for number, case in enumerate(cases)}
    return np.array([fold[one.case_id] for one in outcomes], dtype=np.int64)


def _table(outcomes: Sequence[Outcome]) -> Array:
    return np.array([[read(one.answer) for _, read in INPUTS] for one in outcomes], dtype=np.float64)


def _right(outcomes: Sequence[Outcome]) -> Array:
    return np.array([one.right for one in outcomes], dtype=np.float64)


def _band(one: Outcome) -> str:
    return "frequent" if one.frequent else "rare"


def _share(logit: Array) -> Array:
    share: Array = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
    return share
