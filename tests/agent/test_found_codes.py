"""Codes for clinical words, with what was found and why."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from agent.bootstrap import build_pipeline
from agent.found_codes import find_codes
from agent.parts import Parts
from agent.settings import load_settings
from medcoding.candidate import CandidateOrigin
from medcoding.codebook import Codebook
from medcoding.errors import InputError
from tests.books import index_with_books


@pytest.fixture(scope="module")
def parts(index_dir: Path) -> Parts:
    """The parts over the tests' index."""
    return build_pipeline(load_settings(index_dir=index_dir)).parts


def test_a_code_says_why_it_was_found(parts: Parts) -> None:
    """The wording, the origins and the score of each search that found it."""
    found = find_codes(parts, "htn", None, 5)
    assert (found[0].code, found[0].scores.dictionary) == ("I10", 1.0)
    assert CandidateOrigin.DICTIONARY in found[0].origins
    assert found[0].surface
    assert 0 < found[0].scores.dense <= 1.01
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_the_index_path_is_shown(tmp_path: Path, index_dir: Path, fy2027: Codebook) -> None:
    """Where the edition has an Alphabetic Index."""
    root = index_with_books(tmp_path, index_dir, fy2027)
    parts = build_pipeline(load_settings(index_dir=root)).parts
    walked = {one.code: one for one in find_codes(parts, "soreness", None, 12) if one.index_path}
    assert walked["R52"].index_path == ("Sore, soreness",)
    assert (CandidateOrigin.INDEX in walked["R52"].origins, walked["R52"].scores.walk) == (True, 1.0)


def test_the_day_decides_the_edition(parts: Parts) -> None:
    """Plantar fasciitis is divided from October 2026."""
    before = {one.code for one in find_codes(parts, "plantar fasciitis", date(2026, 9, 30), 5)}
    after = {one.code for one in find_codes(parts, "plantar fasciitis", date(2026, 10, 1), 5)}
    assert "M72.2" in before - after


@pytest.mark.parametrize("text", ["", "   ", "---", "..."])
def test_nothing_to_search_for_is_refused(parts: Parts, text: str) -> None:
    """In one sentence that says what to give."""
    with pytest.raises(InputError, match="no word to search for; give"):
        find_codes(parts, text, None, 5)


def test_a_term_that_says_less_does_not_speak_for_all_words(parts: Parts) -> None:
    """Gout that a drug induced is not found as the plain gout that its last word names."""
    assert [code.code for code in find_codes(parts, "drug induced gout", None, 1)] == ["M10.20"]
    assert [code.code for code in find_codes(parts, "gout", None, 1)] == ["M10.9"]
