"""What the auditor changed, change by change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from evals.monthly.findings import AuditedCode, AuditFinding, AuditReason, DisagreementKind
from evals.specificity import Detail, DetailPair, detail_pairs
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.record import Record

_SUBCATEGORY: Final = 5
"""Printed characters that two codes of one subcategory share, dot included: M17.11 and M17.12, E11.21 and E11.22."""


class Disagreement(Record):
    """One change that the auditor would make."""

    case_id: str
    kind: DisagreementKind
    given: str | None = None
    """The code as it was given; None where one is missing."""
    audited: str | None = None
    """The auditor's code; None where one is taken away."""
    detail: Detail | None = None
    """For specificity: whether the code said less (`under`), more (`over`) or something else."""
    reason: str = ""
    """In the auditor's words, where a reason was given for one of the two codes."""


def disagreements(finding: AuditFinding, given: Sequence[AuditedCode], codebook: Codebook) -> tuple[Disagreement, ...]:
    """From the codes given (proposed or final) to the auditor's; none where the auditor changed nothing."""
    reasons = {reason.code.upper(): reason for reason in finding.reasons}
    return tuple(
        _explained(change, reasons)
        for change in (
            *_code_changes(finding, given, codebook),
            *_first_changed(finding, given),
            *_indicators_changed(finding, given),
        )
    )


def _code_changes(finding: AuditFinding, given: Sequence[AuditedCode], codebook: Codebook) -> Iterator[Disagreement]:
    """Codes replaced, taken away, put in."""
    ours, theirs = {(c.system, c.code) for c in given}, {(c.system, c.code) for c in finding.audited}
    gone, new = ours - theirs, theirs - ours
    for pair in _replaced(gone, new, codebook):
        gone.remove((CodeSystem.ICD10CM, pair.answered))
        new.remove((CodeSystem.ICD10CM, pair.gold))
        yield Disagreement(
            case_id=finding.case_id,
            kind=DisagreementKind.SPECIFICITY,
            given=pair.answered,
            audited=pair.gold,
            detail=pair.detail,
        )
    for _, code in sorted(gone):
        yield Disagreement(case_id=finding.case_id, kind=DisagreementKind.UNSUPPORTED, given=code)
    for _, code in sorted(new):
        yield Disagreement(case_id=finding.case_id, kind=DisagreementKind.MISSING, audited=code)


def _replaced(
    gone: set[tuple[CodeSystem, str]], new: set[tuple[CodeSystem, str]], codebook: Codebook
) -> Iterator[DetailPair]:
    """Codes that say more, less or something else of the same thing: one subcategory, or one more specific."""
    pairs = detail_pairs(_diagnoses(new), _diagnoses(gone), codebook)
    for pair in pairs:
        if pair.detail is not Detail.OTHER or pair.gold[:_SUBCATEGORY] == pair.answered[:_SUBCATEGORY]:
            yield pair


def _first_changed(finding: AuditFinding, given: Sequence[AuditedCode]) -> Iterator[Disagreement]:
    """Another first diagnosis among the codes both have; a first one that is wrong counts as a code already."""
    ours, theirs = _diagnoses_in_order(given), _diagnoses_in_order(finding.audited)
    if ours and theirs and ours[0] != theirs[0] and ours[0] in theirs and theirs[0] in ours:
        yield Disagreement(case_id=finding.case_id, kind=DisagreementKind.SEQUENCING, given=ours[0], audited=theirs[0])


def _indicators_changed(finding: AuditFinding, given: Sequence[AuditedCode]) -> Iterator[Disagreement]:
    """Present-on-admission indicators of codes both have, where the auditor names one."""
    ours = {(c.system, c.code): c.poa for c in given}
    for theirs in finding.audited:
        key = theirs.system, theirs.code
        if theirs.poa and key in ours and ours[key] != theirs.poa:
            yield Disagreement(
                case_id=finding.case_id, kind=DisagreementKind.POA, given=theirs.code, audited=theirs.code
            )


def _explained(change: Disagreement, reasons: Mapping[str, AuditReason]) -> Disagreement:
    """With the auditor's reason, and the auditor's kind where one is named."""
    found = next((reasons[code] for code in (change.audited, change.given) if code and code in reasons), None)
    if found is None:
        return change
    return change.model_copy(update={"reason": found.reason, "kind": found.kind or change.kind})


def _diagnoses(codes: set[tuple[CodeSystem, str]]) -> list[str]:
    return [code for system, code in codes if system is CodeSystem.ICD10CM]


def _diagnoses_in_order(codes: Sequence[AuditedCode]) -> list[str]:
    return [c.code for c in codes if c.system is CodeSystem.ICD10CM]
