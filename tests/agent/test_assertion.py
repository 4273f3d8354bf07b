"""How the author stands to what is mentioned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.assertion import AssertionRules
from medcoding.mention import Assertion, MentionKind
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
    """Negated before family before hypothetical before possible before historical."""
    assert read(sentence, mention) == strongest


def test_punctuation_alone_is_read_as_present() -> None:
    """A span without words has no cue."""
    found = RULES.read("  gout").assertion(0, 1)
    assert (found.assertion, found.cue) == (Assertion.PRESENT, None)


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("EKG: sinus tach, no ST elevation, old LBBB", "LBBB", "historical"),
        ("No fever, chills or SOB but has cough", "SOB", "negated"),
        ("No fever, chills or SOB but has cough", "cough", "present"),
        ("Skin: no rash, ecchymosis right flank", "ecchymosis", "present"),
        ("pt doing well no complaints bp good cont same meds a1c 6.8 dm2 stable", "dm2", "present"),
        ("GERD w/o esophagitis - cont PPI", "PPI", "present"),
        ("Denies chest pain, possible UTI", "UTI", "possible"),
        ("Possible cellulitis, abscess or gout", "abscess", "possible"),
        ("Possible cellulitis, hypertension stable", "hypertension", "present"),
        ("Syncope, vasovagal vs orthostatic", "Syncope", "present"),
        ("DDx includes cellulitis, DVT, gout", "gout", "possible"),
        ("hx HTN, afib, fell at home", "fell", "present"),
        ("RR 24 (no stridor) wheeze", "wheeze", "present"),
    ],
)
def test_a_list_ends_where_a_statement_begins(sentence: str, mention: str, expected: str) -> None:
    """A denial runs over bare items; `old`, a side, a value, a dash, or a doubt of its own begin something new."""
    assert read(sentence, mention) == expected


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("UTI likely", "UTI", "possible"),
        ("Acute sinusitis, likely viral.", "sinusitis", "present"),
        ("PE?", "PE", "possible"),
        ("Knee pain, ? meniscal tear", "Knee pain", "present"),
        ("Pneumonia, organism not found", "Pneumonia", "present"),
        ("Pneumonia, now resolved", "Pneumonia", "historical"),
        ("Thrombasthenia (absent GPIIb)", "Thrombasthenia", "present"),
        ("Pneumonia (resolved)", "Pneumonia", "historical"),
        ("Shingles considered, no vesicles.", "Shingles", "negated"),
        ("ARDS considered by ICU and rejected.", "ARDS", "negated"),
        ("PE out on CT.", "PE", "negated"),
        ("cough (-), wheezing (+)", "cough", "negated"),
        ("cough (-), wheezing (+)", "wheezing", "present"),
        ("Initially thought to be CHF but BNP normal; this was ruled out.", "CHF", "negated"),
    ],
)
def test_what_stands_behind_may_decide(sentence: str, mention: str, expected: str) -> None:
    """Denials, doubts and endings behind the words, where nothing else of the item stands between."""
    assert read(sentence, mention) == expected


@pytest.mark.parametrize(
    ("sentence", "mention", "kind", "expected"),
    [
        ("avoid NSAIDs", "NSAIDs", "drug", "negated"),
        ("avoid falls", "falls", "problem", "hypothetical"),
        ("Patient declines COVID vaccine and screening colonoscopy.", "colonoscopy", "procedure", "negated"),
        ("off tamoxifen since May", "tamoxifen", "drug", "historical"),
        ("will schedule TKA", "TKA", "procedure", "hypothetical"),
        ("mammogram ordered", "mammogram", "procedure", "hypothetical"),
        ("apixaban for stroke prevention", "apixaban", "drug", "present"),
        ("apixaban for stroke prevention", "stroke", "problem", "hypothetical"),
        ("hx of gout on allopurinol", "allopurinol", "drug", "present"),
        ("TAVR workup", "TAVR", "procedure", "hypothetical"),
        ("Attempted LP unsuccessful", "LP", "procedure", "negated"),
    ],
)
def test_some_cues_speak_of_one_kind_only(sentence: str, mention: str, kind: str, expected: str) -> None:
    """Drugs are stopped and avoided, operations planned and declined; a prevention is of the illness."""
    start = sentence.index(mention)
    found = RULES.read(sentence).assertion(start, start + len(mention), MentionKind(kind))
    assert found.assertion.value == expected


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("Brain metastases, cord compression and DVT excluded", "metastases", "negated"),
        ("HTN, DM resolved", "HTN", "present"),
        ("HTN, DM resolved", "DM", "historical"),
        ("Colon polyps (tubular adenomas) removed", "polyps", "historical"),
    ],
)
def test_a_cue_behind_several_speaks_of_the_nearest_and_those_joined_to_it(
    sentence: str, mention: str, expected: str
) -> None:
    """`A, B and C excluded` excludes all three; `A, B resolved` only B."""
    others = ["metastases", "cord compression", "DVT", "HTN", "DM", "polyps", "tubular adenomas"]
    spans = [(sentence.index(w), sentence.index(w) + len(w)) for w in others if w in sentence]
    start = sentence.index(mention)
    found = RULES.read(sentence).assertion(start, start + len(mention), others=spans)
    assert found.assertion.value == expected


@pytest.mark.parametrize(
    ("sentence", "mention", "of_family"),
    [
        ("No family history of colon cancer.", "colon cancer", True),
        ("Father had gout.", "gout", True),
        ("No gout.", "gout", False),
    ],
)
def test_a_denial_may_be_of_the_family(sentence: str, mention: str, *, of_family: bool) -> None:
    """It says nothing of the patient."""
    start = sentence.index(mention)
    assert RULES.read(sentence).assertion(start, start + len(mention)).of_family is of_family


@pytest.mark.parametrize(
    "sentence",
    ["Wife reports gout flares.", "Spoke w/ daughter re: gout.", "Per mother, gout.", "Son drove him, gout."],
)
def test_who_tells_is_not_who_has_it(sentence: str) -> None:
    """Relatives report, drive and are spoken with."""
    assert read(sentence, "gout") == "present"


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
