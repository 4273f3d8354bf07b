"""What the service answers: coding an encounter, a question about a code, a look-up, whether it lives and is ready."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BeforeValidator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.lookup import CodeAnswer, LookupQuery, ProcedureAnswer, look_up, search_codes
from agent.parts import Parts
from agent.pipeline import Pipeline
from agent.serve.body import EncounterQuestion, parsed, parsed_question, received
from agent.serve.events import EVENT_STREAM, EventStream, first_of, wants_events, while_there
from agent.serve.problems import described, unavailable
from agent.settings import Settings
from agent.why import WhyAnswer
from medcoding.encounter import Encounter
from medcoding.errors import ChartwrightError, InputError
from medcoding.record import Record
from medcoding.result import CodingResult

_log = logging.getLogger(__name__)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IN_PIECES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The coding result; as events (codes, explanation, done) where the caller accepts them",
        "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
    }
}


def _body(record: type[Record]) -> dict[str, Any]:
    """How a body that is read outside FastAPI's view stands in the OpenAPI document."""
    schema = {"$ref": f"#/components/schemas/{record.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _written_day(value: object) -> object:
    """Refuse the timestamps that pydantic would take for a date."""
    if not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("write the day as YYYY-MM-DD")
    return value


class CodeQuery(LookupQuery):
    """Parameters of a lookup."""

    dos: Annotated[date, BeforeValidator(_written_day)] | None = None
    """Use the edition in force on this day (default: the latest)."""


class Liveness(Record):
    """The process lives."""

    status: Literal["alive"] = "alive"


class Readiness(Record):
    """The index is open and the encoder answers."""

    status: Literal["ready"] = "ready"
    editions: tuple[str, ...]
    index: str
    """Digest of the index."""
    model_configured: bool
    """False when rules answer alone."""
    model_name: str | None


@dataclass(frozen=True, slots=True)
class Service:
    """The routes' functions over one pipeline."""

    pipeline: Pipeline
    settings: Settings

    async def code_encounter(self, request: Request) -> Response:
        """Code one encounter: codes with quotes and rationale, and what was deliberately left uncoded.

        A caller that accepts `text/event-stream` gets the codes first, then explanations in prose as they are written.
        """
        if request.query_params:
            raise InputError("Coding takes no parameters; leave everything after the question mark out.")
        limits = self.settings.limits
        encounter = await run_in_threadpool(parsed, await received(request, limits), limits)
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

    def look_up_code(
        self,
        code: Annotated[str, Path(description="A code, with or without its dot, or a HCPCS modifier.")],
        query: Annotated[CodeQuery, Query()],
    ) -> CodeAnswer | ProcedureAnswer:
        """Show a code: title, place in the book, index paths, notes, characters, dates."""
        return look_up(self.pipeline.parts.books, code, query)

    async def healthz(self) -> Liveness:
        """Say that the process lives."""
        return Liveness()

    def readyz(self) -> Response:
        """Say whether encounters can be coded: the index is open, the encoder answers, and whether there is a model."""
        try:
            ready = _probed(self.pipeline.parts)
        except ChartwrightError as error:
            return unavailable(str(error))
        except Exception as error:  # noqa: BLE001 - the encoder and the search raise exceptions of their own
            _log.error("Not ready: %s", type(error).__name__)
            return unavailable("The index or its encoder does not answer; run 'chartwright doctor'.")
        return Response(ready.model_dump_json(), media_type="application/json")


def router(service: Service) -> APIRouter:
    """All routes with their place in the OpenAPI document."""
    routes = APIRouter()
    refused = described(400, 413, 415, 422, 500, 502, 503)
    routes.add_api_route(
        "/v1/encounters", service.code_encounter, methods=["POST"], response_model=CodingResult,
        openapi_extra=_body(Encounter), responses=_IN_PIECES | refused,
    )  # fmt: skip
    routes.add_api_route(
        "/v1/questions", service.answer_question, methods=["POST"], response_model=WhyAnswer,
        openapi_extra=_body(EncounterQuestion), responses=refused,
    )  # fmt: skip
    routes.add_api_route("/v1/codes/{code}", service.look_up_code, responses=described(404, 422, 500, 503))
    routes.add_api_route("/healthz", service.healthz)
    routes.add_api_route("/readyz", service.readyz, response_model=Readiness, responses=described(503))
    return routes


async def _as_json(record: Record) -> Response:
    return Response(await run_in_threadpool(record.model_dump_json), media_type="application/json")


def _probed(parts: Parts) -> Readiness:
    """Ask every part once; two texts, because a single one may be answered from the encoder's cache."""
    parts.search.encoder.encode(["ready", "to code"])
    search_codes(parts, "hypertension", None, 1)
    return Readiness(
        editions=tuple(codebook.edition.name for codebook in parts.codebooks.editions),
        index=parts.stamp.index,
        model_configured=parts.model is not None,
        model_name=(parts.model.llm.name or None) if parts.model else None,
    )
