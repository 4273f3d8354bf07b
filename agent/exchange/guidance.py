"""A coding result as a FHIR R4 GuidanceResponse: codes with confidence, evidence and rationale as output parameters.

Evidence is told by document id and offsets, with the quote beside them; no address in it holds text of the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from agent.exchange.resource import (
    SOFTWARE_ID,
    Resource,
    book_concept,
    case_reference,
    instant,
    patient_reference,
    software,
)
from agent.exchange.vocabulary import CASE, MISSING, MODULE
from medcoding.finding import Finding
from medcoding.proposal import EvidenceQuote, NotCoded
from medcoding.result import CodeLine, CodingResult, Route

_OUTPUT: Final = "output"


def guidance_response(result: CodingResult, patient_id: str | None, at: datetime) -> Resource:
    """The answer to whoever escalated the case.

    `data-requested` where the record says too little for a code: the answer stands, and `dataRequirement` says what
    more would settle it; else `success`.
    """
    wanted = [_requirement(line) for line in result.codes if line.route is Route.DOCUMENTATION]
    response = _response(result.case_id, patient_id, at, "data-requested" if wanted else "success")
    response["contained"] = [_parameters(result), software(result.stamp)]
    response["performer"] = {"reference": f"#{SOFTWARE_ID}"}
    response["outputParameters"] = {"reference": f"#{_OUTPUT}"}
    return response | ({"dataRequirement": wanted} if wanted else {})


def guidance_in_progress(case_id: str, patient_id: str | None, at: datetime) -> Resource:
    """What is said while a case is being worked on."""
    return _response(case_id, patient_id, at, "in-progress")


def guidance_failed(case_id: str, patient_id: str | None, at: datetime, why: str) -> Resource:
    """What is said of a case that could not be coded; `why` is one sentence without a word of the record."""
    issue = {"severity": "error", "code": "processing", "diagnostics": why}
    outcome = {"resourceType": "OperationOutcome", "id": "outcome", "issue": [issue]}
    response = _response(case_id, patient_id, at, "failure")
    return response | {"contained": [outcome], "evaluationMessage": [{"reference": "#outcome"}]}


def _response(case_id: str, patient_id: str | None, at: datetime, status: str) -> Resource:
    response: Resource = {
        "resourceType": "GuidanceResponse",
        "requestIdentifier": {"system": CASE, "value": case_id},
        "moduleUri": MODULE,
        "status": status,
        "encounter": case_reference(case_id),
        "occurrenceDateTime": instant(at),
    }
    return response | ({"subject": patient_reference(patient_id)} if patient_id else {})


def _requirement(line: CodeLine) -> Resource:
    """What documentation would settle a code."""
    missing = {"url": MISSING, "valueString": line.rationale.would_change or "More documentation of this condition."}
    filters = [{"path": "type", "code": [book_concept(line.system, line.code, line.title)["coding"][0]]}]
    return {"extension": [missing], "type": "DocumentReference", "codeFilter": filters}


def _parameters(result: CodingResult) -> Resource:
    parameters = [
        _text("edition", result.edition),
        _code("route", result.route.value),
        *(_coded(line) for line in result.codes),
        *(_left(one) for one in result.not_coded),
        *(_finding(one) for one in result.findings),
    ]
    return {"resourceType": "Parameters", "id": _OUTPUT, "parameter": parameters}


def _coded(line: CodeLine) -> Resource:
    return {"name": "code", "part": list(_of_line(line))}


def _of_line(line: CodeLine) -> Iterator[Resource]:
    yield {"name": "coding", "valueCoding": book_concept(line.system, line.code, line.title)["coding"][0]}
    yield _code("role", line.role.value)
    yield {"name": "sequence", "valuePositiveInt": line.sequence}
    if line.poa:
        yield _code("presentOnAdmission", line.poa)
    for modifier in line.modifiers:
        yield {"name": "modifier", "valueCoding": book_concept(line.system, modifier)["coding"][0]}
    if line.units:
        yield {"name": "units", "valuePositiveInt": line.units}
    yield {"name": "confidence", "valueDecimal": line.confidence}
    yield {"name": "documentation", "valueDecimal": line.documentation_score}
    yield _code("route", line.route.value)
    yield _code("source", line.source.value)
    yield from (_quote(quote) for quote in line.evidence)
    yield from _why(line)


def _why(line: CodeLine) -> Iterator[Resource]:
    rationale = line.rationale
    if rationale.summary:
        yield _text("rationale", rationale.summary)
    if rationale.explanation and rationale.explanation.text:
        yield _text("explanation", rationale.explanation.text)
    for cited in rationale.guidelines:
        yield {"name": "guideline", "part": [_text("section", cited.id), _text("edition", cited.edition)]}
    for other in rationale.alternatives:
        coding = book_concept(line.system, other.code, other.title)["coding"][0]
        yield {"name": "alternative", "part": [{"name": "coding", "valueCoding": coding}, _text("why", other.why_not)]}
    if rationale.would_change:
        yield _text("wouldChange", rationale.would_change)


def _quote(quote: EvidenceQuote) -> Resource:
    """Offsets count code points of the document's text: of the attachment as sent, of a Composition as it is read."""
    parts = [
        _text("document", quote.document_id),
        {"name": "start", "valueUnsignedInt": quote.start},
        {"name": "end", "valueUnsignedInt": quote.end},
        _text("quote", quote.text),
    ]
    return {"name": "evidence", "part": parts + ([_text("section", quote.section)] if quote.section else [])}


def _left(one: NotCoded) -> Resource:
    parts = [_text("reason", one.reason.value), *(_quote(quote) for quote in one.evidence)]
    return {"name": "notCoded", "part": parts + ([_text("detail", one.detail)] if one.detail else [])}


def _finding(finding: Finding) -> Resource:
    parts = [_code("rule", finding.rule), _code("severity", finding.severity.value), _text("message", finding.message)]
    return {"name": "finding", "part": parts + [_text("code", code) for code in finding.codes]}


def _text(name: str, value: str) -> Resource:
    return {"name": name, "valueString": value}


def _code(name: str, value: str) -> Resource:
    return {"name": name, "valueCode": value}
