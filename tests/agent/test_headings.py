"""What opens a section."""

from __future__ import annotations

import pytest

from agent.headings import HeadingTable
from medcoding.chart import SectionKind

TABLE = HeadingTable()


def within(line: str) -> list[tuple[str, str]]:
    """The headings inside a line with their kinds."""
    return [(h.title, h.kind.value) for h in TABLE.within(line, 0)]


@pytest.mark.parametrize(
    ("line", "headings"),
    [
        ("Lungs clear. Dx: gout. Plan: rest.", [("Dx", "assessment"), ("Plan", "plan")]),
        ("Seen today. Dx acute bronchitis.", [("Dx", "assessment")]),
        ("Final impression suspected gout.", [("Final impression", "discharge_diagnosis")]),
        ("Impression. Stage four pressure ulcer.", [("Impression", "assessment")]),
        ("Assessment at discharge -> probable TIA.", [("Assessment at discharge", "assessment")]),
        ("Rapid strep POS. Allergies: penicillin.", [("Allergies", "allergies")]),
        ("Her plan is rest. The assessment of gout stands.", []),
        ("BP today: 120/80", []),
    ],
)
def test_headings_stand_within_running_text(line: str, headings: list[tuple[str, str]]) -> None:
    """With a colon, an arrow, as a sentence of their own, or as the short form that only a diagnosis follows."""
    assert within(line) == headings


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Problem | Status", SectionKind.PROBLEM_LIST),
        ("Diagnosis\tAssessment\tPlan", SectionKind.ASSESSMENT_PLAN),
        ("| Medication | Dose |", SectionKind.MEDICATIONS),
        ("Relative | Condition", SectionKind.FAMILY_HISTORY),
        ("Problem 1 | gout", None),
        ("Problem", None),
        ("Gout | stable", None),
    ],
)
def test_the_first_column_names_a_table(line: str, kind: SectionKind | None) -> None:
    """A plan beside the problem makes the table an assessment and plan."""
    assert TABLE.of_table(line) is kind


def test_a_row_with_a_code_is_one_of_a_problem_list() -> None:
    """Printed problem lists carry the code of each entry."""
    assert TABLE.is_row_of_diagnoses("| COPD | J44.9 | active |")
    assert not TABLE.is_row_of_diagnoses("| Na | 134 | low |")
