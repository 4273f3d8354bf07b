"""FHIR over HTTP: how a resource is answered, and how it stands in the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from agent.exchange.guidance import guidance_response
from agent.exchange.resource import Resource
from agent.exchange.vocabulary import FHIR_JSON
from medcoding.encounter import Encounter
from medcoding.result import CodingResult

_RESOURCE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
}


class FhirResponse(Response):
    """An answer in FHIR's JSON."""

    media_type = FHIR_JSON


def fhir_content(*kinds: str) -> dict[str, Any]:
    """A resource of one of these types as a media type's content in the OpenAPI document; docs/fhir.md says more."""
    schema = _RESOURCE | {"properties": {"resourceType": {"enum": list(kinds)}}}
    return {FHIR_JSON: {"schema": schema}}


def as_fhir(resource: Resource, status: int = 200) -> Response:
    """An answer that is a resource."""
    return FhirResponse(orjson.dumps(resource), status)


async def guidance(encounter: Encounter, result: CodingResult) -> Response:
    """The coding result as a GuidanceResponse."""
    made = await run_in_threadpool(guidance_response, result, encounter.patient.id, datetime.now(UTC))
    return await run_in_threadpool(as_fhir, made)
