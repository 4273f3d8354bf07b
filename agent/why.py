"""Why, or why not, a code fits an encounter: answered from the facts of the coding result, never from elsewhere."""

from __future__ import annotations

from typing import Literal, NamedTuple

from medcoding.codebook import Codebook
from medcoding.codes import parse_code
from medcoding.proposal import EvidenceQuote, Source
from medcoding.record import Record
from medcoding.result import CitedGuideline, CodeLine, CodingResult, Cost

Verdict = Literal["supported", "more_specific", "not_coded", "alternative", "nonexistent", "record_silent"]
Stance = Literal["for", "against", "silent"]
"""`silent`: the record does not say."""

_SILENT = "The record does not say: nothing in it, as it was read, leads to this code."


class GroundedAnswer(Record):
    """The answer in prose, written from established facts only, and held against them and against the verdict."""

    text: str
    says: Stance
    evidence: tuple[EvidenceQuote, ...] = ()
    """The quotes it cites."""
    guidelines: tuple[CitedGuideline, ...] = ()
    """The guideline sections it cites."""
    source: Source
    """`llm`; `rules` where the model's words could not be used and the answer of the rules stands in their place."""
    model: str | None = None
    """The model that wrote it."""
    why_rules: str = ""
    """Why the answer of the rules stands, in one sentence; empty where the model wrote the text."""


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
    prose: GroundedAnswer | None = None
    """The same in words; None where no model is to write."""
    cost: Cost | None = None
    """What coding the encounter and writing the answer took; None where the result was at hand."""


class _Question(NamedTuple):
    code: str
    result: CodingResult
    codebook: Codebook

    def answer(self, verdict: Verdict, words: str) -> WhyAnswer:
        return WhyAnswer(
            case_id=self.result.case_id,
            code=self.code,
            title=self.codebook.title(self.code),
            verdict=verdict,
            answer=words,
        )

    def instead(self, verdict: Verdict, line: CodeLine, words: str) -> WhyAnswer:
        answer = self.answer(verdict, f"{words} Reported: {line.code} {line.title}.")
        return answer.model_copy(update={"instead": line.code, "evidence": line.evidence})


def why(asked: str, result: CodingResult, codebook: Codebook) -> WhyAnswer:
    """Answer for the code as it was asked. Raises `InputError` when it is not written like a code."""
    question = _Question(parse_code(asked), result, codebook)
    for reply in (_reported, _unknown, _left_out, _considered, _beside, _excluded):
        if answer := reply(question):
            return answer
    return question.answer("record_silent", _SILENT)


def _reported(question: _Question) -> WhyAnswer | None:
    """The code is on the final answer."""
    for line in question.result.codes:
        if line.code == question.code:
            answer = question.answer("supported", line.rationale.summary)
            return answer.model_copy(update={"evidence": line.evidence, "line": line})
    return None


def _unknown(question: _Question) -> WhyAnswer | None:
    """The edition does not hold it."""
    code, codebook = question.code, question.codebook
    if code in codebook:
        return None
    nearest = codebook.nearest(code)
    hint = f" The nearest entry is {nearest} {codebook.title(nearest)}." if nearest else ""
    return question.answer("nonexistent", f"{code} does not exist in {codebook.edition.name}.{hint}")


def _left_out(question: _Question) -> WhyAnswer | None:
    """It was considered and deliberately not coded."""
    for item in question.result.not_coded:
        if item.code == question.code:
            answer = question.answer("not_coded", f"Left out: {item.reason.value}. {item.detail}".strip())
            instead = next((line.code for line in question.result.codes if line.code in item.detail), None)
            return answer.model_copy(update={"evidence": item.evidence, "instead": instead})
    return None


def _considered(question: _Question) -> WhyAnswer | None:
    """It was an alternative to a reported code."""
    for line in question.result.codes:
        for other in line.rationale.alternatives:
            if other.code == question.code:
                return question.instead("alternative", line, other.why_not)
    return None


def _beside(question: _Question) -> WhyAnswer | None:
    """A code below it, or another one of its category, is reported."""
    code, codebook = question.code, question.codebook
    for line in question.result.codes:
        if line.code.startswith(code):
            words = f"{code} is a header; {line.code} below it is complete." if not codebook.is_billable(code) else ""
            return question.instead("more_specific", line, words or f"{line.code} says more.")
        if line.code[:3] == code[:3]:
            return question.instead("alternative", line, "The record leads to another code of the same category.")
    return None


def _excluded(question: _Question) -> WhyAnswer | None:
    """A note at a reported code excludes the one that was asked about."""
    for line in question.result.codes:
        for note in question.codebook.notes_in_force(line.code):
            if note.kind == "excludes1" and note.note.names(question.code):
                words = f"An Excludes1 note at {note.at} keeps it apart from {line.code}."
                return question.instead("not_coded", line, words)
    return None
