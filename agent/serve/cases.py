"""Cases over HTTP: hand one in, see how far it is, follow it, fetch its result, list the tenant's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from agent.access.permissions import permit
from agent.serve.actors import actor_of
from agent.serve.body import parsed, received
from agent.serve.case_events import progress
from agent.serve.events import EVENT_STREAM
from agent.serve.problems import described
from agent.settings import Settings
from agent.store.case_store import CaseStore
from agent.store.errors import NoSuchCaseError
from agent.store.records import CaseSummary, Worklist, WorklistQuery
from agent.trail.event import TrailEvent
from medcoding.access import Action, Actor
from medcoding.errors import InputError
from medcoding.record import Record
from medcoding.result import CodingResult

_CASE_ID: Final = re.compile(r"[0-9a-f]{32}")
_LONGEST_KEY: Final = 255
CasePath = Annotated[str, Path(description="The installation's own id of the case, from its Location.")]


class VersionQuery(Record):
    """Which version of a case."""

    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """The latest when left out."""


class TrailQuery(Record):
    """Which rows of the trail."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Number of the last row that is known already."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class TrailPage(Record):
    """Rows of the trail."""

    events: tuple[TrailEvent, ...]


@dataclass(frozen=True, slots=True)
class CaseService:
    """The functions of the case routes, over one store."""

    store: CaseStore
    settings: Settings

    async def submit(self, request: Request) -> Response:
        """Hand in an encounter as a case; it is coded in its turn.

        The same `Idempotency-Key` with the same body gives the same case. A changed encounter under the same `case_id`
        is a new version of its case. When too many wait already the answer is 429.
        """
        actor = _permitted(request, Action.SUBMIT)
        if set(request.query_params) - {"async"}:
            raise InputError("Handing a case in takes no parameters; leave everything after the question mark out.")
        key = request.headers.get("idempotency-key")
        if key is not None and not 0 < len(key) <= _LONGEST_KEY:
            raise InputError(f"The Idempotency-Key is empty or longer than {_LONGEST_KEY} characters; send another.")
        body = await received(request, self.settings.limits)
        summary = await run_in_threadpool(self._submitted, actor, body, key)
        headers = {"Location": f"/v1/cases/{summary.id}"}
        return Response(summary.model_dump_json(), 202, headers, media_type="application/json")

    def list_cases(self, request: Request, query: Annotated[WorklistQuery, Query()]) -> Worklist:
        """List the tenant's cases, the longest waiting first, page by page."""
        return self.store.worklist(_permitted(request, Action.READ_STATUS), query)

    def status(self, request: Request, case: CasePath, query: Annotated[VersionQuery, Query()]) -> CaseSummary:
        """Say how far a case is."""
        return self.store.status(_permitted(request, Action.READ_STATUS), checked_case(case), query.version)

    def result(self, request: Request, case: CasePath, query: Annotated[VersionQuery, Query()]) -> Response:
        """Fetch the result of a case that is done. That it was looked at stands in the trail."""
        actor = _permitted(request, Action.READ_RESULT)
        result = self.store.result_json(actor, checked_case(case), query.version)
        return Response(result, media_type="application/json")

    async def events(self, request: Request, case: CasePath, query: Annotated[VersionQuery, Query()]) -> Response:
        """Follow a case: an event `status` whenever it changes, and `done` or `failed` at the end."""
        actor = _permitted(request, Action.READ_STATUS)
        first = await run_in_threadpool(self.store.status, actor, checked_case(case), query.version)
        events = progress(self.store, actor, first)
        return StreamingResponse(events, headers={"X-Accel-Buffering": "no"}, media_type=EVENT_STREAM)

    def erase(self, request: Request, case: CasePath) -> Response:
        """Destroy the text of a case for good; what was done with it stays in the trail."""
        self.store.erase_case(_permitted(request, Action.ERASE), checked_case(case))
        return Response(status_code=204)

    def trail(self, request: Request, query: Annotated[TrailQuery, Query()]) -> TrailPage:
        """Read the tenant's audit trail in its order; it holds no note text."""
        events = self.store.trail(_permitted(request, Action.READ_TRAIL), query.after, query.limit)
        return TrailPage(events=events)

    def _submitted(self, actor: Actor, body: bytes, key: str | None) -> CaseSummary:
        encounter = parsed(body, self.settings.limits)
        case, version = self.store.submit(actor, encounter, body=body, idempotency_key=key).case
        return self.store.status(actor, case, version)


def case_router(service: CaseService, submitted: dict[str, Any]) -> APIRouter:
    """The case routes; `submitted` is how the body of a submission stands in the OpenAPI document."""
    routes = APIRouter()
    read = described(404, 410, 422, 500, 503)
    stream: dict[int | str, dict[str, Any]] = {
        200: {"description": "Events", "content": {EVENT_STREAM: {"schema": {}}}}
    }
    routes.add_api_route(
        "/v1/cases", service.submit, methods=["POST"], response_model=CaseSummary, status_code=202,
        openapi_extra=submitted, responses=described(400, 409, 410, 413, 415, 422, 429, 500, 503),
    )  # fmt: skip
    routes.add_api_route("/v1/cases", service.list_cases, responses=described(422, 500, 503))
    routes.add_api_route("/v1/cases/{case}", service.status, responses=read)
    routes.add_api_route(
        "/v1/cases/{case}", service.erase, methods=["DELETE"], status_code=204, response_class=Response,
        responses=described(404, 500, 503),
    )  # fmt: skip
    routes.add_api_route("/v1/trail", service.trail, responses=described(422, 500, 503))
    routes.add_api_route("/v1/cases/{case}/result", service.result, response_model=CodingResult, responses=read)
    routes.add_api_route("/v1/cases/{case}/events", service.events, response_model=None, responses=stream | read)
    return routes


def wants_case(request: Request) -> bool:
    """True when the caller asks for a case instead of waiting for the result: `?async=1`."""
    return request.query_params.multi_items() == [("async", "1")]


def _permitted(request: Request, action: Action) -> Actor:
    actor = actor_of(request)
    permit(actor, action)
    return actor


def checked_case(case: str) -> str:
    """The id of a case as it was given. Raises `NoSuchCaseError` for what is none."""
    if not _CASE_ID.fullmatch(case):
        raise NoSuchCaseError("There is no such case; list the cases to see which there are.")
    return case
