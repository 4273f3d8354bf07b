"""Abbreviations are read in context, over their own span of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.abbreviations import Abbreviations
from agent.tables import rows
from medcoding.chart import SectionKind
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


@pytest.mark.parametrize(
    ("phrase", "sense"),
    [
        ("Last PE by PCP was unremarkable", "physical exam"),
        ("PE in 2018 after hip replacement", "pulmonary embolism"),
        ("CTA chest negative for PE", "pulmonary embolism"),
        ("PT eval: gait unsteady, RHD", "right hand dominant"),
        ("RHD since childhood rheumatic fever", "rheumatic heart disease"),
        ("HH, phlebotomy for ferritin", "hereditary hemochromatosis"),
        ("3 cm HH on EGD", "hiatal hernia"),
        ("AS flare; HLA-B27+, on Cosentyx", "ankylosing spondylitis"),
        ("AS w/ valve area 0.8", "aortic stenosis"),
        ("GAD antibodies positive", "glutamic acid decarboxylase"),
        ("GAD on sertraline", "generalized anxiety disorder"),
        ("Ca 11.9, PTH high", "calcium"),
        ("Hx prostate Ca, on surveillance", "cancer"),
        ("Debrided, TCC reapplied to the foot ulcer", "total contact cast"),
        ("TCC of the bladder, TURBT booked", "transitional cell carcinoma"),
        ("IC valve photographed", "ileocecal valve"),
        ("ICD shock for VT", "defibrillator"),
        ("on HD 3 he spiked", "hospital day"),
        ("ESRD on HD TTS", "hemodialysis"),
        ("SpO2 96% on RA", "room air"),
        ("RA on methotrexate", "rheumatoid arthritis"),
        ("Lantus 24 units + Humalog SSI", "sliding scale insulin"),
        ("Paracentesis 4.5 L removed", "liters"),
        ("L foot ulcer", "left"),
        ("MS since 2011, on Ocrevus", "multiple sclerosis"),
        ("MS, severe by echo", "mitral stenosis"),
        ("DM: dermatomyositis w/ ILD", "dermatomyositis"),
        ("DME OU - Eylea today", "diabetic macular edema"),
    ],
)
def test_neighbours_tell_the_sense(phrase: str, sense: str) -> None:
    """What a reader of charts takes for granted: the words beside the letters decide."""
    assert sense in read(phrase)


def test_the_section_tells_the_sense() -> None:
    """`SSI` among the medications is insulin, in the course after an operation an infection."""
    table = {
        s: TABLE.expansions("SSI", "ssi", s)[0].words for s in (SectionKind.MEDICATIONS, SectionKind.HOSPITAL_COURSE)
    }
    assert table[SectionKind.MEDICATIONS] == "sliding scale insulin"
    assert table[SectionKind.HOSPITAL_COURSE] == "surgical site infection"


def test_the_table_holds_the_abbreviations_of_charts() -> None:
    """At least 600, and each sense but the first of an ambiguous one has its cues."""
    senses: dict[str, list[str]] = {}
    for row in rows("abbreviations.tsv"):
        senses.setdefault(row["abbreviation"], []).append(row["cues"])
    ambiguous = {name: cues for name, cues in senses.items() if len(cues) > 1}
    assert len(senses) >= 1_200
    assert len(ambiguous) >= 150
    assert not [name for name, cues in ambiguous.items() if not all(cues[1:])]


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
