"""Why, or why not, a code fits an encounter: answered from the facts of the coding result, never from elsewhere."""

from __future__ import annotations

from typing import Literal

from agent.explain import names_code
from medcoding.codebook import Codebook
from medcoding.codes import parse_code
from medcoding.proposal import EvidenceQuote, NotCoded
from medcoding.record import Record
from medcoding.result import CodeLine, CodingResult

Verdict = Literal["supported", "more_specific", "not_coded", "alternative", "nonexistent", "record_silent"]


class WhyAnswer(Record):
    """For or against one code on one encounter."""

    case_id: str
    code: str
    title: str
    verdict: Verdict
    answer: str
    """One or two sentences."""
    instead: str | None = None
    """The code that is reported in its place, where there is one."""
    evidence: tuple[EvidenceQuote, ...] = ()
    line: CodeLine | None = None
    """The whole line of the final answer, when the code is on it."""


def why(asked: str, result: CodingResult, codebook: Codebook) -> WhyAnswer:
    """Answer for the code as it was asked. Raises `InputError` when it is not written like a code."""
    code = parse_code(asked)
    for answer in (_reported(code, result), _unknown(code, result, codebook), _related(code, result, codebook)):
        if answer:
            return answer
    return _answer(
        code, result, codebook, "record_silent",
        "The record does not say: nothing in it, as it was read, leads to this code.",
    )  # fmt: skip


def _reported(code: str, result: CodingResult) -> WhyAnswer | None:
    for line in result.codes:
        if line.code == code:
            return WhyAnswer(
                case_id=result.case_id,
                code=code,
                title=line.title,
                verdict="supported",
                answer=line.rationale.summary,
                evidence=line.evidence,
                line=line,
            )
    return None


def _unknown(code: str, result: CodingResult, codebook: Codebook) -> WhyAnswer | None:
    edition = codebook.edition.name
    if code in codebook:
        return None
    nearest = codebook.nearest(code)
    hint = f" The nearest entry is {nearest} {codebook.title(nearest)}." if nearest else ""
    return _answer(code, result, codebook, "nonexistent", f"{code} does not exist in {edition}.{hint}")


def _related(code: str, result: CodingResult, codebook: Codebook) -> WhyAnswer | None:
    """The code was left out on purpose, lost against another, or a code below or beside it is reported."""
    for item in result.not_coded:
        if item.code == code:
            return _left_out(code, item, result, codebook)
    for line in result.codes:
        for other in line.rationale.alternatives:
            if other.code == code:
                return _instead(code, line, other.why_not, result, codebook, "alternative")
    for line in result.codes:
        if line.code.startswith(code):
            words = f"{code} is a header; {line.code} below it is complete." if not codebook.is_billable(code) else ""
            return _instead(code, line, words or f"{line.code} says more.", result, codebook, "more_specific")
        if line.code[:3] == code[:3]:
            words = f"The record leads to {line.code} {line.title} of the same category."
            return _instead(code, line, words, result, codebook, "alternative")
    return _excluded(code, result, codebook)


def _excluded(code: str, result: CodingResult, codebook: Codebook) -> WhyAnswer | None:
    """A note at a reported code excludes the one that was asked about."""
    for line in result.codes:
        for note in line.rationale.instructions:
            if note.kind == "excludes1" and names_code(note.text, code):
                words = f"An Excludes1 note at {note.at} keeps it apart from {line.code}."
                return _instead(code, line, words, result, codebook, "not_coded")
    return None


def _left_out(code: str, item: NotCoded, result: CodingResult, codebook: Codebook) -> WhyAnswer:
    words = f"Left out: {item.reason.value}. {item.detail}".strip()
    return _answer(code, result, codebook, "not_coded", words, evidence=item.evidence)


def _instead(
    code: str, line: CodeLine, words: str, result: CodingResult, codebook: Codebook, verdict: Verdict
) -> WhyAnswer:
    return _answer(
        code, result, codebook, verdict, f"{words} Reported: {line.code} {line.title}.",
        instead=line.code, evidence=line.evidence,
    )  # fmt: skip


def _answer(
    code: str,
    result: CodingResult,
    codebook: Codebook,
    verdict: Verdict,
    answer: str,
    *,
    instead: str | None = None,
    evidence: tuple[EvidenceQuote, ...] = (),
) -> WhyAnswer:
    return WhyAnswer(
        case_id=result.case_id,
        code=code,
        title=codebook.title(code),
        verdict=verdict,
        answer=answer,
        instead=instead,
        evidence=evidence,
    )
