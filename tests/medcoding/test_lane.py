"""The auto lane of a specialty: opened and closed by audited codes alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medcoding.lane import LaneEvent, LaneKey, LanePhase, LanePlan, lane_state

LANE = LaneKey(specialty="cardiology", edition="FY2027", calibrator="c1")
AT = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
PLAN = LanePlan(looks=(90, 181))


def enabled(lane: LaneKey = LANE, plan: LanePlan = PLAN) -> LaneEvent:
    """Somebody begins to test a lane."""
    return LaneEvent(kind="enabled", lane=lane, at=AT, by="coder-7", plan=plan)


def audited(outcomes: Sequence[bool], lane: LaneKey = LANE, first: int = 0) -> list[LaneEvent]:
    """Audits of one code in each of so many cases."""
    return [
        LaneEvent(kind="audited", lane=lane, at=AT, by="coder-8", case_id=f"v{n}", code="I48.0", right=right)
        for n, right in enumerate(outcomes, start=first)
    ]


def test_a_lane_is_off_until_somebody_enables_it() -> None:
    """Audits before that count for nothing."""
    assert lane_state(audited([True] * 500), LANE).phase is LanePhase.OFF
    state = lane_state([*audited([True] * 500), enabled()], LANE)
    assert (state.phase, state.audited) == (LanePhase.COLLECTING, 0)


def test_it_opens_at_a_planned_look_and_not_between() -> None:
    """89 right codes in a row open nothing; the 90th is the first look."""
    assert lane_state([enabled(), *audited([True] * 89)], LANE).phase is LanePhase.COLLECTING
    state = lane_state([enabled(), *audited([True] * 90)], LANE)
    assert state.is_open
    assert "90 audited codes with 0 wrong" in state.why


def test_an_error_too_many_waits_for_the_next_look() -> None:
    """What 90 codes with an error do not show, 180 right ones behind them may."""
    outcomes = [False] + [True] * 89
    state = lane_state([enabled(), *audited(outcomes)], LANE)
    assert state.phase is LanePhase.COLLECTING
    assert state.looks[0].errors == 1
    assert lane_state([enabled(), *audited([*outcomes, *[True] * 91])], LANE).is_open


def test_when_the_looks_are_used_up_it_stays_closed() -> None:
    """However good the codes after the last look are."""
    outcomes = [False] * 10 + [True] * 600
    state = lane_state([enabled(), *audited(outcomes)], LANE)
    assert state.phase is LanePhase.CLOSED
    assert "enable it again" in state.why


def test_an_open_lane_closes_when_audits_turn() -> None:
    """A run of wrong codes closes it, and right ones afterwards do not open it again."""
    turned = [*[True] * 90, *[False] * 5, *[True] * 400]
    state = lane_state([enabled(), *audited(turned)], LANE)
    assert state.phase is LanePhase.CLOSED
    assert "turned" in state.why


def test_the_codes_of_one_encounter_count_once() -> None:
    """They are right and wrong together; the first audit of a case stands."""
    one_case = audited([True]) * 200
    assert lane_state([enabled(), *one_case], LANE).audited == 1


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (LANE.model_copy(update={"edition": "FY2028"}), "enable it for FY2028"),
        (LANE.model_copy(update={"calibrator": "c2"}), "another calibrator"),
    ],
)
def test_a_new_edition_and_a_new_calibrator_end_it(other: LaneKey, words: str) -> None:
    """Audits of other answers say nothing of these."""
    state = lane_state([enabled(), *audited([True] * 90)], other)
    assert state.phase is LanePhase.EXPIRED
    assert words in state.why


def test_a_lane_that_is_disabled_is_off_and_begins_anew() -> None:
    """Its earlier audits do not count a second time, and the looks become stricter."""
    stopped = LaneEvent(kind="disabled", lane=LANE, at=AT, by="coder-7")
    events = [enabled(), *audited([True] * 90), stopped]
    assert lane_state(events, LANE).phase is LanePhase.OFF
    again = lane_state([*events, enabled()], LANE)
    assert (again.attempt, again.audited) == (2, 0)
    assert (again.level or 0) > PLAN.level(1)


def test_all_attempts_of_an_edition_share_one_error() -> None:
    """Law of the plan: the looks of however many enablings spend no more than the stated error."""
    spent = sum(len(PLAN.looks) * (1 - PLAN.level(attempt)) for attempt in range(1, 40))
    assert spent <= PLAN.error + 1e-9


@given(st.lists(st.booleans(), max_size=220), st.integers(0, 219))
def test_one_more_right_code_in_place_of_a_wrong_one_never_keeps_a_lane_shut(outcomes: list[bool], place: int) -> None:
    """Law: better audits open a lane no later."""
    better = [right or n == place for n, right in enumerate(outcomes)]

    def opened(found: list[bool]) -> int:
        state = lane_state([enabled(), *audited(found)], LANE)
        return next((look.codes for look in state.looks if look.opens), 10**9)

    assert opened(better) <= opened(outcomes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "audited", "case_id": "v1", "code": "I10"},
        {"kind": "enabled"},
        {"kind": "disabled", "by": ""},
    ],
)
def test_half_an_event_is_refused(wrong: dict[str, object]) -> None:
    """An audit without an outcome, an enabling without a plan, a decision of nobody."""
    with pytest.raises(ValidationError):
        LaneEvent.model_validate({"lane": LANE, "at": AT, "by": "coder-7"} | wrong)


@pytest.mark.parametrize("plan", [{"looks": (100, 90)}, {"looks": ()}, {"turned": 0.96}, {"error": 0.2}])
def test_a_plan_that_tests_nothing_is_refused(plan: dict[str, object]) -> None:
    """Looks out of order, none at all, a turn above the target, an error above 5 %."""
    with pytest.raises(ValidationError):
        LanePlan.model_validate(plan)
