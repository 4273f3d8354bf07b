"""Audit: codes that somebody submitted, held against what the record supports.

Every verdict rests on the facts of the coding result and on the guardrails; nothing is asked of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple, get_args

from agent.why import WhyAnswer, why
from guardrails.case import Case
from guardrails.check import check
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole, CodeSystem, PresentOnAdmission, parse_code
from medcoding.encounter import Setting
from medcoding.errors import InputError
from medcoding.finding import Finding
from medcoding.mention import Assertion, Mention
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
_NO_QUOTE: Final = "evidence.verbatim"
"""That a submitted code has no quote is its verdict already, not a conflict besides."""

_OF_THE_ENCOUNTER: Final = frozenset({"existence.edition_loaded", "poa.missing"})
"""Rules that name every code they hold for and speak of the encounter."""

_INDICATORS: Final = "poa."
_INDICATED: Final[dict[str, PresentOnAdmission]] = {value: value for value in get_args(PresentOnAdmission)}
_FAMILY_HISTORY: Final = ("Z80", "Z81", "Z82", "Z83", "Z84")


class Submitted(NamedTuple):
    """A code as it was submitted."""

    system: CodeSystem
    code: str
    poa: PresentOnAdmission | None = None
    """Its present-on-admission indicator, where one was given."""


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
    poa: PresentOnAdmission | None = None
    """The indicator it was submitted with."""
    conflicts: tuple[Finding, ...] = ()
    """What the guardrails say about it in this set."""


class Audit(Record):
    """The whole set: each submitted code, and what is documented and missing."""

    case_id: str
    edition: str
    codes: tuple[AuditedCode, ...]
    missed: tuple[CodeLine, ...]
    findings: tuple[Finding, ...] = ()
    """What the guardrails say about the encounter as a whole."""


class Audited(NamedTuple):
    """What an audit reads: the result of coding the encounter, and the case its findings were made from."""

    result: CodingResult
    case: Case


class _Answered(NamedTuple):
    """A submitted code and what is known about it; None for procedures, which are only held against the rules."""

    line: Submitted
    answer: WhyAnswer | None


def submitted_codes(given: Iterable[str]) -> tuple[Submitted, ...]:
    """Codes as a person lists them: `E11.9`, `E119`, `E11.9@Y`, `hcpcs:J1885`, `cpt:…`; each once.

    Behind the `@` stands the present-on-admission indicator. Raises `InputError` for one that is not written like a
    code, for one that is listed with two indicators, and when there is none.
    """
    codes: dict[tuple[CodeSystem, str], Submitted] = {}
    for line in map(_read, filter(str.strip, given)):
        if codes.setdefault((line.system, line.code), line) != line:
            raise InputError(f"{line.code} is listed with more than one indicator; keep one of them.")
    if not codes:
        raise InputError("No code was given; list them as --codes E11.9,I10.")
    return tuple(codes.values())


def audit(submitted: Sequence[Submitted], audited: Audited) -> Audit:
    """A verdict for each submitted code, in order, and the codes of the answer that none of them reports."""
    result = audited.result
    answers = [_Answered(line, _asked(line, audited)) for line in submitted]
    findings = _findings(answers, audited.case)
    codes = tuple(_audited(one, findings, audited.case.codebook) for one in answers)
    named = {c.code for c in codes} | {c.instead for c in codes if c.verdict == "more_specific"}
    return Audit(
        case_id=result.case_id,
        edition=result.edition,
        codes=codes,
        missed=tuple(line for line in result.codes if line.code not in named),
        findings=tuple(f for f in findings if _is_of_the_encounter(f)),
    )


def _read(text: str) -> Submitted:
    written, at, indicator = text.partition("@")
    system, code = _read_code(written.strip())
    if not at:
        return Submitted(system, code)
    poa = _INDICATED.get(indicator.strip().upper())
    if poa is None or system is not CodeSystem.ICD10CM:
        raise InputError("An indicator is Y, N, U, W or 1 behind a diagnosis, as in E11.9@Y.")
    return Submitted(system, code, poa)


def _read_code(text: str) -> tuple[CodeSystem, str]:
    named, colon, code = text.partition(":")
    if not colon:
        return CodeSystem.ICD10CM, _diagnosis(text)
    try:
        system = CodeSystem(named.strip().lower())
    except ValueError:
        raise InputError("A code system is one of icd10cm, hcpcs, cpt, as in hcpcs:J1885.") from None
    alone, more, _ = code.partition(":")
    parsed = parse_code(alone, system)
    if more:
        raise InputError(f"Units and modifiers are not read here; list this code as {system}:{parsed}.")
    return system, parsed


def _diagnosis(text: str) -> str:
    """A code without its system, which is a diagnosis; one that can only be a procedure is told how to be written."""
    try:
        return parse_code(text)
    except InputError:
        others = [other for other in (CodeSystem.HCPCS, CodeSystem.CPT) if _is_written_as(text, other)]
        if not others:
            raise
        raise InputError(f"Without its system a code is a diagnosis; list this one as {others[0]}:{text}.") from None


def _is_written_as(text: str, system: CodeSystem) -> bool:
    try:
        parse_code(text, system)
    except InputError:
        return False
    return True


def _asked(line: Submitted, audited: Audited) -> WhyAnswer | None:
    """What is known about a diagnosis code; procedures are only held against the answer."""
    if line.system is not CodeSystem.ICD10CM:
        return None
    answer = why(line.code, audited.result, audited.case.codebook)
    told = answer.verdict not in {"supported", "nonexistent"} and line.code.startswith(_FAMILY_HISTORY)
    return _of_relatives(answer, audited.case) if told else answer


def _of_relatives(answer: WhyAnswer, case: Case) -> WhyAnswer:
    """A family-history code rests on what the record says of a relative (I.C.21.c.4)."""
    told = [m for m in case.mentions if m.assertion is Assertion.FAMILY and m.stems]
    if same := [m for m in told if answer.code in m.stems]:
        changes = {"verdict": "supported", "answer": "The record says it of a relative.", "instead": None}
        return answer.model_copy(update=changes | {"evidence": tuple(map(_quoted, same))})
    if better := next((m for m in told if _leaves_open(answer.code, m.stems[0], case.codebook)), None):
        changes = {"verdict": "alternative", "instead": better.stems[0]}
        return answer.model_copy(update=changes | {"evidence": (_quoted(better),)})
    return answer.model_copy(update={"verdict": "record_silent", "answer": "The record says it of no relative."})


def _quoted(mention: Mention) -> EvidenceQuote:
    return EvidenceQuote(
        document_id=mention.document_id,
        start=mention.span.start,
        end=mention.span.end,
        text=mention.text,
        section=mention.section.value,
        assertion=mention.assertion,
    )


def _audited(one: _Answered, findings: Sequence[Finding], codebook: Codebook) -> AuditedCode:
    line, answer = one
    conflicts = tuple(f for f in findings if line.code in f.codes and not _is_of_the_encounter(f))
    if answer is None:
        words = "Procedures and supplies are held against the rules alone; nothing says whether the record supports it."
        return AuditedCode(
            system=line.system, code=line.code, title="", verdict="unverifiable", answer=words, conflicts=conflicts
        )
    verdict = _verdict(answer, codebook)
    return AuditedCode(
        system=line.system,
        code=line.code,
        title=answer.title,
        verdict=verdict,
        answer=_words(answer, verdict, codebook),
        evidence=answer.evidence,
        would_support="" if verdict == "supported" else _would_support(answer, verdict),
        instead=answer.instead,
        poa=line.poa,
        conflicts=conflicts,
    )


def _verdict(answer: WhyAnswer, codebook: Codebook) -> AuditVerdict:
    if answer.verdict in {"supported", "more_specific", "nonexistent"}:
        return answer.verdict
    better = answer.instead or ""
    covered = answer.verdict == "not_coded" and better[:3] == answer.code[:3]
    return "more_specific" if covered or _leaves_open(answer.code, better, codebook) else "unsupported"


def _words(answer: WhyAnswer, verdict: AuditVerdict, codebook: Codebook) -> str:
    """Where an unspecified code stood beside a better one, what it leaves open; else the answer as it is."""
    if verdict != "more_specific" or answer.verdict != "alternative" or answer.instead is None:
        return answer.answer
    return f"{answer.code} leaves open what the record says: {answer.instead} {codebook.title(answer.instead)}."


def _leaves_open(code: str, better: str, codebook: Codebook) -> bool:
    """True for an unspecified code, or a header, whose own subcategory holds the better one."""
    entry = codebook.entry(code)
    if entry is None or not entry.billable:
        return better.startswith(code)
    return "unspecified" in entry.title.lower() and entry.parent is not None and better.startswith(entry.parent)


def _would_support(answer: WhyAnswer, verdict: AuditVerdict) -> str:
    if verdict == "nonexistent":
        return "Nothing: no record can support a code that the edition does not hold."
    if verdict == "more_specific":
        return "Nothing more is needed: the record supports the more specific code."
    if answer.code.startswith(_FAMILY_HISTORY):
        return "A statement that a relative has or had it."
    reason = next((r for r in _WOULD_SUPPORT if answer.answer.startswith(f"Left out: {r.value}.")), None)
    stated = f"A provider's statement of “{answer.title}”, assessed or treated in this encounter."
    return _WOULD_SUPPORT[reason] if reason else stated


def _findings(answers: Sequence[_Answered], case: Case) -> tuple[Finding, ...]:
    """The guardrails over the submitted set and its quotes; where nobody gave an indicator, none is missing."""
    lines = tuple(_proposed(one, place, _role(place, answers, case)) for place, one in enumerate(answers, start=1))
    found = check(replace(case, proposal=Proposal(codes=lines, not_coded=())))
    silent = (_NO_QUOTE,) if any(one.line.poa for one in answers) else (_NO_QUOTE, _INDICATORS)
    return tuple(f for f in found if not f.rule.startswith(silent))


def _proposed(one: _Answered, place: int, role: CodeRole) -> ProposedCode:
    return ProposedCode(
        system=one.line.system,
        code=one.line.code,
        role=role,
        sequence=place,
        mention_ids=(),
        evidence=one.answer.evidence if one.answer else (),
        source=Source.RULES,
        strength=0.0,
        reason="submitted",
        poa=one.line.poa,
    )


def _role(place: int, answers: Sequence[_Answered], case: Case) -> CodeRole:
    """The first diagnosis is the principal one of a stay and the first-listed one of a visit."""
    first = next((n for n, one in enumerate(answers, start=1) if one.line.system is CodeSystem.ICD10CM), None)
    if place != first:
        return CodeRole.SECONDARY
    return CodeRole.PRINCIPAL if case.setting is Setting.INPATIENT else CodeRole.FIRST_LISTED


def _is_of_the_encounter(finding: Finding) -> bool:
    return not finding.codes or finding.rule in _OF_THE_ENCOUNTER
