"""Intervals: do they hold what they promise? Simulated, and against exact bounds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from evals.bootstrap import Array, Resampler, _drawn_quantiles, lower_bound, upper_bound
from evals.comparison import compare_runs
from evals.macro import macro_over_codes
from evals.metrics import every_code
from medcoding.errors import InputError
from tests.evals.scored_encounters import scored

SIMULATIONS = 1_500
ENCOUNTERS = 120


def test_interval_covers_the_true_f1() -> None:
    """In 93–97 % of simulated sets whose codes succeed and fail together within an encounter."""
    draw = np.random.default_rng(20_261_123)
    covered = 0
    for seed in range(SIMULATIONS):
        found = Resampler(ENCOUNTERS, 500, seed).ratio(_parts(_simulated(draw)))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= _TRUE_F1 <= found.high
    assert 0.93 <= covered / SIMULATIONS <= 0.97


def test_equal_runs_seldom_differ() -> None:
    """Two runs of the same quality are called different at 5 % in about 5 % of simulated pairs."""
    draw = np.random.default_rng(11)
    called = 0
    for seed in range(SIMULATIONS):
        difference = Resampler(ENCOUNTERS, 500, seed).difference(_parts(_simulated(draw)), _parts(_simulated(draw)))
        assert difference.p is not None
        called += difference.p < 0.05
    assert 0.03 <= called / SIMULATIONS <= 0.07


def test_a_thousand_encounters_take_less_than_a_second_of_work() -> None:
    """2,000 resamples of 1,000 encounters, drawn and summed."""
    parts = [(float(n % 3), 3.0) for n in range(1_000)]
    begun = time.process_time()
    Resampler(1_000).ratio(parts)
    assert time.process_time() - begun < 1


def test_the_same_seed_draws_the_same() -> None:
    """A report can be made again to the last digit; another seed draws others."""
    parts = [(float(n % 2), 1.0) for n in range(31)]
    assert Resampler(31, 99, 5).ratio(parts) == Resampler(31, 99, 5).ratio(parts)
    assert not (Resampler(31, 99, 5).weights == Resampler(31, 99, 6).weights).all()


def test_every_resample_draws_as_many_encounters_as_there_are() -> None:
    """With replacement: some twice, some not at all."""
    weights = Resampler(40, 300).weights
    assert weights.shape == (300, 40)
    assert (weights.sum(axis=1) == 40).all()
    assert weights.max() > 1


def test_interval_of_a_macro_mean_holds_its_value() -> None:
    """Each code is one item of the mean, and resamples without a code's gold leave it out."""
    sets = [every_code(scored("I10", "I10" if n % 2 else "")) for n in range(30)] + [every_code(scored("J44.1", ""))]
    recall = macro_over_codes(sets, Resampler(31, 400)).recall
    assert recall.value == pytest.approx(0.25)
    assert recall.low is not None
    assert recall.high is not None
    assert recall.low < 0.25 < recall.high < 0.75


def test_a_resample_averages_over_the_codes_whose_gold_it_drew() -> None:
    """Drawn twice, the second encounter has no gold I10: its wrong I10 is no code of that mean."""
    sets = [every_code(scored("I10", "I10")), every_code(scored("J44.1", "J44.1 I10"))]
    f1 = macro_over_codes(sets, Resampler(2, 400)).f1
    assert (f1.value, f1.low, f1.high) == ((2 / 3 + 1) / 2, (2 / 3 + 1) / 2, 1)


def test_comparison_is_paired() -> None:
    """A small gain in every encounter is certain, however much the encounters differ among themselves."""
    gold = "E11.22 N18.31 Z79.4 I10 J44.1"
    hard, easy = "E11.22", "E11.22 N18.31 Z79.4"
    before = [scored(gold, hard if n % 2 else easy, f"case-{n}") for n in range(40)]
    after = [scored(gold, f"{hard} I10" if n % 2 else f"{easy} I10", f"case-{n}") for n in reversed(range(40))]
    recall = compare_runs(before, after).metrics["micro_recall"]
    assert recall.difference == pytest.approx(0.2)
    assert recall.low == pytest.approx(0.2, abs=1e-6)
    assert recall.high == pytest.approx(0.2, abs=1e-6)
    assert recall.p == pytest.approx(2 / 2001)


