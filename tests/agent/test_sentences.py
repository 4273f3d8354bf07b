"""Stretches of text become sentences, list items and the problems of a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sentences import sentence_spans
from tests.strategies import NOTE_ALPHABET


def cut(text: str, *, run_on: bool = False) -> list[str]:
    """The sentences of a text."""
    return [span.of(text) for span in sentence_spans(text, 0, len(text), run_on=run_on)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("gout stable. continue allopurinol. no fever.", ["gout stable.", "continue allopurinol.", "no fever."]),
        ("K 2.9. repleted iv.", ["K 2.9.", "repleted iv."]),
        ("Seen by dr. lee today.", ["Seen by dr. lee today."]),
        ("grew E. coli, cf. culture of may.", ["grew E. coli, cf. culture of may."]),
        ("no prior hx. of gout", ["no prior hx. of gout"]),
        ("perforated? no, sealed.", ["perforated? no, sealed."]),
    ],
)
def test_a_small_letter_may_begin_a_sentence(text: str, sentences: list[str]) -> None:
    """Typed notes leave the shift key alone; abbreviations and a question with its answer stay whole."""
    assert cut(text) == sentences


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("1. RA 2. Sjogren's 3. osteoporosis", ["RA", "Sjogren's", "osteoporosis"]),
        ("1) HTN - lisinopril 2) gout - rest", ["HTN - lisinopril", "gout - rest"]),
        ("Dose 1. then none", ["Dose 1. then none"]),
    ],
)
def test_a_list_may_run_on_in_one_line(text: str, items: list[str]) -> None:
    """Numbers that count up from one are list marks; other numbers are not."""
    assert cut(text) == items


def test_a_semicolon_parts_the_problems_of_a_list_of_diagnoses() -> None:
    """There each problem is stated by itself; what refers back stays with what it speaks of."""
    listed = "COVID-19 with pneumonia; acute respiratory failure (hypoxic; vent); hypokalemia"
    assert cut(listed) == [listed]
    assert cut(listed, run_on=True) == [
        "COVID-19 with pneumonia",
        "acute respiratory failure (hypoxic; vent)",
        "hypokalemia",
    ]
    assert cut("CHF suspected; this was ruled out", run_on=True) == ["CHF suspected; this was ruled out"]


@given(st.text(NOTE_ALPHABET, max_size=200), st.booleans())
def test_sentences_never_overlap(text: str, run_on: bool) -> None:
    """Law: they lie in order, hold something, and begin and end with a visible character."""
    end = 0
    for span in sentence_spans(text, 0, len(text), run_on=run_on):
        assert end <= span.start < span.end
        assert span.of(text) == span.of(text).strip()
        end = span.end
