"""How the author stands to what is mentioned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.assertion import AssertionRules
from medcoding.mention import Assertion
from tests.strategies import NOTE_ALPHABET

RULES = AssertionRules()


def reading(sentence: str, mention: str) -> tuple[str, str | None]:
    """Assertion and cue of the words where they first stand."""
    start = sentence.index(mention)
    found = RULES.read(sentence).assertion(start, start + len(mention))
    return found.assertion.value, found.cue


def read(sentence: str, mention: str) -> str:
    """Assertion of the words where they first stand."""
    return reading(sentence, mention)[0]


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("Denies chest pain.", "chest pain"),
        ("Denies fever, chills, or cough.", "fever"),
        ("Denies fever, chills, or cough.", "chills"),
        ("Denies fever, chills, or cough.", "cough"),
        ("No evidence of pneumonia.", "pneumonia"),
        ("No history of diabetes.", "diabetes"),
        ("No family history of breast cancer.", "breast cancer"),
        ("Patient has no known history of asthma.", "asthma"),
        ("Without shortness of breath.", "shortness of breath"),
        ("w/o edema", "edema"),
        ("Negative for deep vein thrombosis.", "deep vein thrombosis"),
        ("Pulmonary embolism was ruled out.", "Pulmonary embolism"),
        ("Pneumonia excluded on CT.", "Pneumonia"),
        ("Hypothyroidism and adrenal insufficiency are out.", "Hypothyroidism"),
        ("IBS - denied.", "IBS"),
        ("Prior stroke: never.", "stroke"),
        ("Septic arthritis dropped from the list.", "Septic arthritis"),
        ("Tetanus is current.", "Tetanus"),
        ("PE has been ruled out.", "PE"),
        ("Troponin negative, ruled out for myocardial infarction.", "myocardial infarction"),
        ("CT ruled out appendicitis.", "appendicitis"),
        ("Fracture: none", "Fracture"),
        ("Chest pain is denied.", "Chest pain"),
        ("Vomiting: denies", "Vomiting"),
        ("Fever: no, cough: yes", "Fever"),
        ("Constitutional: Denies fever.", "fever"),
        ("Resp: denies cough, wheeze", "wheeze"),
        ("GI: no nausea", "nausea"),
        ("Cardiac - no chest pain", "chest pain"),
        ("The abdomen is free of tenderness.", "tenderness"),
        ("She does not have asthma.", "asthma"),
        ("COPD without exacerbation", "exacerbation"),
        ("No chest pain, shortness of breath on exertion.", "shortness of breath"),
        ("Mother denies fever.", "fever"),
    ],
)
def test_negated(sentence: str, mention: str) -> None:
    """The record says the patient does not have it; a denial reaches over every item of its list."""
    assert read(sentence, mention) == "negated"


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("Possible pneumonia.", "pneumonia"),
        ("Probable appendicitis.", "appendicitis"),
        ("Rule out pulmonary embolism.", "pulmonary embolism"),
        ("R/o DVT", "DVT"),
        ("Suspected stroke.", "stroke"),
        ("Likely viral syndrome.", "viral syndrome"),
        ("Concern for sepsis.", "sepsis"),
        ("Findings suggestive of heart failure.", "heart failure"),
        ("? UTI", "UTI"),
        ("Questionable fracture of the wrist.", "fracture"),
        ("Pneumonia is suspected.", "Pneumonia"),
        ("Pneumonia cannot be ruled out.", "Pneumonia"),
        ("Pulmonary embolism, not yet ruled out.", "Pulmonary embolism"),
        ("Pneumonia vs bronchitis", "Pneumonia"),
        ("Pneumonia vs bronchitis", "bronchitis"),
        ("Appendicitis (possible)", "Appendicitis"),
    ],
)
def test_possible(sentence: str, mention: str) -> None:
    """Uncertain words, before or behind; “rule out” still asks, “ruled out” has answered."""
    assert read(sentence, mention) == "possible"


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("History of gout.", "gout"),
        ("H/o stroke in 2015.", "stroke"),
        ("Hx of DVT", "DVT"),
        ("s/p cholecystectomy", "cholecystectomy"),
        ("Status post appendectomy.", "appendectomy"),
        ("Pneumonia, resolved.", "Pneumonia"),
        ("Kidney stones in the remote past.", "Kidney stones"),
        ("Asthma in childhood.", "Asthma"),
        ("No longer has asthma.", "asthma"),
        ("Previously hospitalized for pneumonia.", "pneumonia"),
    ],
)
def test_historical(sentence: str, mention: str) -> None:
    """It was, and the words say that it is over."""
    assert read(sentence, mention) == "historical"


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("Her mother had breast cancer.", "breast cancer"),
        ("Family history of colon cancer.", "colon cancer"),
        ("Father with coronary artery disease.", "coronary artery disease"),
        ("Brother died of myocardial infarction.", "myocardial infarction"),
        ("FH: diabetes in father", "diabetes"),
        ("Maternal grandmother with diabetes.", "diabetes"),
    ],
)
def test_family(sentence: str, mention: str) -> None:
    """A relative has it."""
    assert read(sentence, mention) == "family"


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("Return if fever develops.", "fever"),
        ("Return to ED for chest pain or shortness of breath.", "chest pain"),
        ("Return to ED for chest pain or shortness of breath.", "shortness of breath"),
        ("Call for fever.", "fever"),
        ("If chest pain recurs, call 911.", "chest pain"),
        ("Screening for colon cancer.", "colon cancer"),
        ("At risk for falls.", "falls"),
    ],
)
def test_hypothetical(sentence: str, mention: str) -> None:
    """It could happen, or it is what one looks for."""
    assert read(sentence, mention) == "hypothetical"


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("No increase in chest pain.", "chest pain"),
        ("No change in asthma.", "asthma"),
        ("Hypertension is not well controlled.", "Hypertension"),
        ("Not only hypertension but diabetes.", "hypertension"),
        ("History of present illness: cough", "cough"),
        ("Anemia not due to blood loss", "Anemia"),
    ],
)
def test_pseudo_triggers_say_nothing(sentence: str, mention: str) -> None:
    """Phrases that look like a denial or a past and are none."""
    assert reading(sentence, mention) == ("present", None)


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("Denies fever but reports cough.", "cough"),
        ("No fever; cough for three days.", "cough"),
        ("Denies chest pain, however has dyspnea.", "dyspnea"),
        ("Shortness of breath, no chest pain.", "Shortness of breath"),
        ("Cough - no fever", "Cough"),
        ("Fever: no, cough: yes", "cough"),
        ("Patient's father has hypertension; patient has gout.", "gout"),
    ],
)
def test_a_terminator_ends_the_reach(sentence: str, mention: str) -> None:
    """Behind `but`, `however`, a semicolon the denial is over; it never reaches back over what came before."""
    assert read(sentence, mention) == "present"


@pytest.mark.parametrize(
    ("sentence", "mention", "cue"),
    [
        ("Denies any history of gout.", "gout", "Denies any history of"),
        ("Possible pneumonia.", "pneumonia", "Possible"),
        ("Pulmonary embolism was ruled out.", "embolism", "was ruled out"),
        ("Gout.", "Gout", None),
    ],
)
def test_the_cue_is_the_longest_phrase_as_written(sentence: str, mention: str, cue: str | None) -> None:
    """The words that decided are kept for the coder, in the author's own case."""
    assert reading(sentence, mention)[1] == cue


