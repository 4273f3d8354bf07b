"""Evidence: every code rests on words that stand in the record, said in a way that supports it in this setting."""

from __future__ import annotations

from typing import Final

from guardrails.case import Case
from medcoding.finding import Finding, Severity
from medcoding.mention import Assertion
from medcoding.proposal import ProposedCode

_PERSONAL_HISTORY: Final = ("Z85", "Z86", "Z87", "Z91", "Z92", "Z98", "Z90", "Z89", "Z96", "Z95", "Z94", "Z93", "I25.2")
_FAMILY_HISTORY: Final = ("Z80", "Z81", "Z82", "Z83", "Z84")


def evidence_is_verbatim(case: Case) -> tuple[Finding, ...]:
    """A code without words of the record behind it, or with words that are not there, is removed."""
    texts = {d.document_id: d.text for d in case.chart.encounter.documents}
    return tuple(
        Finding(
            rule="evidence.verbatim",
            severity=Severity.REJECT,
            codes=(line.code,),
            message=f"{line.code} has no verbatim evidence in the record.",
            source="III, IV.J",
            mend="Quote the provider's own words, or leave the code out.",
        )
        for line in case.proposal.codes
        if not line.evidence or any(not q.stands_in(texts.get(q.document_id, "")) for q in line.evidence)
    )


def assertion_supports_code(case: Case) -> tuple[Finding, ...]:
    """Some quote must speak of the patient's own condition in a way that is codable in this setting."""
    return tuple(finding for line in case.proposal.codes if line.evidence for finding in _unsupported(case, line))


def _unsupported(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    said = {quote.assertion or Assertion.PRESENT for quote in line.evidence}
    if said & _supporting(case, line.code):
        return ()
    uncertain = Assertion.POSSIBLE in said
    words = "uncertain, which is not coded in this setting" if uncertain else " and ".join(sorted(said))
    return (
        Finding(
            rule="evidence.assertion",
            severity=Severity.REJECT,
            codes=(line.code,),
            message=f"The evidence for {line.code} is {words}.",
            source="IV.H" if uncertain else "I.A.19",
            mend="Code the sign or symptom that prompted it." if uncertain else "Leave the code out.",
        ),
    )


def _supporting(case: Case, code: str) -> frozenset[Assertion]:
    """Assertions under which this code may stand here (II.H and III.C against IV.H; I.C.21.c.4 for history)."""
    if code.startswith(_FAMILY_HISTORY):
        return frozenset({Assertion.FAMILY, Assertion.PRESENT})
    supporting = {Assertion.PRESENT}
    if case.chart.encounter.setting.codes_uncertain_diagnoses:
        supporting.add(Assertion.POSSIBLE)
    if code.startswith(_PERSONAL_HISTORY):
        supporting.add(Assertion.HISTORICAL)
    return frozenset(supporting)
