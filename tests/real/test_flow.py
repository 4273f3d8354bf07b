"""The whole flow with a real vLLM beside it; a server that dies leads to the labelled fallback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest

from agent.bootstrap import build_pipeline
from agent.llm import LlmSettings
from agent.pipeline import Pipeline
from agent.settings import Settings
from medcoding.encounter import Document, Encounter, Setting
from medcoding.errors import DependencyError
from medcoding.proposal import NotCodedReason, Source
from medcoding.result import CodingResult, Route
from tests.real.server import VllmServer

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

NOTE = """CHIEF COMPLAINT
Follow-up of chronic problems.

HISTORY OF PRESENT ILLNESS
Denies chest pain.

ASSESSMENT AND PLAN
1. Hypertension. Continue lisinopril 20 mg daily.
2. Type 2 diabetes. Continue metformin 500 mg twice daily.
3. Right knee pain. Possible meniscal tear, MRI ordered.
"""


def encounter() -> Encounter:
    """An outpatient visit with three stated problems."""
    return Encounter(
        case_id="real-1",
        setting=Setting.OUTPATIENT,
        date_of_service=date(2026, 11, 2),
        documents=(Document(document_id="note", text=NOTE),),
    )


@asynccontextmanager
async def with_model(settings: Settings, server: VllmServer, *, fallback: bool = True) -> AsyncIterator[Pipeline]:
    """The product as an operator configures it for that server."""
    llm = LlmSettings(base_url=server.base_url, timeout_s=60, total_s=90, attempts=2)
    pipeline = build_pipeline(settings.model_copy(update={"llm": llm, "fallback": fallback}))
    try:
        yield pipeline
    finally:
        await pipeline.aclose()


def assert_grounded(pipeline: Pipeline, result: CodingResult) -> None:
    """Codes of the book only, on words that stand in the note."""
    book = pipeline.parts.codebooks.for_date(date(2026, 11, 2)).codebook
    for line in result.codes:
        assert book.is_billable(line.code)
        assert line.evidence
        assert all(NOTE[quote.start : quote.end] == quote.text for quote in line.evidence)


async def test_an_encounter_goes_through_a_real_server(settings: Settings, vllm_server: VllmServer) -> None:
    """Only offered codes come back from the model, its tokens are counted, and what it chose is coded or named."""
    async with with_model(settings, vllm_server) as pipeline:
        trace = await pipeline.trace(encounter())
    result = trace.result
    offered = {candidate.code for entry in trace.prepared.retrieved.candidates for candidate in entry.candidates}
    by_model = [choice for choice in trace.choices if choice.source is Source.LLM]
    chosen = [line for line in result.codes if line.source is Source.LLM]
    declined = [item for item in result.not_coded if item.reason is NotCodedReason.DECLINED]
    replaced = [finding for finding in result.findings if finding.rule == "choice.undocumented"]
    assert chosen or declined or replaced
    assert {choice.code for choice in by_model} <= {*offered, None}  # a line may join two choices (guideline I.A.15)
    assert result.cost.tokens_in > 500
    assert result.cost.tokens_out > 0
    assert all("probability" in line.confidence_reasons[0] for line in chosen)
    assert "chest pain" in {item.text.lower() for item in result.not_coded}
    assert_grounded(pipeline, result)


async def test_a_server_killed_in_the_middle_leads_to_the_labelled_fallback(
    settings: Settings, doomed_vllm_server: VllmServer
) -> None:
    """Encounters keep being answered, by who stands in and says so, and never automatically."""
    async with with_model(settings, doomed_vllm_server) as pipeline:
        answering = asyncio.create_task(pipeline.code(encounter()))
        await asyncio.sleep(0.2)
        doomed_vllm_server.kill()
        for result in (await answering, await pipeline.code(encounter())):
            assert_grounded(pipeline, result)
            assert result.route is not Route.AUTO
    assert {"I10", "E11.9", "M25.561"} <= {line.code for line in result.codes}
    assert {line.source for line in result.codes} <= {Source.ENCODER, Source.RULES}
    assert all("the language model, which did not answer" in line.confidence_reasons[1] for line in result.codes)
    async with with_model(settings, doomed_vllm_server, fallback=False) as pipeline:
        with pytest.raises(DependencyError, match="CHARTWRIGHT_LLM__BASE_URL"):
            await pipeline.code(encounter())
