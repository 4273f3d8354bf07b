"""Pairs of wordings and codes: what is held out leaks by no way into what is learned."""

from __future__ import annotations

import pytest

from tests.training.small_book import ENTRIES, INDEX
from training.term_pairs import HeldOut, TermPair, beginnings, gather_pairs, hold_out, text_key

SEEDS = range(6)


def _held(*codes: str) -> HeldOut:
    above = frozenset(shorter for code in codes for shorter in beginnings(code)[:-1])
    return HeldOut(frozenset(codes), above, frozenset({"angina"}))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_learned_leads_to_a_held_out_concept(seed: int) -> None:
    """No training pair, of whatever source, is at, below or above a code whose inclusion terms are asked for."""
    pairs = gather_pairs(ENTRIES, INDEX, seed)
    asked = {pair.code for pair in pairs.inclusion_queries}
    for pair in pairs.training:
        line = beginnings(pair.code)
        assert not any(code in line or pair.code in beginnings(code) for code in asked)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_learned_reads_like_a_query(seed: int) -> None:
    """A wording that is asked for is not learned under another code either (`stenocardia` stands in both books)."""
    pairs = gather_pairs(ENTRIES, INDEX, seed)
    asked = {text_key(pair.text) for pair in (*pairs.inclusion_queries, *pairs.index_queries)}
    assert asked.isdisjoint(text_key(pair.text) for pair in pairs.training)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_main_term_is_held_out_as_a_whole(seed: int) -> None:
    """Entries of one main term are all asked for, or none is."""
    pairs = gather_pairs(ENTRIES, INDEX, seed)
    asked = {pair.main_term for pair in pairs.index_queries}
    assert asked.isdisjoint(pair.main_term for pair in pairs.training if pair.source == "index")


def test_the_seed_decides_and_other_entries_do_not() -> None:
    """The same seed holds out the same codes, also where other codes were added to the book."""
    assert hold_out(ENTRIES, INDEX, 3) == hold_out(ENTRIES, INDEX, 3)
    some = hold_out(ENTRIES[:5], (), 3).codes
    assert some == hold_out(ENTRIES, (), 3).codes & {entry.code for entry in ENTRIES[:5]}
    assert len({hold_out(ENTRIES, INDEX, seed).codes for seed in SEEDS}) > 1


def test_a_held_out_code_touches_its_whole_line() -> None:
    """What is above and below a held-out code is touched; its siblings are not."""
    held = _held("I20.8")
    assert all(map(held.touches, ["I20", "I20.8", "I20.81", "I20.89"]))
    assert not any(map(held.touches, ["I20.0", "I20.9", "J02"]))


def test_a_query_is_an_inclusion_term_or_an_entry_of_a_held_out_main_term() -> None:
    """Titles and our own terms are never asked for."""
    held = _held("I20.0")
    assert held.is_query(TermPair("Accelerated angina", "I20.0", "inclusion"))
    assert held.is_query(TermPair("angina effort", "I20.89", "index", "Angina, attack"))
    assert not held.is_query(TermPair("Unstable angina", "I20.0", "title"))
    assert not held.is_query(TermPair("crescendo angina", "I20.0", "clinical"))
