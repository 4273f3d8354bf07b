"""Titles with nonessential modifiers in parentheses."""

from __future__ import annotations

import pytest

from index_build.readers.index_titles import printed_title


@pytest.mark.parametrize(
    ("pieces", "text", "nonessential"),
    [
        ([("Accident", False), ("(to)", True), (" NEC", False)], "Accident NEC", ("to",)),
        ([("Angina", False), ("(cardiac) (chest)", True)], "Angina", ("cardiac", "chest")),
        ([("Abrasion, foot", False), ("(except toe(s) alone)", True)], "Abrasion, foot", ("except toe(s) alone",)),
        ([("Absence, nipple", False), ("(s) (with breast(s))", True)], "Absence, nipple", ("s", "with breast(s)")),
        ([("Breast", False), ("(s) NEC (nonsex)", True)], "Breast NEC", ("s", "nonsex")),
        ([("Ache", False), ("(ism), dull (acquired)", True)], "Ache, dull", ("ism", "acquired")),
        ([("", False), ("(somatoform)", True)], "somatoform", ()),
        ([("Cut", False), ("(open", True)], "Cut", ("open",)),
        ([(" \n ", False)], "", ()),
    ],
)
def test_a_title_is_its_words_and_its_modifiers(
    pieces: list[tuple[str, bool]], text: str, nonessential: tuple[str, ...]
) -> None:
    """Nested parentheses stay together, words between modifiers belong to the title, all in parentheses is a title."""
    assert printed_title(pieces) == (text, nonessential)
