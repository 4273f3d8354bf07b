"""Small invented cases for the tests of gold."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any, Final

from medcoding.coded_encounter import CodedEncounter, FinalCode, MustNotCode, Provenance
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Setting
from medcoding.proposal import EvidenceQuote

GOUT: Final = "Assessment: acute gout of the left foot. Type 2 diabetes, stable on metformin."
ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
DAY: Final = dt.date(2026, 11, 2)


def line(code: str, sequence: int = 1, words: str = "gout", **changes: Any) -> FinalCode:
    """A code of an outpatient visit that rests on words of `GOUT`."""
    start = GOUT.index(words)
    quote = EvidenceQuote(document_id="d1", start=start, end=start + len(words), text=words)
    role = CodeRole.FIRST_LISTED if sequence == 1 else CodeRole.SECONDARY
    values: dict[str, Any] = {"system": CodeSystem.ICD10CM, "role": role, "evidence": (quote,)}
    return FinalCode(**(values | {"code": code, "sequence": sequence} | changes))


def coded(
    *codes: FinalCode, case_id: str = "c1", text: str = GOUT, forbidden: tuple[str, ...] = (), **changes: Any
) -> CodedEncounter:
    """An outpatient visit with these codes."""
    values: dict[str, Any] = {
        "case_id": case_id,
        "setting": Setting.OUTPATIENT,
        "date_of_service": DAY,
        "documents": (Document(document_id="d1", text=text),),
        "codes": codes,
        "must_not": tuple(MustNotCode(code=code, why="ruled out") for code in forbidden),
        "provenance": Provenance(origin="synthetic", certified_coder=False),
    }
    return CodedEncounter(**(values | changes))


def stay(*codes: FinalCode, **changes: Any) -> CodedEncounter:
    """The same as an inpatient stay of three days."""
    facts: dict[str, Any] = {"setting": Setting.INPATIENT, "discharge_date": dt.date(2026, 11, 5)}
    return coded(*codes, **(facts | changes))


def concept(code: str, system: str = ICD10CM) -> dict[str, Any]:
    """A FHIR CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def bundle(*more: dict[str, Any], bundle_id: str = "b1", **changes: Any) -> dict[str, Any]:
    """A FHIR bundle: a visit for gout of a woman born in 1960, its note, and what is added."""
    visit: dict[str, Any] = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "serviceType": {"text": "rheumatology"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-11-02T09:30:00-05:00", "end": "2026-11-02T10:00:00-05:00"},
    }
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1960-11-03"}
    resources = (visit | changes, patient, note(), *more)
    return {"resourceType": "Bundle", "id": bundle_id, "entry": [{"resource": resource} for resource in resources]}


def note(text: str = GOUT, **changes: Any) -> dict[str, Any]:
    """A FHIR document in plain text."""
    data = base64.b64encode(text.encode()).decode()
    content = [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}]
    document = {"resourceType": "DocumentReference", "id": "d1", "status": "current", "content": content}
    return document | {"context": {"encounter": [{"reference": "Encounter/e1"}]}} | changes


def claim(*codes: str, **changes: Any) -> dict[str, Any]:
    """A FHIR claim of these diagnoses, in this order, for the visit."""
    diagnosis = [
        {"sequence": number, "diagnosisCodeableConcept": concept(code)} for number, code in enumerate(codes, start=1)
    ]
    item = [{"sequence": 1, "encounter": [{"reference": "Encounter/e1"}], "productOrService": {"text": "visit"}}]
    return {"resourceType": "Claim", "id": "k1", "status": "active", "diagnosis": diagnosis, "item": item} | changes
