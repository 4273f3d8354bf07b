"""When an operation is done."""

from __future__ import annotations

import pytest

from agent.readings import reading_of
from medcoding.chart import SectionKind
from tests.lines import CUES, line, spots, term

CABG = term("CABG", "Z95.1", chronic=True)
PLAN, COURSE, PROCEDURES = SectionKind.PLAN, SectionKind.HOSPITAL_COURSE, SectionKind.PROCEDURES
HPI, PSH, DISCHARGE = (
    SectionKind.HISTORY_PRESENT_ILLNESS,
    SectionKind.PAST_SURGICAL_HISTORY,
    SectionKind.DISCHARGE_DIAGNOSIS,
)


def read(text: str, section: SectionKind, setting: str = "outpatient") -> str:
    """The assertion of the operation in a sentence."""
    one = line(text, section, setting)
    (found,) = [f for f in spots(one, CABG) if f.term]
    return reading_of(CUES.read(text), one, found, [(found.start, found.end)]).assertion.value


@pytest.mark.parametrize(
    ("text", "section", "setting", "expected"),
    [
        ("CAD s/p CABG", HPI, "outpatient", "historical"),
        ("CABG", PSH, "outpatient", "historical"),
        ("CABG 2014", HPI, "outpatient", "historical"),
        ("s/p CABG", DISCHARGE, "inpatient", "present"),
        ("He underwent CABG on day 2.", COURSE, "inpatient", "present"),
        ("h/o CABG", COURSE, "inpatient", "historical"),
        ("s/p CABG 2014", COURSE, "inpatient", "historical"),
        ("Underwent CABG", PROCEDURES, "outpatient", "present"),
        ("Underwent CABG today", HPI, "outpatient", "present"),
    ],
)
def test_what_was_done_before_this_encounter_is_past(
    text: str, section: SectionKind, setting: str, expected: str
) -> None:
    """The operation of a stay belongs to it; one that is told with `history of` or an earlier year does not."""
    assert read(text, section, setting) == expected


@pytest.mark.parametrize(
    ("text", "section", "expected"),
    [
        ("CABG, then clinic", PLAN, "hypothetical"),
        ("CABG done today", PLAN, "present"),
        ("CABG in 2 weeks", HPI, "hypothetical"),
        ("CABG if angina persists", HPI, "hypothetical"),
        ("Possible CABG", HPI, "hypothetical"),
        ("Refuses CABG", PLAN, "negated"),
    ],
)
def test_what_is_planned_is_still_to_come(text: str, section: SectionKind, expected: str) -> None:
    """An operation is never uncertain: it is planned; a refused one is not."""
    assert read(text, section) == expected
