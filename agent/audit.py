"""Audit: codes that somebody submitted, held against what the record supports.

Every verdict rests on the facts of the coding result and on the guardrails; nothing is asked of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from agent.why import WhyAnswer, why
from guardrails.case import Case
from guardrails.check import check
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole, CodeSystem, parse_code
from medcoding.errors import InputError
from medcoding.finding import Finding
from medcoding.proposal import EvidenceQuote, NotCodedReason, Proposal, ProposedCode, Source
from medcoding.record import Record
from medcoding.result import CodeLine, CodingResult

AuditVerdict = Literal["supported", "more_specific", "unsupported", "nonexistent", "unverifiable"]

_WOULD_SUPPORT: Final = {
    NotCodedReason.NEGATED: "The record denies it; only a correction by its author would support it.",
    NotCodedReason.UNCERTAIN: "An established diagnosis instead of an uncertain one.",
    NotCodedReason.FAMILY: "A statement that the patient, not a relative, has it.",
    NotCodedReason.HYPOTHETICAL: "A statement that it is present, not only possible or planned for.",
    NotCodedReason.HISTORICAL: "A statement that it is current and was assessed or treated here.",
    NotCodedReason.NOT_ASSESSED: "Monitoring, evaluation, assessment or treatment of it in this encounter.",
    NotCodedReason.INTEGRAL: "A statement that it is a problem apart from the diagnosis it belongs to.",
    NotCodedReason.DUPLICATE: "Nothing: the other code already reports it.",
}
_EVIDENCE_RULES: Final = "evidence."
"""That a submitted code has no quote is its verdict already, not a conflict besides."""

_OF_THE_ENCOUNTER: Final = ("existence.edition",)


class AuditedCode(Record):
    """One submitted code and what the record says to it."""

    system: CodeSystem
    code: str
    title: str
    verdict: AuditVerdict
    answer: str
    """One or two sentences."""
    evidence: tuple[EvidenceQuote, ...] = ()
    would_support: str = ""
    """What the record would have to say; empty for a supported code."""
    instead: str | None = None
    """The code that the record leads to in its place."""
    conflicts: tuple[Finding, ...] = ()
    """What the guardrails say about it in this set."""


class Audit(Record):
    """The whole set: each submitted code, and what is documented and missing."""

    case_id: str
    edition: str
    codes: tuple[AuditedCode, ...]
    missed: tuple[CodeLine, ...]


class Audited(NamedTuple):
    """What an audit reads: the result of coding the encounter, and the case its findings were made from."""

    result: CodingResult
    case: Case


def submitted_codes(given: Iterable[str]) -> tuple[tuple[CodeSystem, str], ...]:
    """Codes as a person lists them: `E11.9`, `E119`, `hcpcs:J1885`, `cpt:…`; each once.

    Raises `InputError` for one that is not written like a code, and when there is none.
    """
    codes = tuple(dict.fromkeys(_read(text) for text in given if text.strip()))
    if not codes:
        raise InputError("No code was given; list them as --codes E11.9,I10.")
    return codes


def audit(submitted: Sequence[tuple[CodeSystem, str]], audited: Audited) -> Audit:
    """A verdict for each submitted code, in order, and the codes of the answer that none of them reports."""
    result, codebook = audited.result, audited.case.codebook
    answers = [(system, code, _asked(system, code, result, codebook)) for system, code in submitted]
    findings = _findings(answers, audited.case)
    codes = tuple(_audited(system, code, answer, findings) for system, code, answer in answers)
    named = {c.code for c in codes} | {c.instead for c in codes if c.verdict == "more_specific"}
    return Audit(
        case_id=result.case_id,
        edition=result.edition,
        codes=codes,
        missed=tuple(line for line in result.codes if line.code not in named),
    )


def _read(text: str) -> tuple[CodeSystem, str]:
    system, colon, code = text.strip().rpartition(":")
    if not colon:
        return CodeSystem.ICD10CM, parse_code(code)
    try:
        named = CodeSystem(system.lower())
    except ValueError:
        raise InputError("A code system is one of icd10cm, hcpcs, cpt, as in hcpcs:J1885.") from None
    return named, parse_code(code, named)


def _asked(system: CodeSystem, code: str, result: CodingResult, codebook: Codebook) -> WhyAnswer | None:
    """What is known about a diagnosis code; procedures are only held against the answer."""
    return why(code, result, codebook) if system is CodeSystem.ICD10CM else None


def _audited(system: CodeSystem, code: str, answer: WhyAnswer | None, findings: Sequence[Finding]) -> AuditedCode:
    conflicts = tuple(f for f in findings if code in f.codes)
    if answer is None:
        words = "Procedures and supplies are held against the rules alone; nothing says whether the record supports it."
        return AuditedCode(
            system=system, code=code, title="", verdict="unverifiable", answer=words, conflicts=conflicts
        )
    verdict = _verdict(answer)
    return AuditedCode(
        system=system,
        code=code,
        title=answer.title,
        verdict=verdict,
        answer=answer.answer,
        evidence=answer.evidence,
        would_support="" if verdict == "supported" else _would_support(answer, verdict),
        instead=answer.instead,
        conflicts=conflicts,
    )


def _verdict(answer: WhyAnswer) -> AuditVerdict:
    if answer.verdict in {"supported", "more_specific", "nonexistent"}:
        return answer.verdict
    covered = answer.verdict == "not_coded" and answer.instead is not None
    return "more_specific" if covered and str(answer.instead)[:3] == answer.code[:3] else "unsupported"


def _would_support(answer: WhyAnswer, verdict: AuditVerdict) -> str:
    if verdict == "nonexistent":
        return "Nothing: no record can support a code that the edition does not hold."
    if verdict == "more_specific":
        return "Nothing more is needed: the record supports the more specific code."
    reason = next((r for r in _WOULD_SUPPORT if answer.answer.startswith(f"Left out: {r.value}.")), None)
    stated = f"A provider's statement of “{answer.title}”, assessed or treated in this encounter."
    return _WOULD_SUPPORT[reason] if reason else stated


def _findings(answers: Iterable[tuple[CodeSystem, str, WhyAnswer | None]], case: Case) -> tuple[Finding, ...]:
    """The guardrails over the submitted set, with the quotes that were found for it."""
    lines = tuple(
        ProposedCode(
            system=system,
            code=code,
            role=CodeRole.FIRST_LISTED if place == 1 else CodeRole.SECONDARY,
            sequence=place,
            mention_ids=(),
            evidence=answer.evidence if answer else (),
            source=Source.RULES,
            strength=0.0,
            reason="submitted",
        )
        for place, (system, code, answer) in enumerate(answers, start=1)
    )
    found = check(replace(case, proposal=Proposal(codes=lines, not_coded=())))
    return tuple(f for f in found if not f.rule.startswith((_EVIDENCE_RULES, *_OF_THE_ENCOUNTER)))
