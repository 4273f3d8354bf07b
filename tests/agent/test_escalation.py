"""What the answer says to each code that another system came with."""

from __future__ import annotations

import asyncio

import pytest

from agent.escalation import parse_suggestion, suggesting
from agent.pipeline import Pipeline
from medcoding.codes import CodeSystem
from medcoding.encounter import Suggestion
from medcoding.errors import InputError
from medcoding.result import CodingResult, SuggestionAnswer
from tests.flow.notes import encounter

NOTE = "Assessment:\n1. Type 2 diabetes with hyperglycemia.\n2. Essential hypertension.\nNo pneumonia on film."


def answers(pipeline: Pipeline, *suggested: str, note: str = NOTE) -> dict[str | None, SuggestionAnswer]:
    """The answers by code."""
    given = tuple(parse_suggestion(text) for text in suggested)
    result = asyncio.run(pipeline.code(suggesting(encounter(note), given)))
    return {one.code: one for one in result.suggestions_answered}


def test_where_we_agree_the_evidence_is_ours(pipeline: Pipeline) -> None:
    """The quote of the record stands beside both confidences."""
    found = answers(pipeline, "I10:0.91")["I10"]
    assert (found.verdict, found.confidence) == ("agree", 0.91)
    assert found.ours is not None
    assert "hypertension" in found.evidence[0].text


def test_where_another_code_stands_it_is_named(pipeline: Pipeline) -> None:
    """A less specific code and a header give way to the one that the record bears out."""
    found = answers(pipeline, "E11.9", "E11")
    assert {one.verdict for one in found.values()} == {"differ"}
    assert {one.instead for one in found.values()} == {"E11.65"}
    assert "header" in found["E11"].why


@pytest.mark.parametrize(
    ("suggested", "code", "why"),
    [
        ("J18.9", "J18.9", "negated"),
        ("C34.90", "C34.90", "does not say"),
        ("I42.0", "I42.0", ""),
        ("hcpcs:J1885", "J1885", "this procedure"),
    ],
)
def test_what_the_record_does_not_support_is_told_why(pipeline: Pipeline, suggested: str, code: str, why: str) -> None:
    """Negated, not documented at all, retired, a drug that nobody gave."""
    found = answers(pipeline, suggested)[code]
    assert found.verdict == "not_supported"
    assert found.instead is None
    assert why in found.why


def test_a_retired_code_is_told_when_it_ended(pipeline: Pipeline) -> None:
    """And, where the conversion table knows, what followed."""
    old, new = pipeline.parts.codebooks.editions
    retired = next(code for code in old.billable_under("I42") if code not in new or not new.is_billable(code))
    found = answers(pipeline, retired)[retired]
    assert found.verdict == "not_supported"
    assert ("retired" in found.why) or ("header" in found.why)


def test_what_is_not_written_like_a_code_is_answered_too(pipeline: Pipeline) -> None:
    """It comes from outside, so it is no error of the encounter."""
    odd = Suggestion(system=CodeSystem.ICD10CM, code="???")
    result: CodingResult = asyncio.run(pipeline.code(encounter(NOTE, suggestions=(odd,))))
    (found,) = result.suggestions_answered
    assert (found.code, found.verdict) == (None, "not_supported")


def test_a_suggestion_is_never_evidence(pipeline: Pipeline) -> None:
    """A sure suggestion changes no code of an encounter whose record does not lead to it."""
    bare = asyncio.run(pipeline.code(encounter(NOTE)))
    pressed = asyncio.run(pipeline.code(suggesting(encounter(NOTE), (parse_suggestion("C34.90:1.0"),))))
    assert [line.code for line in pressed.codes] == [line.code for line in bare.codes]


@pytest.mark.parametrize(
    ("typed", "system", "code", "confidence"),
    [
        ("e119", CodeSystem.ICD10CM, "E11.9", None),
        ("E11.9:0.83", CodeSystem.ICD10CM, "E11.9", 0.83),
        ("hcpcs:j1885:0.4", CodeSystem.HCPCS, "J1885", 0.4),
    ],
)
def test_a_suggestion_as_a_person_types_it(typed: str, system: CodeSystem, code: str, confidence: float | None) -> None:
    """With or without dot, system and confidence."""
    found = parse_suggestion(typed)
    assert (found.system, found.code, found.confidence) == (system, code, confidence)


@pytest.mark.parametrize("typed", ["", "E11.9:often", "E11.9:1.2", "E11.9:0.3:x", "blood pressure"])
def test_a_suggestion_that_cannot_be_read_is_refused(typed: str) -> None:
    """In one sentence, before anything is coded."""
    with pytest.raises(InputError):
        parse_suggestion(typed)
