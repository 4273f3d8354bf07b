"""Behaviour under requests that are generated from the service's own description, valid and broken."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.settings import Settings
from evals.service_load.fuzz import measure_fuzz
from tests.stores import coded, opened_store


def test_every_answer_is_as_described(pipeline: Pipeline, settings: Settings, tmp_path: Path) -> None:
    """Some two hundred requests over all routes: no server error, no answer that the document does not describe."""
    with opened_store(tmp_path) as store:
        case = asyncio.run(coded(store))
        report = measure_fuzz(create_app(pipeline, settings, store), 200, 1, [case])
    assert report.faults == ()
    assert report.requests >= 200
    assert report.statuses["200"] > 10
    assert report.statuses["422"] > 10
