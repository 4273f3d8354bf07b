"""A case in other formats: the result as JSON or a GuidanceResponse, a Claim in draft, Provenance; its trail.

Each export stands in the trail, by its form and before anything is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from agent.exchange.audit_event import audit_bundle
from agent.exchange.claim import claim_draft
from agent.exchange.guidance import guidance_failed, guidance_in_progress, guidance_response
from agent.exchange.provenance import Attested, Made, provenance
from agent.exchange.resource import Resource
from agent.review import history
from agent.review.history import Signed
from agent.serve.actors import actor_of
from agent.serve.cases import CasePath, VersionQuery, checked_case
from agent.serve.fhir import FhirResponse, as_fhir, fhir_content
from agent.serve.problems import described
from agent.store.case_store import CaseStore
from agent.store.charts import chart_of
from agent.store.errors import NoSuchCaseError
from agent.store.ledger import Change
from agent.store.records import CaseState, CaseVersion
from medcoding.access import Actor
from medcoding.encounter import Encounter
from medcoding.result import CodingResult
from medcoding.review import FinalSet


class Form(StrEnum):
    """What a case can be taken out as."""

    JSON = "json"
    GUIDANCE = "guidance"
    CLAIM = "claim"
    PROVENANCE = "provenance"


class _Exported(NamedTuple):
    """What an export is made from."""

    encounter: Encounter
    result: CodingResult
    made: Made
    final: FinalSet | None
    """The attested set; None while nobody stands behind one."""

    @property
    def at(self) -> datetime:
        return self.made.at


_MAKERS: Final[dict[Form, Callable[[_Exported], Resource]]] = {
    Form.GUIDANCE: lambda one: guidance_response(one.result, one.encounter.patient.id, one.at),
    Form.CLAIM: lambda one: claim_draft(one.encounter, one.result, one.at, one.final),
    Form.PROVENANCE: lambda one: provenance(one.result, one.made),
}


@dataclass(frozen=True, slots=True)
class ExportService:
    """The function of the export route, over one store."""

    store: CaseStore

    def export(
        self,
        request: Request,
        case: CasePath,
        form: Annotated[Form, Path(description="json, or one of the FHIR R4 resources of docs/fhir.md.")],
        query: Annotated[VersionQuery, Query()],
    ) -> Response:
        """Take a finished case out: its result as JSON, or as FHIR R4 resources.

        `claim` is a draft that is never submitted; `guidance` says too that a case is in progress or has failed.
        """
        actor, known = actor_of(request), checked_case(case)
        if form is Form.GUIDANCE and (unfinished := self._unfinished(actor, known, query.version)):
            return as_fhir(unfinished)
        exported = self._taken_out(actor, known, form, query.version)
        if form is Form.JSON:
            return Response(exported.result.model_dump_json(), media_type="application/json")
        return as_fhir(_MAKERS[form](exported))

    def audit_events(self, request: Request, case: CasePath) -> Response:
        """The trail of a case as a Bundle of AuditEvents: ids and digests, no text."""
        return as_fhir(audit_bundle(self.store.timeline(actor_of(request), checked_case(case))))

    def _unfinished(self, actor: Actor, case: str, version: int | None) -> Resource | None:
        """What is said of a case without a result; None of one that has it."""
        summary = self.store.status(actor, case, version)
        if summary.erased or summary.state is CaseState.DONE:
            return None
        named, now = summary.case_id or case, datetime.now(UTC)
        if summary.state is CaseState.FAILED:
            return guidance_failed(named, None, now, "The case could not be coded; see its status.")
        return guidance_in_progress(named, None, now)

    def _taken_out(self, actor: Actor, case: str, form: Form, version: int | None) -> _Exported:
        """What is exported, after noting who takes it out. Raises `NoSuchCaseError` or `ErasedError`."""
        with self.store.change(actor, "export") as change:
            chart = chart_of(change, case, version)
            if chart.result is None:
                raise NoSuchCaseError("The case has no result yet; ask for its status until it is done.")
            change.record("case.exported", CaseVersion(case, chart.summary.version), {"form": form.value})
            signed = _signed(change, CaseVersion(case, chart.summary.version))
            attested = Attested(signed.attestation.by, signed.attestation.at, signed.final.digest) if signed else None
            finished = chart.summary.finished_at or change.now
            made = Made(_digest(change, chart.encounter), _digest(change, chart.result), finished, attested)
        return _Exported(chart.encounter, chart.result, made, signed.final if signed else None)


def _signed(change: Change, version: CaseVersion) -> Signed | None:
    """What somebody stands behind; None while nobody does."""
    opening = history.opening_of(change, version)
    kept = history.past_of(change, version, opening).standing if opening else None
    return kept.signed if kept else None


def _digest(change: Change, record: Encounter | CodingResult) -> str:
    """As the trail names it: keyed, so that it says nothing to who lacks the tenant's key."""
    return change.digest(record.model_dump_json().encode())


def export_router(service: ExportService) -> APIRouter:
    """The route with its place in the OpenAPI document."""
    routes = APIRouter()
    done = _answered("The case in that form", "GuidanceResponse", "Claim", "Provenance")
    routes.add_api_route(
        "/v1/cases/{case}/exports/auditevents", service.audit_events, response_model=None, response_class=FhirResponse,
        responses=_answered("A Bundle of AuditEvents", "Bundle") | described(403, 404, 422, 500, 503),
    )  # fmt: skip
    routes.add_api_route(
        "/v1/cases/{case}/exports/{form}", service.export, response_model=CodingResult,
        responses=done | described(403, 404, 410, 422, 500, 503),
    )  # fmt: skip
    return routes


def _answered(description: str, *kinds: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": description, "content": fhir_content(*kinds)}}
