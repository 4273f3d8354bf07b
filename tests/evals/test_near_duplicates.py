"""Encounters that say nearly the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.near_duplicates import near_duplicates, word_grams
from medcoding.coded_encounter import CodedEncounter
from tests.evals.loaders.invented import coded

NOTE = "She came for her knee and was found to have gout in the left foot as well today"


def _visit(case_id: str, text: str) -> CodedEncounter:
    return coded(case_id=case_id, text=text)


def test_a_changed_word_is_still_a_near_duplicate() -> None:
    """13 of 14 five-word runs are shared when the last of 18 words differs, so 13 of 15 in all."""
    (pair,) = near_duplicates([_visit("a", NOTE)], [_visit("b", NOTE.replace("today", "now")), _visit("c", "Gout.")])
    assert (pair.first, pair.second, pair.similarity) == ("a", "b", round(13 / 15, 4))


def test_case_and_punctuation_do_not_count() -> None:
    """Neither makes a new text of an old one."""
    (pair,) = near_duplicates([_visit("a", NOTE)], [_visit("b", NOTE.upper().replace(" ", ", ") + "!")])
    assert pair.similarity == 1.0


def test_a_set_held_against_itself_gives_each_pair_once() -> None:
    """And nothing with itself."""
    visits = [_visit(name, NOTE) for name in "abc"]
    assert [(p.first, p.second) for p in near_duplicates(visits, visits)] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_the_same_case_in_two_sets_is_found() -> None:
    """A case must not be learned from and scored."""
    assert len(near_duplicates([_visit("a", NOTE)], [_visit("a", NOTE)])) == 1


@pytest.mark.parametrize(("threshold", "found"), [(13 / 15, 1), (0.87, 0)])
def test_the_threshold_is_included(threshold: float, found: int) -> None:
    """13 of 15 is 0.867."""
    other = [_visit("b", NOTE.replace("today", "now"))]
    assert len(near_duplicates([_visit("a", NOTE)], other, threshold)) == found


def test_short_and_empty_texts() -> None:
    """Two equal notes of three words are duplicates; two empty ones share nothing."""
    assert len(near_duplicates([_visit("a", "Gout, left foot.")], [_visit("b", "gout left foot")])) == 1
    assert near_duplicates([_visit("a", "...")], [_visit("b", "...")]) == ()


WORDS = st.lists(st.sampled_from("gout knee pain left".split()), max_size=14).map(" ".join)


@given(st.lists(WORDS, max_size=5), st.lists(WORDS, max_size=5), st.sampled_from((0.2, 0.5, 1.0)))
def test_the_index_finds_what_comparing_every_pair_finds(first: list[str], second: list[str], threshold: float) -> None:
    """Nothing is sampled and nothing is missed."""
    ours = [_visit(f"a{n}", text) for n, text in enumerate(first)]
    theirs = [_visit(f"b{n}", text) for n, text in enumerate(second)]
    expected = {
        (a.case_id, b.case_id)
        for a, b in itertools.product(ours, theirs)
        if (both := word_grams(a) | word_grams(b)) and len(word_grams(a) & word_grams(b)) / len(both) >= threshold
    }
    assert {(p.first, p.second) for p in near_duplicates(ours, theirs, threshold)} == expected
