"""The simulation of the auto lane, by the functions that decide at a hospital."""

from __future__ import annotations

from evals.risk_control import as_text, measure_risk_control
from medcoding.lane import LanePlan


def test_a_lane_below_the_target_hardly_ever_opens() -> None:
    """At .93 and at .95 no more often than the stated error, at .99 nearly always; the same seed, the same figures."""
    plan = LanePlan(looks=(130, 250))
    steps: list[int] = []
    report = measure_risk_control(plan, lambda done, _: steps.append(done), streams=60)
    share = {one.precision: one.share for one in report.openings}
    assert share[0.93] <= 0.05
    assert share[0.95] <= 0.05 + 0.05
    assert share[0.99] > 0.8
    assert steps == list(range(1, len(steps) + 1))
    closed = {one.precision: one.share for one in report.turnings}
    assert closed[0.80] == 1.0
    assert closed[0.97] < closed[0.90]
    assert measure_risk_control(plan, lambda *_: None, streams=60) == report


def test_the_table_shows_every_precision() -> None:
    """With the looks of the plan above it."""
    report = measure_risk_control(LanePlan(looks=(90,)), lambda *_: None, streams=5)
    text = as_text(report)
    for part in ("Looks at 90", "0.93", "0.95", "0.97", "0.99", "turned"):
        assert part in text
