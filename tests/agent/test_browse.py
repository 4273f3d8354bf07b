"""Walking through the Alphabetic Index and the tabular list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.browse import BrowseAnswer, Shelf, walk
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook
from medcoding.errors import InputError, UnknownCodeError
from tests.books import excerpts


@pytest.fixture
def alphabetic(tmp_path: Path, fy2027: Codebook) -> Iterator[AlphabeticIndex]:
    """The excerpts as an index of FY2027."""
    with closing(excerpts(tmp_path, fy2027)) as opened:
        yield opened


@pytest.fixture
def shelf(alphabetic: AlphabeticIndex, fy2027: Codebook) -> Shelf:
    """FY2027 with an index, two levels deep."""
    return Shelf(fy2027, alphabetic, 2)


def heads(answer: BrowseAnswer) -> list[str]:
    """The last title of each term."""
    return [term.path[-1] for term in answer.terms]


def test_without_words_the_letters_are_counted(shelf: Shelf) -> None:
    """Main terms of the index to diseases; `A` is a letter, not an article."""
    assert walk(shelf, " ").letters == {"A": 1, "S": 2}


def test_a_main_term_is_found_in_any_form(shelf: Shelf) -> None:
    """With its code and its subterms."""
    (sore,) = walk(shelf, "Soreness").terms
    assert sore.path == ("Alphabetic Index", "Sore, soreness")
    assert sore.codes[0].code == "R52"
    assert [(t.path[-1], [c.code for c in t.codes]) for t in sore.below][:2] == [("foot", ["M79.67-"]), ("hand", [])]


def test_see_and_see_also_lead_on(shelf: Shelf) -> None:
    """To the path and the code there; what names no place leads nowhere and keeps its words."""
    achiness = {t.path[-1]: t for t in walk(shelf, "achiness").terms[0].below}
    foot = achiness["foot"].see
    assert foot is not None
    assert foot.path == ("Alphabetic Index", "Sore, soreness", "foot")
    assert [c.code for c in foot.codes] == ["M79.67-"]
    sore = {t.path[-1]: t for t in walk(shelf, "sore").terms[0].below}
    wing = sore["wing"].see
    assert wing is not None
    assert (wing.text, wing.path) == ("Flight", ())
    assert sore["hand"].see_also is not None


def test_a_term_that_only_sends_on_is_followed(shelf: Shelf) -> None:
    """Stiffness, morning, is found under Sore."""
    assert heads(walk(shelf, "stiffness, morning")) == ["Stiffness, morning", "Sore, soreness"]


@pytest.mark.parametrize("words", ["sore foot", "foot soreness", "right foot sore"])
def test_words_need_not_begin_with_the_main_term(words: str, shelf: Shelf) -> None:
    """`Foot soreness` stands at Sore, foot; the side is a character, not a subterm."""
    (foot,) = walk(shelf, words).terms
    assert foot.path == ("Alphabetic Index", "Sore, soreness", "foot")


def test_the_depth_decides_how_much_is_shown(shelf: Shelf) -> None:
    """Lines below it are counted."""
    (achiness,) = walk(shelf._replace(depth=1), "achiness").terms
    assert {t.path[-1]: t.below_left_out for t in achiness.below}["with"] == 1
    (alone,) = walk(shelf._replace(depth=0), "achiness").terms
    assert (alone.below, alone.below_left_out) == ((), 6)


def test_a_site_shows_the_columns_of_the_neoplasm_table(shelf: Shelf) -> None:
    """And the sites within it."""
    (breast,) = walk(shelf, "breast").terms
    assert breast.path[0] == "Neoplasm Table"
    assert [(c.column, c.code) for c in breast.codes] == [("malignant primary", "C50.9-"), ("benign", "D24.-")]
    assert [t.path[-1] for t in breast.below] == ["upper-outer quadrant"]


def test_a_substance_shows_the_columns_of_the_drug_table(shelf: Shelf) -> None:
    """Its own row, or the row it is sent on to."""
    for words in ("aspirin", "analgesic tablet"):
        (aspirin,) = walk(shelf, words).terms
        assert aspirin.path == ("Table of Drugs", "Aspirin")
        assert ("adverse effect", "T39.015-") in [(c.column, c.code) for c in aspirin.codes]


def test_a_beginning_finds_what_begins_so(shelf: Shelf) -> None:
    """As one line each, in both indexes."""
    assert heads(walk(shelf, "sti")) == ["Stiffness, morning"]
    assert walk(shelf, "fal").terms[0].path[0] == "Index to External Causes"


def test_words_that_no_term_begins_with_are_refused(shelf: Shelf) -> None:
    """The mend is the search."""
    with pytest.raises(InputError, match="chartwright search"):
        walk(shelf, "hypertension")


@pytest.mark.parametrize("asked", ["s821", "S82.1", " S82.1 "])
def test_a_stem_shows_the_tabular_children(asked: str, shelf: Shelf, fy2027: Codebook) -> None:
    """With or without its dot, whether or not there is an index."""
    for place in (shelf, shelf._replace(alphabetic_index=None)):
        (entry,) = walk(place, asked).entries
        assert [child.code for child in entry.below] == list(fy2027.children("S82.1"))
        assert entry.below[0].below


def test_a_block_is_a_stem_too(shelf: Shelf) -> None:
    """And so is a chapter by its number."""
    assert walk(shelf, "E08-E13").entries[0].below[0].code == "E08"
    assert walk(shelf, "9").entries[0].title.startswith("Diseases of the circulatory system")


def test_a_word_that_is_written_like_a_category_is_a_word(shelf: Shelf) -> None:
    """`Fal` has the shape of one and no digit."""
    assert walk(shelf, "fal").entries == ()


def test_a_stem_that_does_not_exist_is_refused(shelf: Shelf) -> None:
    """With the nearest entry."""
    with pytest.raises(UnknownCodeError, match=r"nearest entry is S82\.9"):
        walk(shelf, "S82.9999")


def test_without_an_index_chapters_are_shown(fy2027: Codebook) -> None:
    """In their order, nothing below them yet."""
    answer = walk(Shelf(fy2027, None, 2), "")
    assert not answer.index_loaded
    assert [entry.code for entry in answer.entries] == [str(number) for number in range(1, 23)]
    assert answer.entries[0].below_left_out > 10


def test_without_an_index_titles_are_read(fy2027: Codebook) -> None:
    """The highest entries that say every word in any form."""
    place = Shelf(fy2027, None, 2)
    answer = walk(place, "plantar warts")
    assert [entry.code for entry in answer.entries] == ["B07.0"]
    assert "H60-H62" in {entry.code for entry in walk(place, "diseases, external ears").entries}
