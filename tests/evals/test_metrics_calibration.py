"""Calibration and coverage: worked by hand, and what must hold for any confidences."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.bootstrap import Resampler
from evals.calibration import Calibration, calibration
from evals.scores import ScoredEncounter
from tests.evals.scored_encounters import CODES, scored

SURE_AND_UNSURE = (
    scored("I10 J44.1", "I10 J44.1", "sure", (0.9, 0.9)),
    scored("I10 N18.31", "I10 E11.9", "half", (0.9, 0.4)),
    scored("J44.1", "Z79.4", "wrong", (0.4,)),
)
"""Three codes at 0.9, all right; two at 0.4, both wrong."""


def test_expected_calibration_error_by_hand() -> None:
    """Distance 0.1 over three codes and 0.4 over two: (3 × 0.1 + 2 × 0.4) / 5; Brier (3 × 0.01 + 2 × 0.16) / 5."""
    found = _calibration(SURE_AND_UNSURE)
    assert found.ece.value == pytest.approx(1.1 / 5)
    assert found.brier.value == pytest.approx(0.35 / 5)
    assert [(b.codes, round(b.mean_confidence, 9), b.right) for b in found.reliability] == [
        (2, 0.4, 0.0),
        (3, 0.9, 1.0),
    ]


def test_coverage_against_precision_by_hand() -> None:
    """The surest three of five are right; from there each further code is wrong."""
    found = _calibration(SURE_AND_UNSURE)
    assert [(p.coverage, p.precision) for p in found.curve] == [(0.6, 1.0), (1.0, 0.6)]
    assert [(p.share, p.coverage, p.precision.value) for p in found.at] == [
        (0.2, 0.6, 1.0),
        (0.4, 0.6, 1.0),
        (0.6, 0.6, 1.0),
        (0.8, 1.0, 0.6),
    ]
    assert found.risk_area == pytest.approx(0.4 * 0.4)


def test_bins_hold_equal_numbers() -> None:
    """Two hundred different confidences: ten bins of twenty."""
    draw = random.Random(1)
    confidences = draw.sample(range(1000), 200)
    encounters = [scored("I10", "I10", f"c{n}", (c / 1000,)) for n, c in enumerate(confidences)]
    assert [b.codes for b in _calibration(encounters).reliability] == [20] * 10


def test_honest_confidences_have_a_small_error() -> None:
    """Codes right as often as they say; the same codes called certain are far off."""
    draw = random.Random(2)
    honest, boastful = [], []
    for n in range(3_000):
        confidence = draw.choice((0.1, 0.3, 0.5, 0.7, 0.9))
        gold = "I10" if draw.random() < confidence else "J44.1"
        honest.append(scored(gold, "I10", f"c{n}", (confidence,)))
        boastful.append(scored(gold, "I10", f"c{n}", (1.0,)))
    error = _calibration(honest).ece
    assert error.value is not None
    assert error.value < 0.03
    assert _calibration(boastful).ece.value == pytest.approx(0.5, abs=0.03)


def test_a_confidence_that_all_share_is_one_bin() -> None:
    """An uncalibrated constant cannot rank: one point, no choice of coverage."""
    found = _calibration([scored("I10 J44.1", "I10 E11.9", f"c{n}", (0.7, 0.7)) for n in range(6)])
    assert [(b.codes, b.right) for b in found.reliability] == [(12, 0.5)]
    assert {p.coverage for p in found.at} == {1.0}


@settings(max_examples=60, deadline=None)
@given(
    confidences=st.lists(st.lists(st.floats(0, 1), min_size=len(CODES), max_size=len(CODES)), min_size=1, max_size=6)
)
def test_curve_ends_with_everything(confidences: list[list[float]]) -> None:
    """Coverage grows to 1, where precision is the precision of all; bins count every code once; nothing leaves 0–1."""
    encounters = [scored("I10 J44.1 E11.22", " ".join(CODES), f"c{n}", c) for n, c in enumerate(confidences)]
    found = _calibration(encounters)
    coverages = [p.coverage for p in found.curve]
    assert coverages == sorted(coverages)
    assert (found.curve[-1].coverage, found.curve[-1].precision) == (1.0, 3 / 8)
    assert sum(b.codes for b in found.reliability) == found.codes
    assert all(p.coverage >= p.share - 1e-9 for p in found.at)
    assert found.ece.value is not None
    assert 0 <= found.ece.value <= 1


def _calibration(encounters: list[ScoredEncounter] | tuple[ScoredEncounter, ...]) -> Calibration:
    return calibration(encounters, Resampler(len(encounters), 50))
