"""Lists of candidates over a small space: what leads where, and what a query must not see."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.small_lists import LetterEncoder, small_lists
from training.candidate_lists import Asked, CandidateList, CandidateLists, masked_for
from training.search_space import WordingKind
from training.term_pairs import TermPair

PACKAGE: tuple[WordingKind, ...] = ("title", "inclusion")
EVERY: tuple[WordingKind, ...] = (*PACKAGE, "clinical", "index")
SLOW_FLOW = TermPair("Coronary slow flow syndrome", "I20.8", "inclusion")


@pytest.fixture(scope="module")
def lists() -> CandidateLists:
    """The small search."""
    return small_lists()


def _found(lists: CandidateLists, pair: TermPair, kinds: tuple[WordingKind, ...], masked: bool) -> CandidateList:
    (vector,) = LetterEncoder().encode([pair.text])
    hidden = masked_for(lists, pair, clinical_too=True) if masked else np.zeros(0, dtype=np.int64)
    (found,) = lists.made([Asked(pair.text, vector, hidden)], lists.space.of_kinds(*kinds), 10)
    return found


def test_a_header_s_inclusion_term_leads_to_every_code_below_it(lists: CandidateLists) -> None:
    """Both subcategories of I20.8 are found by the inclusion term of the header."""
    found = _found(lists, SLOW_FLOW, PACKAGE, masked=False)
    assert {way.code for way in found.ways[:2]} == {"I20.81", "I20.89"}
    assert found.ways[0].surface == "Coronary slow flow syndrome"
    assert found.ways[0].dictionary == 1.0


def test_a_masked_query_does_not_find_itself(lists: CandidateLists) -> None:
    """No wording of its own line of codes is seen: not its own, not those of the codes below."""
    found = _found(lists, SLOW_FLOW, EVERY, masked=True)
    surfaces = {way.surface for way in found.ways}
    assert surfaces.isdisjoint({"Coronary slow flow syndrome", "Cardiac syndrome X", "Angina of effort"})
    assert all(way.dictionary == way.walk == 0.0 for way in found.ways)


def test_an_index_query_hides_its_main_term_and_keeps_the_book(lists: CandidateLists) -> None:
    """`angina effort` hides every entry under Angina and what reads alike; the other inclusion terms stay."""
    pair = TermPair("angina effort", "I20.89", "index", "Angina")
    hidden = {lists.space.texts[place] for place in masked_for(lists, pair, clinical_too=False)}
    assert hidden == {"angina unstable", "angina effort", "Angina of effort"}


def test_a_title_stays_however_it_reads(lists: CandidateLists) -> None:
    """What is hidden for a query never includes a title."""
    hidden = masked_for(lists, TermPair("unstable angina", "I20.0", "clinical"), clinical_too=True)
    assert "title" not in set(lists.space.kinds[hidden])


def test_an_exact_index_entry_counts_as_a_walk(lists: CandidateLists) -> None:
    """The index and the dictionary are told apart."""
    found = _found(lists, TermPair("angina unstable", "I20.0", "index", "Angina"), EVERY, masked=False)
    way = next(way for way in found.ways if way.code == "I20.0")
    assert way.walk == 1.0
