"""CUSUM charts: false alarms as promised, shifts found soon and in the right direction. Simulated, seeded."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from evals.bootstrap import Array
from evals.monthly.cusum import CusumChart, CusumPlan, cusum, mean_run_length, thresholds
from medcoding.errors import InputError

PLAN: Final = CusumPlan(shift=0.05, run_length=500)
RUNS: Final = 25
WATCHED: Final = 1_000


def differences(draw: np.random.Generator, number: int, raised: float, lowered: float) -> Array:
    """Weights that mostly do not differ: the given shares raised or lowered by 0.3 on average."""
    kind, size = draw.random(number), draw.gamma(2, 0.15, number)
    return np.where(kind < raised, size, np.where(kind < raised + lowered, -size, 0.0))


def charts(raised: float, lowered: float, watched: int = WATCHED) -> list[CusumChart]:
    """Charts whose first hundred encounters are in control and whose further ones are as said."""
    found = []
    for seed in range(RUNS):
        draw = np.random.default_rng(seed)
        values = np.concatenate([differences(draw, 100, 0.08, 0.08), differences(draw, watched, raised, lowered)])
        chart = cusum(values.tolist(), PLAN, seed)
        assert chart is not None
        found.append(chart)
    return found


def delays(found: list[CusumChart], direction: str) -> list[int]:
    """Encounters from the shift to the first alarm of that direction behind it."""
    places = [[a.place - 100 for a in c.alarms if a.direction == direction and a.place > 100] for c in found]
    return [min(p) for p in places if p]


def test_false_alarms_are_as_rare_as_stated() -> None:
    """One in 500 encounters a side is asked for; 25,000 encounters in control give one in 350 to 1,000."""
    alarms = sum(len(c.alarms) for c in charts(0.08, 0.08))
    sides = 2 * RUNS * (100 + WATCHED)
    assert 350 <= sides / alarms <= 1_000


@pytest.mark.parametrize(("raised", "lowered", "direction"), [(0.25, 0.08, "up"), (0.08, 0.25, "down")])
def test_a_shift_is_found_in_either_direction(raised: float, lowered: float, direction: str) -> None:
    """A mean shift of 0.05 an encounter: always, and after fewer than 50 encounters in half the runs."""
    found = delays(charts(raised, lowered, watched=400), direction)
    assert len(found) == RUNS
    assert np.median(found) < 50


def test_a_larger_shift_is_found_sooner() -> None:
    """Twice the shift in fewer than 20 encounters."""
    assert np.median(delays(charts(0.42, 0.08, watched=200), "up")) < 20


def test_one_encounter_raises_no_alarm() -> None:
    """However far its weight moved: a transplant miscoded once is one mistake, not drift."""
    chart = cusum([0.0] * 100 + [25.0] + [0.0] * 100, PLAN)
    assert chart is not None
    assert chart.alarms == ()


def test_an_alarm_names_where_the_shift_began() -> None:
    """From encounter 41 on every encounter is coded 0.2 too high."""
    chart = cusum([0.0] * 40 + [0.2] * 20, PLAN)
    assert chart is not None
    alarm = chart.alarms[0]
    assert (alarm.direction, alarm.began) == ("up", 41)
    assert 43 <= alarm.place <= 46
    assert alarm.mean_since == pytest.approx(0.2)
    assert chart.down == (0.0,) * 60


def test_the_chart_by_hand() -> None:
    """k .025: three encounters of +.1 in a row sum to .225, two of them without the third to .15."""
    values = [0.0] * 30 + [0.1, 0.1, 0.1]
    chart = cusum(values, CusumPlan(shift=0.05, baseline=30))
    assert chart is not None
    assert chart.k == 0.025
    assert chart.up[-3:] == pytest.approx((0.075, 0.15, 0.225))
    assert chart.h_up == pytest.approx(0.25)


def test_without_a_target_only_what_follows_the_baseline_is_watched() -> None:
    """Agreement has no natural target: ten in a hundred changed is how it was, thirty in a hundred is worse."""
    draw = np.random.default_rng(5)
    values = [*(draw.random(100) < 0.1).tolist(), *(draw.random(150) < 0.4).tolist()]
    chart = cusum(values, CusumPlan(target=None, shift=0.1))
    assert chart is not None
    assert (chart.watched_from, len(chart.up)) == (101, 150)
    assert chart.target == pytest.approx(0.1, abs=0.06)
    assert chart.alarms[0].direction == "up"
    assert chart.alarms[0].place > 100


def test_too_few_encounters_make_no_chart() -> None:
    """Thirty are needed."""
    assert cusum([0.1] * 29, PLAN) is None
    assert cusum([0.1, -0.1] * 15, PLAN) is not None


def test_run_length_of_certain_alarms() -> None:
    """Half of h in every encounter: three of them pass it each time; nothing ever passes an infinite one."""
    drawn = np.full((300, 10), 9.0)
    assert mean_run_length(drawn, 0.1, 1.0) == 3
    assert mean_run_length(drawn, 0.1, float("inf")) > 0
    assert mean_run_length(np.zeros((300, 10)), 0.1, 1.0) == float("inf")


def test_a_rarer_false_alarm_needs_a_higher_threshold() -> None:
    """And lopsided values need different ones on both sides."""
    values = np.array([0.0] * 80 + [0.4] * 15 + [-0.05] * 5)
    often, rarely = (thresholds(values - values.mean(), 0.02, run) for run in (100, 800))
    assert rarely[0] > often[0]
    assert rarely[0] > rarely[1]


@pytest.mark.parametrize("plan", [CusumPlan(shift=0), CusumPlan(shift=0.1, run_length=1)])
def test_a_plan_that_finds_nothing_is_refused(plan: CusumPlan) -> None:
    """One sentence for whoever wrote it."""
    with pytest.raises(InputError, match="correct the plan"):
        cusum([0.0] * 50, plan)
