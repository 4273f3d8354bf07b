"""Behaviour of what tells candidates apart: differing words within a category, notes the record speaks to."""

from __future__ import annotations

from agent.distinguishing import candidate_axes, notes_that_speak
from medcoding.codebook import Codebook
from retrieval.wording import forms
from tests.agent.test_wider import offered


def test_candidates_of_a_category_show_what_sets_them_apart(fy2027: Codebook) -> None:
    """What all of them say is left out; a candidate alone in its category shows nothing."""
    axes = candidate_axes(offered(fy2027, "E11.22", "E11.9", "I10"))
    assert axes == {1: "with diabetic chronic kidney disease", 2: "without complications"}


def test_a_note_is_shown_when_the_record_names_what_it_speaks_of(fy2027: Codebook) -> None:
    """E10's exclusion of gestational diabetes matters to a record that names it, and to no other."""
    words = frozenset(forms("Gestational diabetes mellitus, 28 weeks"))
    assert any("gestational diabetes" in note for note in notes_that_speak("E10.9", fy2027, words))
    assert not any(
        "gestational" in note for note in notes_that_speak("E10.9", fy2027, frozenset(forms("Type 1 diabetes")))
    )
