"""Who and what made an answer, as a FHIR R4 Provenance: the software by its digests, the person who attested."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from agent.exchange.resource import SOFTWARE_ID, Resource, case_reference, concept, instant, software
from agent.exchange.vocabulary import ACTOR, DIGEST, TERMINOLOGY
from medcoding.result import CodingResult

_PARTICIPANT: Final = f"{TERMINOLOGY}/provenance-participant-type"


class Attested(NamedTuple):
    """Who attested a code set, when, and the SHA-256 of the exact set in its order."""

    by: str
    """Id of the person in the installation."""
    at: datetime
    digest: str


class Made(NamedTuple):
    """What an answer was made from, and when; digests are SHA-256 in hexadecimal."""

    encounter_digest: str
    result_digest: str
    at: datetime
    attested: Attested | None = None


def provenance(result: CodingResult, made: Made) -> Resource:
    """Provenance of the code set of a case; the encounter is named by its digest, so that its text may be erased."""
    attested = made.attested
    recorded = attested.at if attested else made.at
    agents = [{"type": concept(_PARTICIPANT, "assembler"), "who": {"reference": f"#{SOFTWARE_ID}"}}]
    entities = [
        _entity("source", made.encounter_digest, "the encounter"),
        _entity("derivation", made.result_digest, "the answer"),
    ]
    if attested:
        who = {"identifier": {"system": ACTOR, "value": attested.by}}
        agents.append({"type": concept(_PARTICIPANT, "attester"), "who": who})
        entities.append(_entity("revision", attested.digest, "the attested code set"))
    return {
        "resourceType": "Provenance",
        "contained": [software(result.stamp)],
        "target": [case_reference(result.case_id)],
        "occurredDateTime": instant(made.at),
        "recorded": instant(recorded),
        "activity": {"text": "medical coding"},
        "agent": agents,
        "entity": entities,
    }


def _entity(role: str, digest: str, display: str) -> Resource:
    return {"role": role, "what": {"identifier": {"system": DIGEST, "value": digest}, "display": display}}
