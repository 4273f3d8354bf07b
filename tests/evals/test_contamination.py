"""What ships as past encounters must not resemble what judges."""

from __future__ import annotations

import pytest

from evals.near_duplicates import near_duplicates
from evals.suites import load_suite, suite_names
from index_build.findable.past_encounters import past_encounters

LIKE = 0.2
"""Share of word runs that two texts have in common; twins of one text stand at 1."""


@pytest.mark.parametrize("suite", suite_names())
def test_no_past_encounter_resembles_a_case(suite: str) -> None:
    """They are training data and examples for the model: a case among them would be answered from memory."""
    assert near_duplicates(past_encounters(), load_suite(suite).encounters, LIKE) == ()


def test_the_parts_of_the_encounter_suite_do_not_resemble_each_other() -> None:
    """The held-out part is only ever scored: nothing of it may have been seen in the other."""
    development, held_out = (load_suite("encounters", part).encounters for part in ("development", "held_out"))
    assert near_duplicates(development, held_out, LIKE) == ()
