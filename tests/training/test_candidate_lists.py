"""Lists of candidates over a small space: what leads where, and what a query must not see."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.small_lists import LetterEncoder, small_book, small_lists
from training.candidate_lists import Asked, CandidateList, CandidateLists, masked_for
from training.search_space import WordingKind
from training.term_pairs import TermPair

PACKAGE: tuple[WordingKind, ...] = ("title", "inclusion")
EVERY: tuple[WordingKind, ...] = (*PACKAGE, "clinical", "index")
SLOW_FLOW = TermPair("Coronary slow flow syndrome", "I20.8", "inclusion")


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> CandidateLists:
    """The small search."""
    return small_lists(small_book(tmp_path_factory.mktemp("book")))


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


def test_words_are_those_of_titles_alone(lists: CandidateLists) -> None:
    """As in the store: an inclusion term is found by its vector, a title by its words and its category's too."""
    words = {wording.text: wording.words for wording in lists.space.wordings}
    assert words["Stenocardia"] == ""
    assert words["Streptococcal pharyngitis"].startswith("Streptococcal pharyngitis")
    assert "acute" in words["Streptococcal pharyngitis"].split()


def test_the_note_s_words_choose_the_code_of_a_wording(lists: CandidateLists) -> None:
    """Candidates are those the product makes of its hits: each code once, with its fused rank in order."""
    found = _found(lists, TermPair("streptococcal sore throat", "J02.0", "inclusion"), EVERY, masked=False)
    assert found.ways[0].code == "J02.0"
    assert [way.fused_rank for way in found.ways] == list(range(1, len(found.ways) + 1))
    assert len({way.code for way in found.ways}) == len(found.ways)


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
