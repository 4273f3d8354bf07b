"""For or against one code, from the facts of the coding result."""

from __future__ import annotations

from typing import Any

import pytest

from agent.why import WhyAnswer, why
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole, CodeSystem
from medcoding.errors import InputError
from medcoding.proposal import EvidenceQuote, NotCoded, NotCodedReason, Source
from medcoding.result import Alternative, CodeLine, CodingResult, Cost, Instruction, Rationale, Route, Stamp
from tests.flow.notes import DAY

QUOTE = EvidenceQuote(document_id="d1", start=0, end=3, text="HTN")
STAMP = Stamp(code="c", prompt="p", model="m", codebook="b", index="i", settings="s")


def line(code: str, **rationale: Any) -> CodeLine:
    """A line of the final answer."""
    values: dict[str, Any] = {
        "summary": f"{code} because.",
        "index_path": (),
        "characters": (),
        "instructions": (),
        "guidelines": (),
        "alternatives": (),
        "would_change": "",
    }
    return CodeLine(
        system=CodeSystem.ICD10CM,
        code=code,
        title=f"Title of {code}",
        role=CodeRole.FIRST_LISTED,
        sequence=1,
        confidence=0.7,
        confidence_reasons=(),
        documentation_score=1.0,
        route=Route.CODER,
        source=Source.RULES,
        evidence=(QUOTE,),
        rationale=Rationale(**(values | rationale)),
    )


LEFT_OUT = NotCoded(
    text="pneumonia", evidence=(QUOTE,), code="J18.9", reason=NotCodedReason.UNCERTAIN, detail="Not in this setting."
)
RESULT = CodingResult(
    case_id="c1",
    edition="FY2027",
    setting="outpatient",
    date_of_service=DAY,
    route=Route.CODER,
    codes=(
        line("I10", alternatives=(Alternative(code="I16.0", title="Urgency", why_not="It needs “urgency”."),)),
        line("M25.561"),
        line(
            "R05.9", instructions=(Instruction(kind="excludes1", at="R05", text="smoker's cough (J41.0)", status=""),)
        ),
    ),
    not_coded=(LEFT_OUT,),
    findings=(),
    cost=Cost(),
    stamp=STAMP,
)


def asked(code: str, book: Codebook) -> WhyAnswer:
    """The answer for one code."""
    return why(code, RESULT, book)


@pytest.mark.parametrize(
    ("code", "verdict", "instead", "words"),
    [
        ("I10", "supported", None, "I10 because."),
        ("J18.9", "not_coded", None, "Left out: uncertain in this setting. Not in this setting."),
        ("I16.0", "alternative", "I10", "It needs “urgency”. Reported: I10 Title of I10."),
        ("M25", "more_specific", "M25.561", "M25 is a header; M25.561 below it is complete."),
        ("M25.562", "alternative", "M25.561", "another code of the same category"),
        ("J41.0", "not_coded", "R05.9", "An Excludes1 note at R05 keeps it apart from R05.9."),
        ("Q99.9", "record_silent", None, "The record does not say"),
        ("I10.99", "nonexistent", None, "I10.99 does not exist in FY2027. The nearest entry is I10"),
        ("E11", "record_silent", None, "The record does not say"),
    ],
)
def test_each_question_has_its_verdict(
    code: str, verdict: str, instead: str | None, words: str, fy2027: Codebook
) -> None:
    """Reported, unknown, left out, considered, a header or a neighbour, excluded, or not in the record at all."""
    answer = asked(code, fy2027)
    assert (answer.verdict, answer.instead) == (verdict, instead)
    assert words in answer.answer
    assert answer.case_id == "c1"


def test_a_supported_code_comes_with_its_line(fy2027: Codebook) -> None:
    """The quotes and the whole rationale."""
    answer = asked("I10", fy2027)
    assert answer.line == RESULT.codes[0]
    assert answer.evidence == (QUOTE,)


@pytest.mark.parametrize("code", ["J18.9", "I16.0"])
def test_a_code_against_comes_with_the_words(code: str, fy2027: Codebook) -> None:
    """What the record says where the code was considered, but no line of the answer."""
    answer = asked(code, fy2027)
    assert answer.evidence == (QUOTE,)
    assert answer.line is None


@pytest.mark.parametrize("typed", ["i10", " I10 ", "m25561", "M25.561"])
def test_a_code_may_be_typed_as_people_type_it(typed: str, fy2027: Codebook) -> None:
    """With or without dot, in any case."""
    assert asked(typed, fy2027).verdict == "supported"


@pytest.mark.parametrize("typed", ["", "hypertension", "I1", "I10.12345", "🙂"])
def test_what_is_no_code_is_refused(typed: str, fy2027: Codebook) -> None:
    """Before anything is looked up."""
    with pytest.raises(InputError, match="not written like"):
        asked(typed, fy2027)


def test_every_answer_has_the_books_title(fy2027: Codebook) -> None:
    """Empty for a code that does not exist."""
    assert asked("I10", fy2027).title == "Essential (primary) hypertension"
    assert not asked("I10.99", fy2027).title
