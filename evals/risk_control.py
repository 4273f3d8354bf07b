"""Does risk control hold? Seeded streams of audited codes of known precision through the lane as it is.

The lane sees what it would see at a hospital: outcomes one by one, in order, by the same functions that decide there.
Figures: the share of streams in which the lane ever opens, how many audits that takes, and, for lanes that opened and
then turned, how many audits until they are closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from evals.bootstrap import SEED, upper_bound
from medcoding.lane import LaneEvent, LaneKey, LanePhase, LanePlan, lane_state
from medcoding.record import Record

STREAMS: Final = 200
PRECISIONS: Final = (0.93, 0.95, 0.97, 0.99)
TURNED: Final = (0.97, 0.95, 0.90, 0.80)
_WATCHED: Final = 1_000
"""Audits of an open lane that are followed."""
_USED: Final = 0.99
"""Precision of the lanes that open before they turn."""
_LANE: Final = LaneKey(specialty="simulated", edition="FY2027", calibrator="simulated")
_AT: Final = datetime(2026, 11, 1, tzinfo=UTC)

Told = Callable[[int, int], None]


class Opening(Record):
    """Streams of one true precision, from the enabling to the last planned look."""

    precision: float
    streams: int
    opened: int
    share: float
    upper_bound: float | None
    """One-sided 95 % bound of the share."""
    opened_at: dict[str, int]
    """Streams that opened, by the look."""
    median_audits: float | None
    """Of those that opened."""


class Turning(Record):
    """Lanes that opened and whose codes have this precision from then on."""

    precision: float
    streams: int
    closed: int
    """Within the audits that are followed."""
    share: float
    median_audits: float | None
    """From the turn to the closing, of those that closed."""


class RiskControl(Record):
    """What the simulation shows."""

    plan: LanePlan
    seed: int
    watched: int
    openings: tuple[Opening, ...]
    turnings: tuple[Turning, ...]


def measure_risk_control(plan: LanePlan, told: Told, streams: int = STREAMS, seed: int = SEED) -> RiskControl:
    """All simulations of a plan; the same seed, the same streams."""
    total = len(PRECISIONS) + len(TURNED)
    openings, turnings = [], []
    for number, precision in enumerate(PRECISIONS):
        openings.append(_opening(plan, precision, streams, np.random.default_rng([seed, number])))
        told(number + 1, total)
    for number, precision in enumerate(TURNED, start=len(PRECISIONS)):
        turnings.append(_turning(plan, precision, streams, np.random.default_rng([seed, number])))
        told(number + 1, total)
    return RiskControl(plan=plan, seed=seed, watched=_WATCHED, openings=tuple(openings), turnings=tuple(turnings))


def as_text(report: RiskControl) -> str:
    """Tables with a bar for each share."""
    looks = ", ".join(map(str, report.plan.looks))
    streams = f"{report.openings[0].streams} streams each, seed {report.seed}"
    lines = [
        f"Looks at {looks} audited codes, error {report.plan.error:.0%} in all; {streams}.",
        "",
        "true precision   opens   at most (95 %)   median audits   by look",
    ]
    for one in report.openings:
        looks = ", ".join(f"{size}: {number}" for size, number in one.opened_at.items()) or "-"
        bound = "" if one.upper_bound is None else f"{one.upper_bound:.1%}"
        audits = "-" if one.median_audits is None else f"{one.median_audits:.0f}"
        lines.append(
            f"{one.precision:>14.2f} {one.share:>7.1%} {bound:>16} {audits:>15}   {looks:32} {_bar(one.share)}"
        )
    lines += ["", f"open, then turned to   closed within {report.watched}   median audits to the closing"]
    for turn in report.turnings:
        audits = "-" if turn.median_audits is None else f"{turn.median_audits:.0f}"
        lines.append(f"{turn.precision:>20.2f} {turn.share:>20.1%} {audits:>30}   {_bar(turn.share)}")
    return "\n".join(lines)


def _opening(plan: LanePlan, precision: float, streams: int, rng: np.random.Generator) -> Opening:
    found = [_opened_at(plan, (rng.random(plan.looks[-1]) < precision).tolist()) for _ in range(streams)]
    opened = [look for look in found if look is not None]
    return Opening(
        precision=precision,
        streams=streams,
        opened=len(opened),
        share=len(opened) / streams,
        upper_bound=upper_bound(len(opened), streams),
        opened_at={str(size): opened.count(size) for size in plan.looks if size in opened},
        median_audits=float(np.median(opened)) if opened else None,
    )


def _turning(plan: LanePlan, precision: float, streams: int, rng: np.random.Generator) -> Turning:
    times: list[int | None] = []
    while len(times) < streams:
        before = (rng.random(plan.looks[-1]) < _USED).tolist()
        if (opened := _opened_at(plan, before)) is not None:
            after = (rng.random(_WATCHED) < precision).tolist()
            times.append(_closed_after(plan, before[:opened], after))
    closed = [time for time in times if time is not None]
    return Turning(
        precision=precision,
        streams=streams,
        closed=len(closed),
        share=len(closed) / streams,
        median_audits=float(np.median(closed)) if closed else None,
    )


def _opened_at(plan: LanePlan, outcomes: Sequence[bool]) -> int | None:
    """The look at which the lane opened, None where it never did."""
    state = lane_state(_events(plan, outcomes), _LANE)
    return next((look.codes for look in state.looks if look.opens), None)


def _closed_after(plan: LanePlan, before: Sequence[bool], after: Sequence[bool]) -> int | None:
    """Audits after the opening until the lane closed: by halving, because a closed lane stays closed."""
    events = _events(plan, [*before, *after])
    if lane_state(events, _LANE).phase is not LanePhase.CLOSED:
        return None
    low, high = 0, len(after)
    while high - low > 1:
        middle = (low + high) // 2
        closed = lane_state(events[: 1 + len(before) + middle], _LANE).phase is LanePhase.CLOSED
        low, high = (low, middle) if closed else (middle, high)
    return high


def _events(plan: LanePlan, outcomes: Sequence[bool]) -> list[LaneEvent]:
    """The list as an installation would have written it. Built without validation, which is the file's business."""
    begun = LaneEvent(kind="enabled", lane=_LANE, at=_AT, by="simulation", plan=plan)
    audits = [
        LaneEvent.model_construct(
            kind="audited", lane=_LANE, at=_AT, by="simulation", case_id=str(number), code="I10", right=right
        )
        for number, right in enumerate(outcomes)
    ]
    return [begun, *audits]


def _bar(share: float) -> str:
    return "█" * round(20 * share)
