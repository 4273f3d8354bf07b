"""What every outgoing resource is made of: concepts, references without text in them, the software that speaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final, TypeAlias

from agent.exchange.vocabulary import CASE, DATA_ABSENT, PATIENT, SYSTEM_URIS
from medcoding.codes import CodeSystem
from medcoding.result import Stamp

Resource: TypeAlias = dict[str, Any]
"""A FHIR R4 resource, or a part of one, as JSON writes it."""

SOFTWARE_ID: Final = "software"


def concept(system: str, code: str, display: str = "") -> Resource:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def book_concept(system: CodeSystem, code: str, title: str = "") -> Resource:
    """A code of a book."""
    return concept(SYSTEM_URIS[system], code, title)


def instant(at: datetime) -> str:
    """A moment with its time zone. Raises `ValueError` for one without."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.isoformat(timespec="milliseconds")


def case_reference(case_id: str) -> Resource:
    """The encounter by the sender's number: an identifier, never an address."""
    return {"identifier": {"system": CASE, "value": case_id}}


def patient_reference(patient_id: str | None) -> Resource:
    """The patient by the sender's own id, as an identifier: a record number has no place in an address.

    Where none was named, that it is unknown.
    """
    if patient_id is None:
        return unknown()
    return {"type": "Patient", "identifier": {"system": PATIENT, "value": patient_id}}


def named_or_unknown(name: str | None) -> Resource:
    """A reference by name only; where none was given, that it is unknown."""
    return {"display": name} if name else unknown()


def unknown() -> Resource:
    """What FHIR requires and nobody said."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}


def software(stamp: Stamp) -> Resource:
    """Chartwright as a contained Device; each digest of the stamp is the version of a part of it."""
    digests: Mapping[str, str] = stamp.model_dump()
    parts = [{"type": {"text": part}, "value": digest} for part, digest in digests.items()]
    return {
        "resourceType": "Device",
        "id": SOFTWARE_ID,
        "deviceName": [{"name": "Chartwright", "type": "model-name"}],
        "version": [{"type": {"text": "release"}, "value": version("chartwright")}, *parts],
    }