def test_a_run_does_not_differ_from_itself() -> None:
    """No difference, and no doubt about it; a metric that is not defined stays so."""
    run = [scored("I10 J44.1", "I10" if n % 2 else "J44.1 E11.9", f"case-{n}") for n in range(20)]
    metrics = compare_runs(run, run).metrics
    f1 = metrics["micro_f1"]
    assert (f1.difference, f1.low, f1.high, f1.p) == (0, 0, 0, 1)
    assert metrics["poa"].difference is metrics["poa"].p is None


def test_different_suites_are_not_compared() -> None:
    """An encounter that only one run holds would be no pair."""
    with pytest.raises(InputError, match="different encounters"):
        compare_runs([scored("I10", "I10", "one")], [scored("I10", "I10", "two")])


def test_quantiles_of_latency() -> None:
    """The 95th of 100 milliseconds is 95; failed encounters have no latency and do not pull it down."""
    latencies = [float(n) for n in range(100, 0, -1)]
    found = Resampler(104, 500).quantile([*latencies, None, None, None, None], 0.95)
    assert found.value == 95
    assert found.low is not None
    assert found.high is not None
    assert 85 <= found.low < 95 < found.high <= 100


def test_quantile_of_a_resample_is_the_first_value_reached() -> None:
    """Two encounters drawn once each, the fast one twice, the slow one twice: medians 10, 10 and 20."""
    reached = np.array([[1, 2], [2, 2], [0, 2]], dtype=np.float32)
    assert _drawn_quantiles(np.array([10.0, 20.0]), reached, 0.5).tolist() == [10, 10, 20]


def test_bound_by_hand() -> None:
    """59 of 59 right: with 95 % confidence more than 95 %, because 0.05 is 0.9505 to the 59th power."""
    assert lower_bound(59, 59) == pytest.approx(0.05 ** (1 / 59))
    assert lower_bound(0, 20) == 0
    assert upper_bound(0, 20) == pytest.approx(1 - 0.05 ** (1 / 20))
    assert lower_bound(0, 0) is upper_bound(0, 0) is None


def test_bound_agrees_with_the_beta_quantile() -> None:
    """The bound is a quantile of a beta distribution."""
    stats: Any = pytest.importorskip("scipy.stats")
    for right, trials in ((1, 2), (7, 10), (94, 100), (95, 100), (999, 1_000), (4_700, 5_000)):
        expected = stats.beta.ppf(0.05, right, trials - right + 1)
        assert lower_bound(right, trials) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_bound_keeps_its_promise_exactly(share: float) -> None:
    """Summed over everything that can happen in 40 trials, it lies below the truth at least 95 % of the time."""
    stats: Any = pytest.importorskip("scipy.stats")
    kept = sum(stats.binom.pmf(k, 40, share) for k in range(41) if (lower_bound(k, 40) or 0) <= share)
    assert kept >= 0.95


@pytest.mark.parametrize(("right", "trials"), [(3, 2), (-1, 5)])
def test_an_impossible_share_is_refused(right: int, trials: int) -> None:
    """More right than tried is a mistake of the caller."""
    with pytest.raises(InputError, match="is no share"):
        lower_bound(right, trials)


_TRUE_F1 = 2 * 5 * (2 / 3) / (5 + 5 * (2 / 3) + 1)
"""Of `_simulated`: five gold codes on average, two thirds of them found, one more answered wrongly."""


def _simulated(draw: np.random.Generator) -> Array:
    gold = 1 + draw.poisson(4, ENCOUNTERS)
    right = draw.binomial(gold, draw.beta(4, 2, ENCOUNTERS))
    wrong = draw.poisson(1, ENCOUNTERS)
    return np.column_stack((2.0 * right, gold + right + wrong)).astype(np.float64)


def _parts(counts: Array) -> list[tuple[float, float]]:
    return [(float(numerator), float(denominator)) for numerator, denominator in counts]
