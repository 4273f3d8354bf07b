"""Which sentences begin a line."""

from __future__ import annotations

import pytest

from agent.headings import HeadingTable
from agent.lines import begins_line
from agent.sections import split
from tests.flow.notes import encounter

HEADINGS = HeadingTable()


@pytest.mark.parametrize(
    ("text", "sentence", "expected"),
    [
        ("Assessment:\n1. Gout.", "Gout.", True),
        ("Plan: rest the foot.", "rest the foot.", True),
        ("HPI:\nHe has gout. It hurts.", "It hurts.", False),
        ("Assessment:\nGout. Obesity.", "Obesity.", True),
        ("A/P:\nGout. Continue colchicine.", "Continue colchicine.", False),
    ],
)
def test_a_line_begins_behind_marks_and_headings(text: str, sentence: str, *, expected: bool) -> None:
    """Behind a list mark or a heading, and in a list of diagnoses behind a full stop too."""
    chart = split(encounter(text), HEADINGS)
    (found,) = [s for s in chart.sentences if chart.text_of(s) == sentence]
    assert begins_line(chart, found) is expected
