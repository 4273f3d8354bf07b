from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.errors import DependencyError, IntegrityError
from retrieval.dictionary import Dictionary, Term, TermMatch, write_terms
from retrieval.index_folder import IndexFolder
from retrieval.wording import forms, tokens


def _term(text: str, *stems: str) -> Term:
    return Term(text=text, stems=stems or ("I10",), source="clinical")


TERMS = (
    _term("diabetes", "E11.9"),
    _term("type 2 diabetes", "E11.9"),
    _term("type 2 diabetes with kidney disease", "E11.22"),
    _term("kidney disease", "N28.9"),
    _term("chronic kidney disease", "N18.9"),
    _term("knee pain", "M25.56"),
    _term("pain in knee", "M25.56"),
    _term("heart failure", "I50.9"),
    _term("htn", "I10"),
)


@pytest.fixture(scope="module")
def small() -> Dictionary:
    """A dictionary one can see through."""
    return Dictionary(TERMS)


def _found(dictionary: Dictionary, text: str) -> list[tuple[str, str]]:
    run = tokens(text)
    return [(m.term.text, text[run[m.first].start : run[m.last].end]) for m in dictionary.find(run)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Type 2 diabetes with kidney disease.",
            [("type 2 diabetes with kidney disease", "Type 2 diabetes with kidney disease")],
        ),
        ("Type II diabetes, HTN", [("type 2 diabetes", "Type II diabetes"), ("htn", "HTN")]),
        ("Chronic kidney disease", [("chronic kidney disease", "Chronic kidney disease")]),
        ("Diabetes. Kidney diseases.", [("diabetes", "Diabetes"), ("kidney disease", "Kidney diseases")]),
        ("pain in the right knee", [("pain in knee", "pain in the right knee")]),
        ("knee, severe chronic pain", [("knee pain", "knee, severe chronic pain")]),
        ("heart: acute failure", [("heart failure", "heart: acute failure")]),
        ("the pain is in his left lower knee", []),
        ("pain, not in knee", []),
        ("knee: acute severe chronic pain", []),
        ("", []),
        ("nothing here", []),
    ],
)  # fmt: skip
def test_terms_are_found_in_running_text(small: Dictionary, text: str, found: list[tuple[str, str]]) -> None:
    """Leftmost, then longest, over at most two words of side or severity; offsets give the words back."""
    assert _found(small, text) == found


def test_a_word_of_severity_may_also_be_part_of_the_term(small: Dictionary) -> None:
    """`Chronic` is taken where a term has it and passed over where none has."""
    assert _found(small, "chronic kidney disease, chronic heart failure") == [
        ("chronic kidney disease", "chronic kidney disease"),
        ("heart failure", "heart failure"),
    ]


def test_the_longest_term_wins_however_it_is_reached() -> None:
    """Passing over a word may lead further than taking it."""
    dictionary = Dictionary([_term("pain severe"), _term("pain knee joint"), _term("pain")])
    assert [term for term, _ in _found(dictionary, "pain, severe, knee joint")] == ["pain knee joint"]
    assert [term for term, _ in _found(dictionary, "pain, severe, knee")] == ["pain severe"]


def test_of_two_terms_with_one_wording_the_first_counts() -> None:
    """Our own table stands before titles and inclusion terms."""
    dictionary = Dictionary([_term("gout", "M10.9"), _term("Gouts", "M1A.9")])
    assert len(dictionary) == 1
    found = dictionary.lookup("the gout")
    assert found is not None
    assert found.stems == ("M10.9",)


def test_lookup_is_exact(small: Dictionary) -> None:
    """A part of a term is not the term."""
    assert small.lookup("Knee pains")
    assert small.lookup("knee") is None
    assert small.lookup("") is None


def test_a_term_without_words_is_never_found() -> None:
    """An empty or unreadable wording does not match everything."""
    dictionary = Dictionary([_term("..."), _term("the"), _term(" ".join("word" for _ in range(13)))])
    assert len(dictionary) == 0
    assert _found(dictionary, "the ... word") == []


WORDS = st.sampled_from(
    ["type", "2", "diabetes", "with", "chronic", "kidney", "disease", "right", "knee", "pain", "in"]
)


@given(st.lists(WORDS, max_size=14))
def test_matches_never_overlap_and_always_hold_their_term(words: list[str]) -> None:
    """In order, apart, and every word of the term stands inside its match."""
    run = tokens(" ".join(words))
    matches: list[TermMatch] = Dictionary(TERMS).find(run)
    for before, after in pairwise(matches):
        assert before.last < after.first
    for match in matches:
        inside = [token.form for token in run[match.first : match.last + 1]]
        assert set(forms(match.term.text)) <= set(inside)


def test_what_is_written_is_what_is_loaded(tmp_path: Path) -> None:
    """Every field of a term survives the file, types included."""
    term = Term(
        text="metformin", stems=("Z79.84",), source="drug", needs=("E11", "E13"), history_code="Z86.39", chronic=True
    )
    write_terms(tmp_path / "terms.json", [term, *TERMS])
    loaded = Dictionary.load(tmp_path / "terms.json")
    assert loaded.lookup("metformin") == term
    assert len(loaded) == len(TERMS) + 1


def test_a_missing_dictionary_names_the_mend(tmp_path: Path) -> None:
    """No file is a missing neighbour."""
    with pytest.raises(DependencyError, match="run 'chartwright index build'"):
        Dictionary.load(tmp_path / "terms.json")


@pytest.mark.parametrize(
    "content", [b"", b"[{", b"[1]", b"null", b'[{"words": 1}]', orjson.dumps([{"stems": [], "needs": []}])]
)
def test_a_damaged_dictionary_is_named(tmp_path: Path, content: bytes) -> None:
    """Truncated JSON and rows of another shape are integrity errors."""
    (tmp_path / "terms.json").write_bytes(content)
    with pytest.raises(IntegrityError, match="damaged"):
        Dictionary.load(tmp_path / "terms.json")


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("htn", "I10"),
        ("Type 2 diabetes mellitus", "E11.9"),
        ("plantar fasciitis", "M72.2"),
        ("community acquired pneumonia", "J18.9"),
        ("GERD", "K21.9"),
        ("low back pain", "M54.50"),
        ("right knee pain", "M25.56"),
    ],
)
def test_the_shipped_dictionary_knows_a_coders_words(index: IndexFolder, text: str, stem: str) -> None:
    """Everyday wording leads to the code, or the stem, that the book gives it."""
    found = Dictionary.load(index.dictionary).find(tokens(text))
    assert [match.term.stems for match in found][:1] == [(stem,)]
