"""Abbreviations are read in context, over their own span of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.abbreviations import Abbreviations
from tests.strategies import NOTE_ALPHABET

TABLE = Abbreviations()

WRITTEN = st.lists(
    st.sampled_from(["HTN", "2/2", "a fib", "(DM2)", "AS", "MS,", "knee", "pain.", "🙂", "CKD 3b;", "w/o", "\n"])
    | st.text(NOTE_ALPHABET, max_size=8),
    max_size=12,
).map(" ".join)


def read(phrase: str, note: str = "") -> str:
    """The phrase with its abbreviations written out."""
    return TABLE.expand(phrase, f"{note} {phrase}".lower())


@pytest.mark.parametrize(
    ("phrase", "expansion"),
    [
        ("HTN", "hypertension"),
        ("htn", "hypertension"),
        ("afib", "atrial fibrillation"),
        ("a fib", "atrial fibrillation"),
        ("a-fib", "atrial fibrillation"),
        ("AKI 2/2 dehydration", "acute kidney injury secondary to dehydration"),
        ("abd pain", "abdominal pain"),
        ("COPD, GERD.", "chronic obstructive pulmonary disease, gastroesophageal reflux disease."),
        ("(HTN)", "(hypertension)"),
        ("knee pain", "knee pain"),
        ("", ""),
    ],
)
def test_abbreviations_are_written_out(phrase: str, expansion: str) -> None:
    """Any case, several words, punctuation around; what is no abbreviation stays as it is."""
    assert read(phrase) == expansion


@pytest.mark.parametrize(
    ("phrase", "note", "sense"),
    [
        ("AI", "", "aortic insufficiency"),
        ("AI", "on hydrocortisone and fludrocortisone", "adrenal insufficiency"),
        ("AI started", "breast cancer, takes letrozole", "aromatase inhibitor"),
        ("ARF", "", "acute renal failure"),
        ("ARF, hypoxic, intubated", "", "acute respiratory failure"),
        ("ASD", "", "atrial septal defect"),
        ("ASD", "speech delay and autism evaluation", "autism spectrum disorder"),
        ("AS", "loud systolic murmur", "aortic stenosis"),
        ("AS", "sacroiliitis, hla-b27 positive", "ankylosing spondylitis"),
    ],
)
def test_cues_choose_the_sense(phrase: str, note: str, sense: str) -> None:
    """The sense whose cues stand in the note is read; without cues the table's first one."""
    assert sense in read(phrase, note)


def test_a_cue_in_the_sentence_outweighs_one_in_the_note() -> None:
    """What is said beside the abbreviation counts more than what is said elsewhere."""
    note = "history of anastrozole. ai with low cortisol."
    assert TABLE.expand("AI with low cortisol", note) == "adrenal insufficiency with low cortisol"


@pytest.mark.parametrize(
    ("phrase", "expansion"),
    [
        ("as needed", "as needed"),
        ("AS moderate", "aortic stenosis moderate"),
        ("all of it", "all of it"),
        ("ALL", "acute lymphoblastic leukemia"),
        ("age 50", "age 50"),
        ("CONTINUE ALL HOME MEDICATIONS", "CONTINUE ALL HOME MEDICATIONS"),
    ],
)
def test_words_that_are_also_abbreviations_count_only_as_written(phrase: str, expansion: str) -> None:
    """Exact ones need their capitals, and in a line of capitals they say nothing."""
    assert read(phrase) == expansion


def test_the_words_of_an_expansion_carry_the_abbreviations_span() -> None:
    """Both words of `atrial fibrillation` stand where `AF` stands."""
    sentence = "Known AF today"
    found = [(t.form, sentence[t.start : t.end]) for t in TABLE.tokens(sentence, sentence.lower())]
    assert found == [("known", "Known"), ("atrial", "AF"), ("fibrillation", "AF"), ("today", "today")]


def test_ambiguous_abbreviations_are_marked_where_they_begin() -> None:
    """Only those with several senses, by the position of their first character."""
    assert TABLE.ambiguous("HTN, (ARF) and AS") == {6, 15}


@given(WRITTEN)
def test_every_token_lies_in_the_sentence_in_order(sentence: str) -> None:
    """Law: spans are inside the text, hold something, and never go back."""
    position = 0
    for token in TABLE.tokens(sentence, sentence.lower()):
        assert position <= token.start < token.end <= len(sentence)
        position = token.start


@given(st.text(NOTE_ALPHABET, max_size=60), st.text(NOTE_ALPHABET, max_size=60))
def test_text_around_an_abbreviation_is_kept(before: str, after: str) -> None:
    """Law: writing out replaces abbreviations and nothing else."""
    plain = "".join(c for c in before + after if c in "éüß🙂\n\t…")
    assert TABLE.expand(f"{plain} HTN {plain}", "") == f"{plain} hypertension {plain}"
