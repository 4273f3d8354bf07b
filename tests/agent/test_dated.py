"""Dates beside a mention place it in the past."""

from __future__ import annotations

import pytest

from agent.dated import is_long_past
from tests.lines import DAY


def past(text: str, mention: str) -> str | None:
    """The words that place the mention in the past."""
    start = text.index(mention)
    return is_long_past(text, start, start + len(mention), DAY)


@pytest.mark.parametrize(
    ("text", "mention", "words"),
    [
        ("PE in 2018, on nothing since", "PE", "in 2018"),
        ("MI 2015", "MI", "2015"),
        ("appendectomy (1998)", "appendectomy", "1998"),
        ("cholecystectomy '09", "cholecystectomy", "'09"),
        ("kidney stone 6 years ago", "kidney stone", "6 years ago"),
        ("appendectomy at 12", "appendectomy", "at 12"),
        ("seizures in childhood", "seizures", "in childhood"),
        ("pneumonia last spring", "pneumonia", "last spring"),
        ("fracture 3/2026", "fracture", None),
        ("RA since 2009", "RA", None),
        ("diabetes diagnosed 2010", "diabetes", None),
        ("IUP at 37+5", "IUP", None),
        ("cough for 3 weeks", "cough", None),
    ],
)
def test_an_earlier_year_is_past(text: str, mention: str, words: str | None) -> None:
    """A year before that of the visit, years ago, an age; the beginning of what lasts is not its end."""
    assert past(text, mention) == words
