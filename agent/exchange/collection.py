"""Answers outside any case store as one FHIR R4 Bundle: for each encounter its guidance, claim draft and provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.exchange.claim import claim_draft
from agent.exchange.guidance import guidance_response
from agent.exchange.provenance import Made, provenance
from agent.exchange.resource import Resource
from medcoding.encounter import Encounter
from medcoding.result import CodingResult


def answers_bundle(answers: Sequence[tuple[Encounter, CodingResult]], at: datetime) -> Resource:
    """A Bundle of three resources an encounter, in the order of the encounters."""
    entries = [{"resource": one} for encounter, result in answers for one in _of(encounter, result, at)]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": at.isoformat(), "entry": entries}


def _of(encounter: Encounter, result: CodingResult, at: datetime) -> Iterator[Resource]:
    yield guidance_response(result, encounter.patient.id, at)
    yield claim_draft(encounter, result, at)
    yield provenance(result, Made(_digest(encounter), _digest(result), at))


def _digest(record: Encounter | CodingResult) -> str:
    """SHA-256 of the record's JSON."""
    return hashlib.sha256(record.model_dump_json().encode()).hexdigest()
