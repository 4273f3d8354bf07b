"""Names and record numbers stay out of what a model reads; what a code rests on stays in."""

from __future__ import annotations

import pytest

from agent.pseudonyms import Pseudonyms
from tests.charts import chart


def hidden(*lines: str, conditions: tuple[str, ...] = ()) -> str:
    """The lines of one record as a model may read them."""
    pseudonyms = Pseudonyms(chart(lines), conditions)
    return "\n".join(pseudonyms.hidden(line) for line in lines)


@pytest.mark.parametrize(
    ("text", "identifying"),
    [
        ("Mr. John Smith is a 64-year-old male.", ("John", "Smith")),
        ("Patient Name: DOE, JANE MRN: 00482913", ("DOE", "JANE", "00482913")),
        ("Electronically signed by Maria L. Garcia, MD on 11/02/2026", ("Maria", "Garcia")),
        ("Seen with Kelly Brown RN.", ("Kelly", "Brown")),
        ("DOB: 3/4/1962, SSN 123-45-6789, call (212) 555-0100", ("1962", "123-45-6789", "555-0100")),
        ("Acct# A99887766, Medicare 1EG4-TE5-MK73", ("A99887766", "1EG4")),
        ("Mail jane.doe@example.org for the result.", ("jane.doe",)),
        ("Mrs. O'Neil-Carter returns.", ("Neil", "Carter")),
    ],
)
def test_what_a_cue_gives_away_is_replaced(text: str, identifying: tuple[str, ...]) -> None:
    """Titles, labels, signatures and numbers with their label."""
    shown = hidden(text)
    assert not [part for part in identifying if part in shown]


def test_a_name_once_known_is_found_again_and_keeps_its_number() -> None:
    """By its parts, in capitals, and without a cue; another person gets another number."""
    shown = hidden("Ms. Jane Doe was seen by Dr. Patel.", "Doe smokes. JANE DOE agrees.", "Per Patel: gout.")
    assert shown.splitlines()[1] == "[PERSON 1] smokes. [PERSON 1] agrees."
    assert shown.splitlines()[2] == "Per [PERSON 2]: gout."


def test_a_condition_named_after_a_person_stays_readable() -> None:
    """Dr. Graves may treat Graves disease."""
    shown = hidden("Dr. Graves called.", "1. Graves disease, on methimazole.", conditions=("Graves disease",))
    assert shown.splitlines()[1] == "1. Graves disease, on methimazole."


@pytest.mark.parametrize(
    "text",
    [
        "Type 2 diabetes, A1c 9.4, glucose 123-145, BP 120/80, eGFR 44, visit 2026-11-02.",
        "Patient is alert and oriented; patient denies chest pain.",
        "Nurse Practitioner visit for right knee pain, stage 3 pressure ulcer.",
        "Case 12 of 2026; weight 82.4 kg; ICD F33.1.",
        "PT eval. PA and lateral films. MI 2019.",
        "Name of the drug: Lisinopril 20 mg daily.",
    ],
)
def test_clinical_words_and_numbers_stay(text: str) -> None:
    """What decides a code is never hidden."""
    assert hidden(text) == text


def test_the_author_and_the_patients_number_are_known_without_a_cue() -> None:
    """What the encounter's own fields name is looked for in its text."""
    record = chart(("Knee pain.",))
    document = record.encounter.documents[0].model_copy(update={"author": "Ana Ruiz"})
    patient = record.encounter.patient.model_copy(update={"id": "PX-77120"})
    known = record.encounter.model_copy(update={"documents": (document,), "patient": patient})
    pseudonyms = Pseudonyms(record.model_copy(update={"encounter": known}), ())
    assert pseudonyms.hidden("Ruiz saw PX-77120 for gout.") == "[PERSON 1] saw [NUMBER] for gout."


def test_only_what_stands_between_the_marks_is_changed() -> None:
    """The prompt's own words and the code book's titles stay."""
    pseudonyms = Pseudonyms(chart(("Dr. Parkinson called.",)), ())
    prompt = "1. Parkinson\nNOTE abcdef123456ff\nDr. Parkinson called.\nEND NOTE abcdef123456ff\n2. Parkinson\n"
    shown = pseudonyms.concealed(prompt, "abcdef123456ff")
    assert shown.splitlines()[0] == "1. Parkinson"
    assert shown.splitlines()[2] == "Dr. [PERSON 1] called."
    assert shown.splitlines()[4] == "2. Parkinson"
