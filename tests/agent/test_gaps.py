"""The words between a cue and a mention."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from agent import gaps


def words(text: str) -> list[str]:
    """Words and marks parted by blanks."""
    return text.split()


@pytest.mark.parametrize(
    ("test", "gap", "expected"),
    [
        (gaps.is_one_item, "chills , night", True),
        (gaps.is_one_item, "complaints that would have made us think about it", False),
        (gaps.is_bare_list, "fever , chills ,", True),
        (gaps.is_bare_list, "fever , has", False),
        (gaps.is_bare_list, "fever , cough improving", False),
        (gaps.is_bare_list, "fever , lungs :", False),
        (gaps.is_affirmed, "improving on antibiotics", True),
        (gaps.is_affirmed, "or chills", False),
        (gaps.closes_a_list, ", abscess or gout", True),
        (gaps.closes_a_list, ". Gout or sprain", False),
        (gaps.says_little, ", now", True),
        (gaps.says_little, ", organism", False),
        (gaps.ends_an_item, ", culture pending", True),
        (gaps.ends_an_item, "pneumonia", False),
        (gaps.sets_off, "esophagitis - continue", True),
        (gaps.sets_off, "- esophagitis", False),
        (gaps.closes_a_bracket, "rash ) fever", True),
        (gaps.closes_a_bracket, "( rash ) fever", False),
    ],
)
def test_a_gap_is_read(test: Callable[[Sequence[str]], bool], gap: str, expected: bool) -> None:
    """Whether a list runs through the words, or something new begins in them."""
    assert test(words(gap)) is expected


@pytest.mark.parametrize(
    ("joins", "expected"), [([",", "and"], True), ([",", ","], False), (["with", "and"], False), (["or"], True)]
)
def test_an_enumeration_ends_in_and_or_or(joins: list[str], *, expected: bool) -> None:
    """`Fever, cough and rash resolved` speaks of all three; `fever, rash, resolved` of the last."""
    assert gaps.is_joined([[join] for join in joins]) is expected


@pytest.mark.parametrize(
    ("gap", "behind", "expected"),
    [("(", "GPIIb", True), ("(", ")", False), ("(", "2023", False), ("(", "on", False), (",", "GPIIb", False)],
)
def test_a_bracket_may_hold_a_remark_on_something_else(gap: str, behind: str, *, expected: bool) -> None:
    """`Thrombasthenia (absent GPIIb)` is there; `methotrexate (stopped 2023)` is not taken."""
    assert gaps.opens_a_remark([gap], [behind]) is expected