@pytest.mark.parametrize(
    ("sentence", "mention", "strongest"),
    [
        ("Family history of possible gout.", "gout", "family"),
        ("Denies history of gout.", "gout", "negated"),
        ("Return if possible bleeding occurs.", "bleeding", "hypothetical"),
        ("History of possible stroke.", "stroke", "possible"),
    ],
)
def test_the_strongest_of_several_readings_counts(sentence: str, mention: str, strongest: str) -> None:
    """Family before negated before hypothetical before possible before historical."""
    assert read(sentence, mention) == strongest


def test_punctuation_alone_is_read_as_present() -> None:
    """A span without words has no cue."""
    assert RULES.read("  gout").assertion(0, 1)[:2] == (Assertion.PRESENT, None)


@given(
    st.lists(st.sampled_from(["no", "denies", "gout", ",", "but", "vs", "mother", "history of"]) | st.text(max_size=6))
    .map(" ".join)
    .filter(bool),
    st.data(),
)
def test_any_span_gets_a_reading_whose_cue_stands_in_the_sentence(sentence: str, data: st.DataObject) -> None:
    """Law: the cue is verbatim, and a reading other than present always has one."""
    start = data.draw(st.integers(0, len(sentence)))
    end = data.draw(st.integers(start, len(sentence)))
    found = RULES.read(sentence).assertion(start, end)
    assert (found.cue is None) == (found.assertion is Assertion.PRESENT)
    assert found.cue is None or found.cue in sentence


@given(st.text(NOTE_ALPHABET.filter(lambda c: not c.isalnum()), max_size=3))
def test_a_denial_is_read_whatever_stands_before_it(before: str) -> None:
    """Law: marks and emoji in front of a sentence change nothing."""
    assert read(f"{before} Denies gout.", "gout") == "negated"
