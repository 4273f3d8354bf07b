"""What the service answers: coding an encounter, a question about a code, a look-up, whether it lives and is ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.pipeline import Pipeline
from agent.serve.body import EncounterQuestion, parsed_question, received, sent
from agent.serve.books import BookService, book_router
from agent.serve.cases import CaseService, case_router, wants_case
from agent.serve.events import EVENT_STREAM, EventStream, first_of, wants_events, while_there
from agent.serve.exports import ExportService, export_router
from agent.serve.fhir import fhir_content, guidance
from agent.serve.problems import described
from agent.settings import Settings
from agent.why import WhyAnswer
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.record import Record
from medcoding.result import CodingResult

_IN_PIECES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The coding result; as events (codes, explanation, done) where the caller accepts them",
        "content": {EVENT_STREAM: {"schema": {}}, **fhir_content("GuidanceResponse")},
    }
}


def _body(record: type[Record], *fhir: str) -> dict[str, Any]:
    """How a body that is read outside FastAPI's view stands in the OpenAPI document."""
    schema = {"$ref": f"#/components/schemas/{record.__name__}"}
    content = {"application/json": {"schema": schema}} | (fhir_content(*fhir) if fhir else {})
    return {"requestBody": {"required": True, "content": content}}


@dataclass(frozen=True, slots=True)
class Service:
    """The routes' functions over one pipeline."""

    pipeline: Pipeline
    settings: Settings
    cases: CaseService | None = None
    """None where no case store is open."""

    async def code_encounter(self, request: Request) -> Response:
        """Code one encounter: codes with quotes and rationale, and what was deliberately left uncoded.

        A caller that accepts `text/event-stream` gets the codes first, then explanations in prose as they are written.
        A FHIR R4 Bundle or Task is answered by a GuidanceResponse. With `?async=1` the encounter is taken in as a case
        instead: the answer is 202 with its `Location`.
        """
        if self.cases is not None and wants_case(request):
            return await self.cases.submit(request)
        if request.query_params:
            raise InputError("Coding takes no parameters; leave everything after the question mark out.")
        limits = self.settings.limits
        encounter, in_fhir = await run_in_threadpool(sent, await received(request, limits), limits)
        if in_fhir:
            return await guidance(encounter, await while_there(request, self.pipeline.code(encounter)))
        if wants_events(request):
            steps = self.pipeline.stream(encounter)
            first = await while_there(request, first_of(steps))
            return EventStream(first, steps, self.settings.llm.breaker_s)
        return await _as_json(await while_there(request, self.pipeline.code(encounter)))

    async def answer_question(self, request: Request) -> Response:
        """Answer a coder's question: for or against one code on one encounter, or that the record does not say."""
        if request.query_params:
            raise InputError("A question takes no parameters; leave everything after the question mark out.")
        limits = self.settings.limits
        asked = await run_in_threadpool(parsed_question, await received(request, limits), limits)
        return await _as_json(await while_there(request, self.pipeline.why(asked.encounter, asked)))


def router(service: Service) -> APIRouter:
    """All routes with their place in the OpenAPI document."""
    routes = APIRouter()
    refused = described(400, 413, 415, 422, 500, 502, 503)
    routes.add_api_route(
        "/v1/encounters", service.code_encounter, methods=["POST"], response_model=CodingResult,
        openapi_extra=_body(Encounter, "Bundle", "Task"), responses=_IN_PIECES | refused,
    )  # fmt: skip
    routes.add_api_route(
        "/v1/questions", service.answer_question, methods=["POST"], response_model=WhyAnswer,
        openapi_extra=_body(EncounterQuestion), responses=refused,
    )  # fmt: skip
    routes.include_router(book_router(BookService(service.pipeline)))
    if service.cases is not None:
        routes.include_router(case_router(service.cases, _body(Encounter, "Bundle", "Task")))
        routes.include_router(export_router(ExportService(service.cases.store)))
    return routes


async def _as_json(record: Record) -> Response:
    return Response(await run_in_threadpool(record.model_dump_json), media_type="application/json")
