"""Behaviour of the canary search on the real application: nothing comes out, and what would is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.settings import Settings
from agent.stages import Trace
from evals.service_load.canaries import CanaryPlan, measure_canaries
from medcoding.encounter import Encounter
from medcoding.errors import InputError


class Echoing(Pipeline):
    """Refuses every encounter in words that repeat what was sent."""

    async def trace(self, encounter: Encounter) -> Trace:
        """Refuse."""
        raise InputError(f"The record of {encounter.patient.id} cannot be coded; send another.")


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Workers that give up at once."""
    work = settings.work.model_copy(update={"max_attempts": 1, "timeout_s": 0.5, "poll_s": 0.02})
    return settings.model_copy(update={"work": work})


def test_nothing_comes_out(pipeline: Pipeline, quick: Settings, tmp_path: Path) -> None:
    """Every route is asked, errors and time-outs happen, lines and spans are written: not one word in them."""
    report = measure_canaries(pipeline, quick, tmp_path, CanaryPlan(words=100, rounds=5, again=1), lambda _: None)
    assert report.first == ()
    assert report.routes > 40
    assert {"200", "202", "404", "415", "422", "500"} <= set(report.statuses)
    assert report.log_lines > 100
    assert report.spans > 100


def test_a_refusal_that_repeats_what_was_sent_is_noticed(pipeline: Pipeline, quick: Settings, tmp_path: Path) -> None:
    """By place and route, without the word itself."""
    plan = CanaryPlan(words=100, rounds=1, again=1)
    report = measure_canaries(Echoing(pipeline.parts), quick, tmp_path, plan, lambda _: None)
    assert report.by_place.keys() == {"error body"}
    assert "POST /v1/encounters" in {escape.route for escape in report.first}
