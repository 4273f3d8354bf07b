"""Assertion from cues, section, date and the condition itself."""

from __future__ import annotations

import pytest

from agent.readings import is_lasting, reading_of, stems_of
from medcoding.chart import SectionKind
from retrieval.dictionary import Term
from tests.lines import CUES, line, spots, term

GOUT = term("gout", "M10.9", history_code="Z87.39", chronic=True)
HTN = term("hypertension", "I10", chronic=True)
PNEUMONIA = term("pneumonia", "J18.9", history_code="Z87.01")
CANCER = term("breast cancer", "C50.9", history_code="Z85.3", family_code="Z80.3", chronic=True)
CABG = term("CABG", "Z95.1", chronic=True)
FALL = term("fell", "W19")
PMH, PSH, HPI = (
    SectionKind.PAST_MEDICAL_HISTORY,
    SectionKind.PAST_SURGICAL_HISTORY,
    SectionKind.HISTORY_PRESENT_ILLNESS,
)


def read(text: str, what: Term, section: SectionKind = HPI, setting: str = "outpatient") -> tuple[str, tuple[str, ...]]:
    """Assertion and stems of a term in a sentence."""
    one = line(text, section, setting)
    (found,) = [f for f in spots(one, what) if f.term and f.term.stems == what.stems]
    reading = reading_of(CUES.read(text), one, found, [(found.start, found.end)])
    return reading.assertion.value, stems_of(what, reading)


@pytest.mark.parametrize(
    ("text", "what", "section", "assertion", "stems"),
    [
        ("History of gout.", GOUT, HPI, "present", ("M10.9",)),
        ("Gout, resolved.", GOUT, HPI, "historical", ("Z87.39",)),
        ("Former hypertension.", HTN, HPI, "present", ("I10",)),
        ("Pneumonia in 2019.", PNEUMONIA, HPI, "historical", ("Z87.01",)),
        ("Pneumonia", PNEUMONIA, PMH, "historical", ("Z87.01",)),
        ("Gout", GOUT, PMH, "present", ("M10.9",)),
        ("CABG 2014", CABG, HPI, "historical", ("Z95.1",)),
        ("CABG", CABG, PSH, "historical", ("Z95.1",)),
        ("Hysterectomy for breast cancer", CANCER, PSH, "present", ("C50.9",)),
        ("Breast cancer s/p mastectomy, NED.", CANCER, HPI, "historical", ("Z85.3",)),
        ("Breast cancer, on letrozole after mastectomy.", CANCER, HPI, "present", ("C50.9",)),
        ("Mother had breast cancer.", CANCER, HPI, "family", ("Z80.3",)),
        ("Wife has breast cancer.", CANCER, HPI, "family", ()),
        ("Gout or pseudogout", GOUT, SectionKind.DIFFERENTIAL, "possible", ("M10.9",)),
        ("Post-pneumonia scarring.", PNEUMONIA, HPI, "historical", ("Z87.01",)),
        ("Fell 3 weeks ago.", FALL, HPI, "present", ("W19",)),
        ("Late effect of pneumonia in 2019.", PNEUMONIA, HPI, "present", ("J18.9",)),
    ],
)
def test_section_date_and_condition_decide(
    text: str, what: Term, section: SectionKind, assertion: str, stems: tuple[str, ...]
) -> None:
    """Lasting conditions under `history of` are current (I.C.21.c.4), treated cancer is past (I.C.2.m)."""
    assert read(text, what, section) == (assertion, stems)


def test_what_resolved_in_the_stay_was_there() -> None:
    """Guideline III; an office visit tells of the past."""
    course = SectionKind.HOSPITAL_COURSE
    assert read("Pneumonia, resolved.", PNEUMONIA, course, "inpatient")[0] == "present"
    assert read("Pneumonia, resolved.", PNEUMONIA, course)[0] == "historical"


def test_a_wording_from_the_books_may_last_too() -> None:
    """Titles carry no mark of their own; their category tells."""
    assert is_lasting(term("migraine without aura, not intractable", "G43.009", source="title"))
    assert not is_lasting(term("acute bronchitis", "J20.9", source="title"))
    assert not is_lasting(None)
