"""Left and right of a mention."""

from __future__ import annotations

import pytest

from agent.axes import axes_of
from agent.sides import may_have_side, side_in, side_throughout
from retrieval.dictionary import Term
from retrieval.wording import tokens
from tests.lines import line, spots, term

PAIN, CVA, LOC = term("pain", "M79.6"), term("stroke", "I63.9"), term("loss of consciousness", "R40.20")
HEMIPARESIS, SAW = term("hemiparesis", "G81.9"), term("table saw", "W31.2")


@pytest.mark.parametrize(
    ("text", "what", "expected"),
    [
        ("Pain in the left knee", PAIN, "left"),
        ("Stroke 2019 with residual left hemiparesis", CVA, None),
        ("Stroke 2019 with residual left hemiparesis", HEMIPARESIS, "left"),
        ("No loss of consciousness, left pain", LOC, None),
        ("Cut his right thumb with a table saw", SAW, None),
        ("Right hand dominant, pain today", PAIN, None),
    ],
)
def test_a_side_is_of_what_it_stands_with(text: str, what: Term, expected: str | None) -> None:
    """Words right before the next mention are that one's; a cause and a dominant hand have no side."""
    one = line(text)
    found = spots(one, PAIN, CVA, LOC, HEMIPARESIS, SAW)
    (mine,) = [f for f in found if f.term and f.term.stems == what.stems]
    assert axes_of(one, mine, found).laterality == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("left knee", "left"),
        ("left ventricular failure", None),
        ("both eyes", "bilateral"),
        ("right and left hip", "bilateral"),
    ],
)
def test_words_on_their_own_name_a_side(words: str, expected: str | None) -> None:
    """Two sides are both; the left ventricle is none."""
    assert side_in(tokens(words)) == expected


def test_the_only_side_of_a_record_is_its_side() -> None:
    """Named several, it has none."""
    assert side_throughout([tokens("right knee pain"), tokens("worse on stairs")]) == "right"
    assert side_throughout([tokens("right knee pain"), tokens("left hip fine")]) is None


@pytest.mark.parametrize(("code", "expected"), [("M25.56", True), ("J18.9", False), ("K40.9", True), (None, False)])
def test_what_the_body_has_once_has_no_side(code: str | None, *, expected: bool) -> None:
    """A knee and a groin have one, a pneumonia is coded without."""
    assert may_have_side(code) is expected
