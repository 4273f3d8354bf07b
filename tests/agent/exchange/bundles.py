"""FHIR resources as an electronic health record would send them; tests change one thing at a time."""

from __future__ import annotations

import base64
import copy
from typing import Any, Final

from agent.exchange.vocabulary import CONFIDENCE

NOTE: Final = "ASSESSMENT\n1. Hypertension, stable on lisinopril.\n2. Type 2 diabetes, continue metformin."
ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"
STATUS: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def attached(text: str) -> str:
    """Text as an attachment holds it."""
    return base64.b64encode(text.encode()).decode()


def bundle() -> dict[str, Any]:
    """An office visit: patient, practitioner, note, two conditions of which one has a confidence in numbers."""
    return copy.deepcopy(_BUNDLE)


def resource(kind: str, within: dict[str, Any]) -> dict[str, Any]:
    """The first resource of a kind in a Bundle."""
    found: dict[str, Any] = next(e["resource"] for e in within["entry"] if e["resource"]["resourceType"] == kind)
    return found


def task(contained: list[dict[str, Any]], focus: str) -> dict[str, Any]:
    """A Task that asks for what it contains to be coded."""
    return {
        "resourceType": "Task", "status": "requested", "intent": "order", "contained": contained,
        "code": {"text": "code this encounter"}, "focus": {"reference": focus},
    }  # fmt: skip


def add(within: dict[str, Any], *resources: dict[str, Any]) -> dict[str, Any]:
    """The Bundle with more entries."""
    within["entry"] += [{"resource": one} for one in resources]
    return within


_BUNDLE: Final[dict[str, Any]] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": "urn:uuid:6a1b1c9e-0000-4000-8000-000000000001",
            "resource": {
                "resourceType": "Encounter",
                "id": "enc-1",
                "identifier": [{"system": "urn:example:visits", "value": "V-20261102-7"}],
                "status": "finished",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "type": [{"text": "office visit"}],
                "serviceType": {"coding": [{"code": "124", "display": "General Practice"}]},
                "subject": {"reference": "Patient/pat-1"},
                "period": {"start": "2026-11-02T09:10:00+01:00", "end": "2026-11-02T09:40:00+01:00"},
                "serviceProvider": {"reference": "Organization/org-1"},
            },
        },
        {"resource": {"resourceType": "Patient", "id": "pat-1", "gender": "female", "birthDate": "1960-11-03"}},
        {"resource": {"resourceType": "Organization", "id": "org-1", "name": "Northside Clinic"}},
        {
            "resource": {
                "resourceType": "Practitioner",
                "id": "dr-1",
                "name": [{"given": ["Ada", "M."], "family": "Bloom"}],
                "qualification": [{"code": {"text": "physician"}}],
            }
        },
        {
            "resource": {
                "resourceType": "DocumentReference",
                "id": "note-1",
                "status": "current",
                "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3", "display": "Progress note"}]},
                "subject": {"reference": "Patient/pat-1"},
                "author": [{"reference": "Practitioner/dr-1"}],
                "date": "2026-11-02T09:45:00+01:00",
                "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": attached(NOTE)}}],
                "context": {"encounter": [{"reference": "urn:uuid:6a1b1c9e-0000-4000-8000-000000000001"}]},
            }
        },
        {
            "resource": {
                "resourceType": "Condition",
                "id": "c-1",
                "subject": {"reference": "Patient/pat-1"},
                "encounter": {"reference": "Encounter/enc-1"},
                "verificationStatus": {"coding": [{"system": STATUS, "code": "provisional"}]},
                "code": {"coding": [{"system": ICD10, "code": "E11.9"}]},
            }
        },
        {
            "resource": {
                "resourceType": "Condition",
                "id": "c-2",
                "subject": {"reference": "Patient/pat-1"},
                "extension": [{"url": CONFIDENCE, "valueDecimal": 0.42}],
                "contained": [
                    {"resourceType": "Device", "id": "d", "deviceName": [{"name": "Sender Coder 3", "type": "other"}]}
                ],
                "asserter": {"reference": "#d"},
                "code": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.90", "code": "I10"}]},
            }
        },
    ],
}
