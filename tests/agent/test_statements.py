"""Short lines by which an assessment names its problems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.statements import statement_span
from medcoding.chart import SectionKind
from tests.strategies import NOTE_ALPHABET

ASSESSMENT, PLAN = SectionKind.ASSESSMENT, SectionKind.PLAN


def stated(text: str, section: SectionKind = ASSESSMENT) -> str | None:
    """The words that state a problem."""
    span = statement_span(text, section)
    return span.of(text) if span else None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Hypertension.", "Hypertension"),
        ("HTN: continue lisinopril", "HTN"),
        ("Gout - stable", "Gout"),
        ("Gout — stable on allopurinol", "Gout"),
        ("Vitamin D deficiency, improving, continue supplements", "Vitamin D deficiency"),
        ("Type 2 diabetes mellitus with diabetic neuropathy", "Type 2 diabetes mellitus with diabetic neuropathy"),
        ("Acute on chronic systolic heart failure;", "Acute on chronic systolic heart failure"),
    ],
)
def test_a_short_line_of_an_assessment_states_a_problem(line: str, problem: str) -> None:
    """The name ends at the colon, the dash or the first clause."""
    assert stated(line) == problem


@pytest.mark.parametrize(
    "line",
    [
        "Continue lisinopril.",
        "She was seen for gout.",
        "Patient will return in two weeks.",
        "Follow up in clinic",
        "Labs reviewed",
        "Discussed diet and exercise",
    ],
)
def test_a_sentence_about_something_states_nothing(line: str) -> None:
    """A verb or a word of procedure tells a sentence from a name."""
    assert stated(line) is None


def test_a_long_sentence_states_its_first_clause_only() -> None:
    """Seventeen words are no name; the first clause may be one."""
    rest = "worse at night with pain in the big toe that keeps the man awake for hours"
    assert stated(f"Gout, {rest}.") == "Gout"
    assert stated(f"Gout {rest}") is None


@pytest.mark.parametrize("section", [SectionKind.HISTORY_PRESENT_ILLNESS, SectionKind.RESULTS, SectionKind.OTHER])
def test_other_sections_state_nothing(section: SectionKind) -> None:
    """A short line of a history is no problem of the assessment."""
    assert stated("Hypertension.", section) is None
    assert stated("Hypertension: noted", section) is None


def test_a_plan_states_only_what_it_labels() -> None:
    """`HTN: continue lisinopril` in a plan names a problem, a bare line does not."""
    assert stated("HTN: continue lisinopril", PLAN) == "HTN"
    assert stated("Hypertension.", PLAN) is None


@given(st.text(NOTE_ALPHABET, min_size=1, max_size=120), st.sampled_from(SectionKind))
def test_a_statement_begins_its_line(text: str, section: SectionKind) -> None:
    """Law: the span starts at the first character and stays in the text."""
    span = statement_span(text, section)
    assert span is None or (span.start == 0 and 0 <= span.end <= len(text))
