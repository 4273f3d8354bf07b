"""What the service answers: coding an encounter, looking up a code, and whether it lives and is ready."""

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
from agent.pipeline import Parts, Pipeline
from agent.serve.body import parsed, received
from agent.serve.problems import described, unavailable
from agent.settings import Settings
from medcoding.encounter import Encounter
from medcoding.errors import ChartwrightError, InputError
from medcoding.record import Record
from medcoding.result import CodingResult

_log = logging.getLogger(__name__)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ENCOUNTER_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{Encounter.__name__}"}}},
    }
}


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
        """Code one encounter: codes with quotes and rationale, and what was deliberately left uncoded."""
        if request.query_params:
            raise InputError("Coding takes no parameters; leave everything after the question mark out.")
        limits = self.settings.limits
        encounter = await run_in_threadpool(parsed, await received(request, limits), limits)
        result = await self.pipeline.code(encounter)
        return Response(await run_in_threadpool(result.model_dump_json), media_type="application/json")

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
    routes.add_api_route(
        "/v1/encounters", service.code_encounter, methods=["POST"], response_model=CodingResult,
        openapi_extra=_ENCOUNTER_BODY, responses=described(400, 413, 415, 422, 500, 502, 503),
    )  # fmt: skip
    routes.add_api_route("/v1/codes/{code}", service.look_up_code, responses=described(404, 422, 500, 503))
    routes.add_api_route("/healthz", service.healthz)
    routes.add_api_route("/readyz", service.readyz, response_model=Readiness, responses=described(503))
    return routes


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
