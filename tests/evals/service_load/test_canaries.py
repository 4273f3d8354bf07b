"""Behaviour of the canary search on the real application: nothing comes out, and what would is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.settings import Settings
from evals.service_load import canaries
from evals.service_load.canaries import measure_canaries
from medcoding.errors import InputError


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Workers that give up at once, and a search of a few requests a route."""
    monkeypatch.setattr(canaries, "_ROUNDS", 5)
    monkeypatch.setattr(canaries, "_AGAIN", 1)
    work = settings.work.model_copy(update={"max_attempts": 1, "timeout_s": 0.5, "poll_s": 0.02})
    return settings.model_copy(update={"work": work})


def test_nothing_comes_out(pipeline: Pipeline, quick: Settings, tmp_path: Path) -> None:
    """Every route is asked, errors and time-outs happen, lines and spans are written: not one word in them."""
    report = measure_canaries(pipeline, quick, tmp_path, 100, 1, lambda _: None)
    assert report.first == ()
    assert report.routes > 40
    assert {"200", "202", "404", "415", "422", "500"} <= set(report.statuses)
    assert report.log_lines > 100
    assert report.spans > 100


def test_a_refusal_that_repeats_what_was_sent_is_noticed(
    pipeline: Pipeline, quick: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the mistyped code once was, in the body and in the log."""

    def echoing(text: str, *_: object) -> str:
        raise InputError(f"'{text}' is not written like a code; check the spelling.")

    monkeypatch.setattr("agent.lookup.parse_code", echoing)
    report = measure_canaries(pipeline, quick, tmp_path, 100, 1, lambda _: None)
    assert report.by_place.keys() == {"error body"}
    assert {escape.route for escape in report.first} == {"GET /v1/codes/{code}"}
