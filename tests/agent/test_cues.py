"""Cues as records."""

from __future__ import annotations

from agent.cues import Cue, Reading, Trigger
from medcoding.chart import Span
from medcoding.mention import Assertion


def test_a_cue_keeps_where_its_words_stand() -> None:
    """Its characters slice to the words as the author wrote them."""
    trigger = Trigger("negated", "forward", 6, over_lists=True, kinds=frozenset())
    assert Cue(trigger, 0, 1, Span(start=0, end=6)).span.of("No new rash") == "No new"


def test_a_reading_is_the_patients_unless_it_says_otherwise() -> None:
    """A relative is named, never assumed."""
    assert Reading(Assertion.PRESENT, None).of_family is False
