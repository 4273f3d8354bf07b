"""A code set as a FHIR R4 Claim in draft: diagnoses in order, an item for each procedure or supply. Never submitted.

What a claim needs and an encounter does not say (coverage, provider) is marked unknown, not invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from agent.exchange.resource import (
    Resource,
    book_concept,
    case_reference,
    concept,
    instant,
    named_or_unknown,
    patient_reference,
)
from agent.exchange.vocabulary import CASE, CODE_ROLE, PRESENT_ON_ADMISSION, TERMINOLOGY
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Encounter, Setting
from medcoding.finding import Finding, Severity
from medcoding.result import CodeLine, CodingResult
from medcoding.review import FinalLine, FinalSet

_DIAGNOSIS_TYPE: Final = f"{TERMINOLOGY}/ex-diagnosistype"
_INFORMATION: Final = f"{TERMINOLOGY}/claiminformationcategory"


class _Line(NamedTuple):
    """A code as it is claimed."""

    code: FinalLine | CodeLine
    title: str


def claim_draft(encounter: Encounter, result: CodingResult, at: datetime, final: FinalSet | None = None) -> Resource:
    """The claim as the attested set stands, or else as the result does, in its sequence."""
    lines = _lines(result, final)
    diagnoses = [line for line in lines if line.code.system is CodeSystem.ICD10CM]
    services = [line for line in lines if line.code.system is not CodeSystem.ICD10CM]
    form = "institutional" if encounter.setting is Setting.INPATIENT else "professional"
    claim: Resource = {
        "resourceType": "Claim",
        "identifier": [{"system": CASE, "value": encounter.case_id}],
        "status": "draft",
        "type": concept(f"{TERMINOLOGY}/claim-type", form),
        "use": "claim",
        "patient": patient_reference(encounter.patient.id),
        "billablePeriod": _period(encounter),
        "created": instant(at),
        "provider": named_or_unknown(encounter.facility),
        "priority": concept(f"{TERMINOLOGY}/processpriority", "normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": named_or_unknown(encounter.payer)}],
    }
    open_findings = () if final else tuple(one for one in result.findings if _stands(one))
    lists = {
        "supportingInfo": [
            info | {"sequence": n} for n, info in enumerate(_supporting(encounter, open_findings), start=1)
        ],
        "diagnosis": [_diagnosis(line, place) for place, line in enumerate(diagnoses, start=1)],
        "item": [_item(line, place, encounter) for place, line in enumerate(services, start=1)],
    }
    return claim | {name: held for name, held in lists.items() if held}


def _lines(result: CodingResult, final: FinalSet | None) -> list[_Line]:
    titles = {(line.system, line.code): line.title for line in result.codes}
    codes: Sequence[FinalLine | CodeLine] = final.lines if final else result.codes
    ordered = sorted(codes, key=lambda line: line.sequence)
    return [_Line(line, titles.get((line.system, line.code), "")) for line in ordered]


def _diagnosis(line: _Line, place: int) -> Resource:
    code = line.code
    types = [concept(CODE_ROLE, code.role.value)]
    if code.role is CodeRole.PRINCIPAL:
        types.insert(0, concept(_DIAGNOSIS_TYPE, "principal"))
    diagnosis: Resource = {
        "sequence": place,
        "diagnosisCodeableConcept": book_concept(code.system, code.code, line.title),
        "type": types,
    }
    return diagnosis | ({"onAdmission": concept(PRESENT_ON_ADMISSION, code.poa)} if code.poa else {})


def _item(line: _Line, place: int, encounter: Encounter) -> Resource:
    code = line.code
    item: Resource = {
        "sequence": place,
        "productOrService": book_concept(code.system, code.code, line.title),
        "servicedDate": encounter.date_of_service.isoformat(),
        "encounter": [case_reference(encounter.case_id)],
        "quantity": {"value": code.units or 1},
    }
    modifiers = [book_concept(code.system, modifier) for modifier in code.modifiers]
    return item | ({"modifier": modifiers} if modifiers else {})


def _stands(finding: Finding) -> bool:
    return finding.severity is not Severity.ADVISE and finding.override is None


def _supporting(encounter: Encounter, findings: Sequence[Finding]) -> Iterator[Resource]:
    """The stay, and whatever stands in the way of the claim."""
    if encounter.setting is Setting.INPATIENT:
        yield {"category": concept(_INFORMATION, "hospitalized"), "timingPeriod": _period(encounter)}
    for finding in findings:
        code = {"text": finding.rule}
        yield {"category": concept(_INFORMATION, "info"), "code": code, "valueString": finding.message}


def _period(encounter: Encounter) -> Resource:
    end = encounter.discharge_date or encounter.date_of_service
    return {"start": encounter.date_of_service.isoformat(), "end": end.isoformat()}
