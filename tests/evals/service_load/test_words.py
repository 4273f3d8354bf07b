"""Behaviour of the search for planted words: all are different, and what comes out is found."""

from __future__ import annotations

from collections import Counter

import pytest

from evals.service_load.words import Sieve, kind_of, links_of, planted_words, urls_of

WORDS = planted_words(2000, seed=1)


def test_there_are_as_many_as_asked_for_all_different() -> None:
    """Two fifths names, two fifths numbers, one fifth dates; the same seed gives the same."""
    assert len(set(WORDS)) == 2000
    assert Counter(map(kind_of, WORDS)) == {"name": 800, "number": 800, "date": 400}
    assert planted_words(2000, seed=1) == WORDS


@pytest.mark.parametrize(
    "text",
    ["{}", "Request {} failed.", "/pages/{}?x=1", '{{"a":"{}"}}', "key={};", "({})", "a%20{}%22"],
)
def test_a_word_is_found_wherever_it_stands(text: str) -> None:
    """In a sentence, an address, JSON, percent-encoded, in any case of letters."""
    sieve = Sieve(WORDS)
    for word in WORDS[:50]:
        assert sieve.found(text.format(word)) == {word.lower()}
        assert sieve.found(text.format(word.upper())) == {word.lower()}


def test_nothing_else_is_found() -> None:
    """Identifiers, moments and codes of an answer are no planted words."""
    assert Sieve(WORDS).found("6a1b1c9e00004000800000000000abcd 2026-11-02T10:00:00Z I10 E11.9 1234567890") == set()


def test_addresses_are_found_in_json_and_pages() -> None:
    """Whatever a client could follow."""
    told = {"entry": [{"fullUrl": "urn:a", "resource": {"subject": {"reference": "Patient/b"}, "text": "c"}}]}
    assert sorted(urls_of(told)) == ["Patient/b", "urn:a"]
    assert list(links_of('<a href="/pages/x">y</a><form action="/z" hx-post="/q">')) == ["/pages/x", "/z", "/q"]
