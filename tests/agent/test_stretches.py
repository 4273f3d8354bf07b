"""The words that belong to a mention."""

from __future__ import annotations

import pytest

from agent.stretches import behind, beside
from tests.lines import line, spots, term

ASTHMA, FRACTURE, DEMENTIA = term("asthma", "J45.909"), term("fracture", "S52.5"), term("dementia", "F03.90")
CONSTIPATION = term("constipation", "K59.00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Asthma, moderate, persistent", ["moderate", "persistent"]),
        ("Severe asthma", ["severe"]),
        ("Asthma, on albuterol", []),
        ("Severe cough, asthma", []),
    ],
)
def test_stretches_that_only_qualify_belong_to_it(text: str, expected: list[str]) -> None:
    """Words before it up to the comma, and behind it what does nothing but qualify."""
    one = line(text)
    found = spots(one, ASTHMA)
    (mine,) = [f for f in found if f.term]
    assert [t.form for t in beside(one, mine, found).tokens] == expected


def test_what_leads_on_is_the_next_ones() -> None:
    """In `dementia with severe constipation` the constipation is severe."""
    one = line("Dementia with severe constipation")
    first, second = spots(one, DEMENTIA, CONSTIPATION)
    assert "severe" not in [t.form for t in beside(one, first, [first, second]).tokens]
    assert "severe" in [t.form for t in beside(one, second, [first, second]).tokens]


def test_behind_a_comma_the_words_before_the_next_mention_are_its_own() -> None:
    """`Fracture, left asthma` would say nothing of the fracture; `fracture of the left wrist` does."""
    one = line("Fracture healing, severe constipation")
    first, second = spots(one, FRACTURE, CONSTIPATION)
    assert [[t.form for t in words] for words in behind(one, first, [first, second])] == [["healing"]]
