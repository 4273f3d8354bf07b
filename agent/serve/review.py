"""Reviews over HTTP, for systems that bring a page of their own: the same desk, the same rules, the same trail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, Field, JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.access.permissions import may
from agent.ingest import InputLimits
from agent.queries import post
from agent.review.desk import Desk
from agent.review.figures import Supervision
from agent.review.on_desk import OnDesk, Seat
from agent.serve.actors import actor_of
from agent.serve.body import received
from agent.serve.problems import described
from agent.store.errors import NoSuchCaseError
from agent.store.records import CaseSummary
from agent.trail.event import TrailEvent
from medcoding.access import Action
from medcoding.finding import Finding
from medcoding.parsing import parse_record
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record
from medcoding.review import Attestation, FinalSet, ProviderQuery, Reason, ReviewedLine, Step

_CASE_ID: Final = re.compile(r"[0-9a-f]{32}")
CasePath = Annotated[str, Path(description="The installation's own id of the case.")]


class SeatBody(Record):
    """Which state of the case the sender has before them."""

    version: Annotated[int, Field(ge=1)]
    seen: Annotated[int, Field(ge=0)]
    """Changes that had been made."""


class StepBody(SeatBody):
    """One step of a review."""

    step: Step


class AttestBody(SeatBody):
    """Somebody stands behind the set of this digest."""

    digest: str


class QueryBody(SeatBody):
    """A question to a provider; the options 'other' and 'unable to determine' are added."""

    to: str
    about: str
    question: str
    options: tuple[str, ...] = ()
    indicators: tuple[EvidenceQuote, ...]


class QueryMoveBody(SeatBody):
    """The provider's answer; without one the query is withdrawn."""

    answer: str | None = None


class GlassBody(Record):
    """Why a chart must be opened that is not one's own."""

    reason: Reason


BODIES: Final = (StepBody, AttestBody, QueryBody, QueryMoveBody, GlassBody)
"""Shapes that are read outside FastAPI's view."""


class ReviewView(Record):
    """A case as it stands on the desk."""

    case: CaseSummary
    seen: int
    """Send it back with the next step."""
    lines: tuple[ReviewedLine, ...]
    findings: tuple[Finding, ...]
    obstacles: tuple[str, ...]
    """What must be done before the set can be attested."""
    digest: str
    """Names the exact ordered set; send it back to attest."""
    attestation: Attestation | None
    queries: tuple[ProviderQuery, ...]
    mine: bool
    """Whether the sender holds the case and may change it."""


class Attested(Record):
    """The set that somebody stands behind."""

    attestation: Attestation
    final: FinalSet


class TimelineEvent(Record):
    """One row of the trail about a case."""

    number: int
    at: AwareDatetime
    actor: str
    action: str
    version: int | None
    detail: dict[str, JsonValue]


class Timeline(Record):
    """What happened to a case, in order."""

    events: tuple[TimelineEvent, ...]


class SupervisionView(Supervision):
    """The figures of a tenant, with the reasons given against rules."""

    override_reasons: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ReviewService:
    """The functions of the review routes, over one desk."""

    desk: Desk
    limits: InputLimits

    def view(self, request: Request, case: CasePath) -> ReviewView:
        """Open a case as it stands; that it was opened stands in the trail."""
        return _view(self.desk.open(actor_of(request), _checked(case)))

    async def step(self, request: Request, case: CasePath) -> ReviewView:
        """Take one step: accept, modify, reject, move, add, override, undo, or note that evidence was opened."""
        body = await self._body(request, StepBody, "The step")
        if body.step.kind == "evidence":
            looked = await run_in_threadpool(self.desk.look, actor_of(request), _checked(case), body.step.line)
            return _view(looked)
        return _view(await run_in_threadpool(self.desk.act, _seat(request, case, body), body.step))

    async def attest(self, request: Request, case: CasePath) -> ReviewView:
        """Stand behind the set of a digest, when nothing is open."""
        body = await self._body(request, AttestBody, "The attestation")
        return _view(await run_in_threadpool(self.desk.attest, _seat(request, case, body), body.digest))

    def attested(self, request: Request, case: CasePath) -> Attested:
        """Fetch the set that somebody stands behind."""
        kept = self.desk.signed(actor_of(request), _checked(case))
        return Attested(attestation=kept.attestation, final=kept.final)

    def lock(self, request: Request, case: CasePath) -> CaseSummary:
        """Take a case to work on."""
        return self.desk.store.lock(actor_of(request), _checked(case))

    def unlock(self, request: Request, case: CasePath) -> CaseSummary:
        """Give a case back."""
        return self.desk.store.unlock(actor_of(request), _checked(case))

    async def break_glass(self, request: Request, case: CasePath) -> Response:
        """Open a chart that is not one's own, with a reason that stays in the trail."""
        body = await self._body(request, GlassBody, "The reason")
        await run_in_threadpool(self.desk.break_glass, actor_of(request), _checked(case), body.reason)
        return Response(status_code=204)

    def queries(self, request: Request, case: CasePath) -> tuple[ProviderQuery, ...]:
        """List the queries to providers on a case."""
        return self.desk.open(actor_of(request), _checked(case)).queries

    async def query(self, request: Request, case: CasePath) -> ProviderQuery:
        """Send a query. One that leads, or speaks of money or quality scores, is refused."""
        body = await self._body(request, QueryBody, "The query")
        wording = post.Wording(body.to, body.about, body.question, body.options, body.indicators)
        return await run_in_threadpool(post.send, self.desk, _seat(request, case, body), wording)

    async def query_move(self, request: Request, case: CasePath, query: str) -> ProviderQuery:
        """Enter a provider's answer, or take a query back."""
        body = await self._body(request, QueryMoveBody, "The answer")
        seat = _seat(request, case, body)
        if body.answer is None:
            return await run_in_threadpool(post.withdraw, self.desk, seat, query)
        return await run_in_threadpool(post.answer, self.desk, seat, query, body.answer)

    def timeline(self, request: Request, case: CasePath) -> Timeline:
        """Show what happened to a case, from the trail; it holds no note text."""
        actor = actor_of(request)
        rows = self.desk.store.timeline(actor, _checked(case))
        return Timeline(events=tuple(_event(row, whole=may(actor, Action.READ_TRAIL)) for row in rows))

    def supervision(self, request: Request) -> SupervisionView:
        """Show agreement, override reasons, outliers, and what became of controls."""
        figures, reasons = self.desk.supervision(actor_of(request))
        return SupervisionView(**figures.model_dump(), override_reasons=dict(reasons))

    async def _body(self, request: Request, record: type[Any], name: str) -> Any:
        return parse_record(record, await received(request, self.limits), name)


