"""Copied-forward text names its first author."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.copied import Copies


def authors(*sentences: str) -> list[int | None]:
    """The first author of each sentence, by number from 1."""
    copies = Copies()
    return [copies.first_author(number, words) for number, words in enumerate(sentences, start=1)]


@pytest.mark.parametrize(
    ("first", "later", "copied"),
    [
        (
            "Type 2 diabetes, A1c 7.9 on 3/2, continue metformin.",
            "Type 2 diabetes, A1c 8.1 on 6/9, continue metformin",
            True,
        ),
        ("Seen on Monday for the left knee again.", "Seen on Friday for the left knee again.", True),
        (
            "Chest pain free overnight, ambulating with therapy, plan discharge home tomorrow with wife.",
            "Chest pain free overnight, ambulating with therapy, plan discharge home today with wife.",
            True,
        ),
        (
            "CT of the chest shows no pulmonary embolism and a small left effusion today.",
            "CT of the chest shows pulmonary embolism and a small left effusion today.",
            False,
        ),
        (
            "Wound of the right heel is clean, packed daily, no odor, follows with podiatry.",
            "Wound of the left heel is clean, packed daily, no odor, follows with podiatry.",
            False,
        ),
        ("No acute distress.", "No acute distress.", False),
    ],
)
def test_numbers_and_dates_may_change_but_not_what_is_said(first: str, later: str, *, copied: bool) -> None:
    """A copy brought up to date is a copy; a denial, a side or a doubt more is a statement of its own."""
    assert authors(first, later) == [None, 1 if copied else None]


@given(st.lists(st.sampled_from(["gout of the left great toe again today", "no gout", "cough"]), max_size=8))
def test_an_author_stands_before_the_copy(sentences: list[str]) -> None:
    """Law: a copy points to an earlier sentence that is no copy itself."""
    found = authors(*sentences)
    for number, author in enumerate(found, start=1):
        assert author is None or (author < number and found[author - 1] is None)
