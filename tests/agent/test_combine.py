"""Conditions that the classification reports as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.combine import CombinationTable
from medcoding.codebook import Codebook

TABLE = CombinationTable()
PREFIXES = sorted({p for r in TABLE.rules for p in (*r.first, *r.second, r.result)})


@pytest.mark.parametrize(
    ("held", "result"),
    [
        (["I10", "I50.9"], "I11.0"),
        (["I50.22", "I10"], "I11.0"),
        (["I10", "N18.31"], "I12.9"),
        (["I10", "N18.5"], "I12.0"),
        (["I10", "N18.6"], "I12.0"),
        (["I11.0", "I50.9", "N18.32"], "I13.0"),
        (["I11.0", "I50.9", "N18.6"], "I13.2"),
        (["I12.9", "N18.30", "I50.32"], "I13.0"),
        (["E11.9", "N18.31"], "E11.22"),
        (["E10.9", "N18.31"], "E10.22"),
        (["E11.9", "G62.9"], "E11.40"),
        (["E11.9", "I73.9"], "E11.51"),
        (["J44.9", "J18.9"], "J44.0"),
        (["J44.1", "J18.9"], "J44.0"),
        (["I25.10", "I20.9"], "I25.119"),
        (["D64.9", "N18.31"], "D63.1"),
        (["R11.0", "R11.10"], "R11.2"),
    ],
)
def test_two_conditions_call_for_their_combination(held: list[str], result: str) -> None:
    """The presumed links of the Alphabetic Index (I.A.15, I.C.9.a), in whichever order the two are held."""
    found = TABLE.first_that_applies(held)
    assert found is not None
    assert found.rule.result == result


@pytest.mark.parametrize(
    "held",
    [
        [],
        ["I10"],
        ["I50.9"],
        ["I10", "E11.9"],
        ["I11.0", "I50.9"],
        ["E11.22", "N18.31"],
        ["J44.0", "J18.9"],
        ["N18.31"],
    ],
)
def test_nothing_is_combined_without_both_or_twice(held: list[str]) -> None:
    """One condition alone, unrelated ones, and a set that holds the combination already."""
    assert TABLE.first_that_applies(held) is None


def test_the_codes_that_led_to_it_are_named() -> None:
    """So that their evidence can be taken over."""
    found = TABLE.first_that_applies(["M10.9", "I10", "I50.22", "I50.9"])
    assert found is not None
    assert (found.firsts, found.seconds) == (("I10",), ("I50.22", "I50.9"))
    assert found.rule.guideline == "I.C.9.a.1"


@pytest.mark.parametrize("number", range(len(TABLE.rules)))
def test_every_combination_is_in_the_book(number: int, fy2026: Codebook, fy2027: Codebook) -> None:
    """Its result can be billed, its parts exist, and what it drops is one of its parts or an earlier result."""
    rule = TABLE.rules[number]
    results = {r.result for r in TABLE.rules}
    for book in (fy2026, fy2027):
        assert book.is_billable(rule.result)
        assert all(book.billable_under(prefix) for prefix in (*rule.first, *rule.second))
    assert all(d.startswith((*rule.first, *rule.second)) or d in results for d in rule.drops)


@given(st.sets(st.sampled_from(PREFIXES), max_size=12))
def test_combining_comes_to_an_end(held: set[str]) -> None:
    """Law: whatever is held, combining again and again stops within as many steps as there are rules."""
    codes = set(held)
    for _ in TABLE.rules:
        found = TABLE.first_that_applies(sorted(codes))
        if found is None:
            return
        codes = {c for c in codes if not c.startswith(found.rule.drops)} | {found.rule.result}
    assert TABLE.first_that_applies(sorted(codes)) is None


@pytest.mark.parametrize("number", range(len(TABLE.yielding)))
def test_every_yielding_code_is_in_the_book(number: int, fy2026: Codebook) -> None:
    """The code exists, what it gives way to does (or is a run of categories), and the row says why."""
    row = TABLE.yielding[number]
    assert row.why
    assert all(fy2026.billable_under(prefix) for prefix in (row.code, *row.to) if len(prefix) >= len("I10"))


def test_a_code_gives_way_only_beside_a_more_telling_one() -> None:
    """Alone it stays; beside the other it says why it goes; never to itself."""
    row = TABLE.yielding[0]
    assert TABLE.gives_way(row.code, [row.code]) is None
    assert TABLE.gives_way(row.code, [row.code, row.to[0]]) == row.why
