"""What the trail keeps of a result: every suggestion with its confidence and where its evidence stands, and no text."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from medcoding.encounter import Encounter
from medcoding.finding import Finding
from medcoding.result import CodeLine, CodingResult


def coded_detail(encounter: Encounter, result: CodingResult, digest: Callable[[bytes], str]) -> dict[str, JsonValue]:
    """Detail of the row `case.coded`. Documents are named by their digests, evidence by offsets into them."""
    places = {document.document_id: place for place, document in enumerate(encounter.documents)}
    return {
        "result": digest(result.model_dump_json().encode()),
        "edition": result.edition,
        "route": result.route.value,
        "stamp": result.stamp.model_dump(mode="json"),
        "documents": [digest(document.text.encode()) for document in encounter.documents],
        "suggestions": [_suggestion(line, places) for line in result.codes],
        "findings": [_finding(finding) for finding in result.findings],
    }


def _suggestion(line: CodeLine, places: dict[str, int]) -> dict[str, JsonValue]:
    evidence: list[JsonValue] = [
        {"document": places[quote.document_id], "start": quote.start, "end": quote.end} for quote in line.evidence
    ]
    return {
        "line": f"s{line.sequence}",
        "system": line.system.value,
        "code": line.code,
        "role": line.role.value,
        "sequence": line.sequence,
        "confidence": round(line.confidence, 6),
        "route": line.route.value,
        "source": line.source.value,
        "evidence": evidence,
    }


def _finding(finding: Finding) -> dict[str, JsonValue]:
    return {"rule": finding.rule, "severity": finding.severity.value, "codes": list(finding.codes)}
