"""Behaviour of the measured model path: every fault ends in a labelled answer in time; a load is counted rightly."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from agent.llm import LlmSettings
from agent.pipeline import Pipeline
from evals.model_path.faults import asked_at, outcome_of
from evals.model_path.load import measure_load
from evals.model_path.stand_in import FAULTS, Fault, StandInServer, first_allowed, not_offered
from medcoding.encounter import Document, Encounter, Setting
from medcoding.proposal import Source

DEADLINE_S = 1.0
VISIT = Encounter(
    case_id="faults",
    setting=Setting.OUTPATIENT,
    date_of_service=date(2026, 11, 2),
    documents=(Document(document_id="note", text="Assessment:\n1. Hypertension\n2. Gout of the left knee"),),
)


def nothing(done: int, total: int) -> None:
    """No progress is shown."""


@pytest.mark.parametrize("fault", [*FAULTS, "killed"])
async def test_every_fault_ends_in_a_labelled_answer_in_time(fault: str, pipeline: Pipeline) -> None:
    """Rules answer, each code says so, and nobody waits longer than the deadline and a second."""
    outcome = await outcome_of(fault, VISIT, pipeline, DEADLINE_S, rules_s=5.0)
    assert outcome.codes >= 2
    assert outcome.labelled
    assert outcome.in_time


async def test_a_server_without_a_fault_is_not_labelled_a_fallback(pipeline: Pipeline) -> None:
    """The stand-in's ordinary answers come through as the model's, so a label above means something."""
    async with StandInServer() as server:
        asked = asked_at(pipeline, LlmSettings(base_url=server.url, explain=False))
        result = await asked.code(VISIT)
        await asked.aclose()
    assert Source.LLM in {line.source for line in result.codes}


@pytest.mark.parametrize(("fault", "unparsable"), [(None, 0), (not_offered, 6)])
def test_a_load_counts_what_cannot_be_used(fault: Fault | None, unparsable: int, pipeline: Pipeline) -> None:
    """An answer outside the offer is refused and counted, never taken."""

    async def measured() -> None:
        async with StandInServer(fault=fault) as server:
            asked = asked_at(pipeline, LlmSettings(base_url=server.url, reask=0))
            report = await asyncio.to_thread(measure_load, asked, (VISIT,), 6, nothing)
        assert (report.requests, report.unparsable, report.lost, report.outside) == (6, unparsable, 0, 0)
        assert report.prefix_hit_rate is None

    asyncio.run(measured())


def test_the_first_allowed_answer_fits_its_schema() -> None:
    """The stand-in reads choices, lists, numbers and nothing-or-words from a schema."""
    schema = {
        "properties": {
            "evidence": {"type": "array", "items": {"enum": [3, 4]}},
            "number": {"type": "integer", "minimum": 2},
            "missing": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "choice": {"enum": ["1", "none"]},
        }
    }
    assert first_allowed(schema) == {"evidence": [3], "number": 2, "missing": None, "choice": "1"}
