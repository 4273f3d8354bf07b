"""Lanes, audit sample and calibrator together: what decides who sees a code."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from agent.lanes import AuditOutcome, Lanes, append_events, audits, enabling
from agent.pipeline import Pipeline
from agent.routing import Routing
from medcoding.lane import LaneKey, LanePhase, LanePlan
from medcoding.result import CodingResult, Route
from tests.flow.notes import encounter

NOW = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
NOTE = "Assessment:\n1. Essential hypertension, controlled on lisinopril."


@pytest.fixture
def routing(pipeline: Pipeline, tmp_path: Path) -> Routing:
    """Auto-assignment allowed, for whatever confidence, with lanes of its own."""
    eager = pipeline.parts.routing.settings.model_copy(update={"auto_assign": True, "auto_bar": 0.0})
    return replace(pipeline.parts.routing, settings=eager, lanes=Lanes(tmp_path / "lanes.jsonl"))


def key(routing: Routing) -> LaneKey:
    """The lane of these notes."""
    assert routing.calibrator is not None
    return LaneKey(specialty="cardiology", edition="FY2027", calibrator=routing.calibrator.digest)


def coded(pipeline: Pipeline, routing: Routing, case: str = "c1") -> CodingResult:
    """The note of a cardiology visit."""
    flow = Pipeline(replace(pipeline.parts, routing=routing))
    return asyncio.run(flow.code(encounter(NOTE, specialty="Cardiology", case_id=case)))


def test_without_the_operators_word_there_is_no_lane(pipeline: Pipeline) -> None:
    """As shipped, the answer names none and nothing is drawn."""
    result = coded(pipeline, pipeline.parts.routing)
    assert result.lane is None
    assert not any(line.audit for line in result.codes)


def test_the_answer_carries_the_lane_as_it_stands(pipeline: Pipeline, routing: Routing) -> None:
    """Off, then collecting once somebody enabled it; codes chosen by rules are never drawn for it."""
    assert coded(pipeline, routing).lane is not None
    state = routing.lanes.state(key(routing))
    append_events(routing.lanes.file, (enabling(state, "coder-7", LanePlan(looks=(90,)), NOW),))
    result = coded(pipeline, routing)
    assert result.lane is not None
    assert result.lane.phase is LanePhase.COLLECTING
    assert not any(line.audit or line.route is Route.AUTO for line in result.codes)


def test_a_collecting_lane_draws_one_sure_code_and_assigns_none(pipeline: Pipeline, routing: Routing) -> None:
    """An open one assigns, and draws a tenth."""
    append_events(
        routing.lanes.file, (enabling(routing.lanes.state(key(routing)), "coder-7", LanePlan(looks=(90,)), NOW),)
    )
    book = routing.codebooks.editions[1]
    note = encounter(NOTE, specialty="Cardiology")
    collecting = routing.lanes.state(key(routing))
    assert routing.drawn(note, ["I10", "E78.5"], book, collecting) in {"I10", "E78.5"}
    right = [AuditOutcome(case_id=f"v{n}", code="I10", right=True) for n in range(90)]
    append_events(routing.lanes.file, audits(collecting, right, "coder-8", NOW))
    opened = routing.lanes.state(key(routing))
    assert opened.is_open
    cases = [note.model_copy(update={"case_id": f"c{n}"}) for n in range(400)]
    drawn = sum(routing.drawn(case, ["I10"], book, opened) is not None for case in cases)
    assert 20 < drawn < 65


def test_a_lane_that_is_closed_draws_nothing(pipeline: Pipeline, routing: Routing) -> None:
    """Its test is over; somebody has to find out why first."""
    off = routing.lanes.state(key(routing))
    assert routing.drawn(encounter(NOTE), ["I10"], routing.codebooks.editions[1], off) is None
