from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.index_folder import CODEBOOKS, IndexFolder
from retrieval.wording import forms, normal_form, reduce_title, tokens
from tests.strategies import NOTE_ALPHABET


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Crohn's disease", "crohns disease"),
        ("Crohn’s disease", "Crohn's disease"),
        ("kidney stones", "kidney stone"),
        ("varicosities", "varicosity"),
        ("fracture of the tibia", "fracture tibia"),
        ("Type II diabetes", "type 2 diabetes"),
        ("CKD stage IIIb", "CKD stage 3b"),
        ("diverticula", "diverticulum"),
        ("Ménière's disease", "Meniere's disease"),
        ("Sjögren syndrome", "Sjogren syndrome"),
        ("HIV+", "HIV positive"),
        ("ER+/PR+, HER2-", "er positive pr positive her2 negative"),
        ("sepsis following a procedure", "sepsis following procedure"),
        ("hepatitis a year ago", "hepatitis year ago"),
        ("2+ pitting edema", "2 pitting edema"),
        ("follow-up", "follow up"),
        (unicodedata.normalize("NFD", "Ménière's disease"), "Ménière's disease"),
    ],
)
def test_two_ways_of_writing_meet(left: str, right: str) -> None:
    """Possessives, plurals, articles, Roman numerals after a counted noun and accents make no difference."""
    assert forms(left) == forms(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("abscess", "absces"),
        ("pelvis", "pelvi"),
        ("diabetes", "diabetic"),
        ("factor V", "factor 5"),
        ("stage 3a", "stage 3b"),
        ("right knee", "left knee"),
        ("hepatitis A", "hepatitis"),
        ("influenza A infection", "influenza infection"),
        ("vitamin A deficiency", "vitamin deficiency"),
        ("HER2+", "HER2-"),
        ("HLHS", "HLH"),
        ("PPMs", "PPM"),
        ("hypertension", "hypotension"),
    ],
)
def test_what_differs_stays_apart(left: str, right: str) -> None:
    """Latin endings are no plurals, and a Roman numeral counts only where something is counted."""
    assert forms(left) != forms(right)


@given(st.text(NOTE_ALPHABET, max_size=100))
def test_a_token_stands_where_it_says(text: str) -> None:
    """Offsets slice the text as received; tokens come in order and do not overlap."""
    found = tokens(text)
    ends = [0, *(token.end for token in found)]
    for end, token in zip(ends, found, strict=False):
        word = text[token.start : token.end]
        assert end <= token.start < token.end
        assert token.form in {normal_form(word), "1", "2", "3", "4", "5", "3a", "3b", "positive", "negative"}


def test_a_normal_form_is_final(index: IndexFolder) -> None:
    """Over every word of every title: the normal form of a normal form is itself, and none is empty."""
    with closing(sqlite3.connect(index.folder / CODEBOOKS / "icd10cm-fy2026.sqlite")) as book:
        words = {form for (title,) in book.execute("SELECT title FROM entry") for form in forms(title)}
    assert len(words) > 7_000
    assert [word for word in words if normal_form(word) != word] == []
    assert "" not in words


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Pain in right knee", "Pain in knee"),
        ("Bilateral primary osteoarthritis of knee", "primary osteoarthritis of knee"),
        ("Unilateral primary osteoarthritis, left knee", "Unilateral primary osteoarthritis, knee"),
        ("Essential (primary) hypertension", "Essential hypertension"),
        ("Pneumonia, unspecified organism", "Pneumonia organism"),
        ("Heart failure, unspecified", "Heart failure"),
        ("Cellulitis of unspecified part of limb", "Cellulitis of part of limb"),
        ("Mental illness NOS", "Mental illness"),
        ("Anterior dislocation of both sides", "Anterior dislocation of"),
    ],
)
def test_a_title_is_reduced_to_what_a_note_would_say(title: str, said: str) -> None:
    """Side, `unspecified` and bracketed words are decided from the note, not by similarity."""
    assert reduce_title(title) == said


@given(st.text(max_size=60))
def test_reducing_is_idempotent_enough(title: str) -> None:
    """A reduced title never grows and is never left with blanks or commas at its ends."""
    reduced = reduce_title(title)
    assert len(reduced) <= len(title)
    assert reduced == reduced.strip(" ,;")