def review_router(service: ReviewService) -> APIRouter:
    """The review routes with their place in the OpenAPI document."""
    routes = APIRouter()
    read = described(403, 404, 409, 410, 422, 500, 503)
    written = described(400, 403, 404, 409, 410, 413, 415, 422, 500, 503)
    at = "/v1/cases/{case}"
    routes.add_api_route(f"{at}/review", service.view, responses=read)
    routes.add_api_route(f"{at}/timeline", service.timeline, responses=read)
    routes.add_api_route(f"{at}/attestation", service.attested, responses=read)
    routes.add_api_route(f"{at}/queries", service.queries, responses=read)
    routes.add_api_route(f"{at}/lock", service.lock, methods=["POST"], responses=read)
    routes.add_api_route(f"{at}/lock", service.unlock, methods=["DELETE"], responses=read)
    for path, function, body in (
        (f"{at}/review", service.step, StepBody),
        (f"{at}/attestation", service.attest, AttestBody),
        (f"{at}/queries", service.query, QueryBody),
        (f"{at}/queries/{{query}}", service.query_move, QueryMoveBody),
    ):
        routes.add_api_route(path, function, methods=["POST"], openapi_extra=_sent(body), responses=written)
    routes.add_api_route(
        f"{at}/break-glass", service.break_glass, methods=["POST"], status_code=204, response_model=None,
        openapi_extra=_sent(GlassBody), responses=written,
    )  # fmt: skip
    routes.add_api_route("/v1/supervision", service.supervision, responses=described(403, 500, 503))
    return routes


def _sent(record: type[Record]) -> dict[str, Any]:
    """How a body that is read outside FastAPI's view stands in the OpenAPI document; see `BODIES`."""
    schema = {"$ref": f"#/components/schemas/{record.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _seat(request: Request, case: str, body: SeatBody) -> Seat:
    return Seat(actor_of(request), _checked(case), body.version, body.seen)


def _view(found: OnDesk) -> ReviewView:
    kept = found.attestation
    return ReviewView(
        case=found.summary,
        seen=found.past.seen,
        lines=found.now.lines,
        findings=found.findings,
        obstacles=tuple(obstacle.words for obstacle in found.obstacles),
        digest=found.final.digest,
        attestation=kept.signed.attestation if kept else None,
        queries=found.queries,
        mine=found.mine,
    )


def _event(row: TrailEvent, *, whole: bool) -> TimelineEvent:
    """A row of the trail. What was suggested is for readers of the trail: beside the page it would tell controls."""
    detail = row.detail if whole else {name: said for name, said in row.detail.items() if name != "suggestions"}
    shown = row.model_copy(update={"detail": detail})
    fields = {"number", "at", "actor", "action", "version", "detail"}
    return TimelineEvent.model_validate_json(shown.model_dump_json(include=fields))


def _checked(case: str) -> str:
    if not _CASE_ID.fullmatch(case):
        raise NoSuchCaseError("There is no such case; list the cases to see which there are.")
    return case
