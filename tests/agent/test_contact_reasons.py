"""Why the patient is here, told in several words."""

from __future__ import annotations

import pytest

from agent.contact_reasons import ContactReasons
from agent.tables import rows
from medcoding.codebook import Codebook
from medcoding.encounter import Setting

REASONS = ContactReasons()


def codes(text: str, age: int = 50, setting: str = "outpatient") -> set[str]:
    """The codes of the reasons that a sentence tells."""
    return {reason.code for reason in REASONS.find(text, age, Setting(setting))}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Shingrix dose 2 given in the left deltoid.", "Z23"),
        ("Here for her seasonal flu vaccine.", "Z23"),
        ("Patient here for chemotherapy, counts fine.", "Z51.11"),
        ("R-CHOP cycle 5 today, tolerated well.", "Z51.11"),
        ("Cycle 2 nivolumab infused.", "Z51.12"),
        ("Fraction 4 of 30 to the chest wall.", "Z51.0"),
        ("Alteplase started at the referring hospital.", "Z92.82"),
        ("He has been sleeping in his car since May.", "Z59.02"),
        ("Carrier of a pathogenic BRCA2 variant.", "Z15.01"),
        ("Budesonide inhaler every morning for years.", "Z79.51"),
        ("Skipped hemodialysis on Monday.", "Z91.158"),
        ("Unassisted vaginal delivery at term.", "O80"),
        ("Six weeks after total knee replacement, walking well.", "Z47.1"),
        ("Stents in the RCA, no angina.", "Z95.5"),
    ],
)
def test_what_was_done_and_when_tells_the_reason(text: str, code: str) -> None:
    """Guideline I.C.21.c: vaccination, chemotherapy, radiation, lytics given elsewhere, social circumstances."""
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "Declined the influenza vaccine.",
        "Flu shot already given at the pharmacy.",
        "Completed FOLFOX cycle 12 last year.",
        "Fatigue from chemotherapy cycle 3.",
        "No evidence of recurrence of the infection.",
        "Fluticasone nasal spray as needed.",
        "BRCA1 negative, no pathogenic variant.",
        "Lives in his own house.",
    ],
)
def test_what_was_not_done_today_tells_none(text: str) -> None:
    """What was declined, done before or elsewhere, or only named, is no reason for this contact."""
    assert not codes(text)


def test_a_cycle_is_the_reason_of_a_stay_only_where_it_is_admitted_for() -> None:
    """Guideline I.C.2.e.2: a stay for a complication is not a stay for the chemotherapy."""
    assert codes("Admitted for HiDAC cycle 2.", setting="inpatient") == {"Z51.11"}
    assert not codes("HiDAC cycle 2 in May, now fever.", setting="inpatient")


@pytest.mark.parametrize(
    ("text", "age", "code"),
    [
        ("Suspected sexual abuse was examined for and ruled out.", 9, "Z04.42"),
        ("Alleged sexual assault ruled out.", 24, "Z04.41"),
        ("Suspected infection ruled out after 36 h of cultures.", 0, "Z05.1"),
        ("Suspected cardiac condition excluded by echo.", 0, "Z05.0"),
    ],
)
def test_what_was_suspected_and_ruled_out_was_observed(text: str, age: int, code: str) -> None:
    """Guidelines I.C.16.b and I.C.21.c.6: observation for a condition that was not found."""
    assert codes(text, age) == {code}


def test_every_code_of_the_table_stands_in_the_book(fy2027: Codebook) -> None:
    """Codes and stems of the table lead to billable codes."""
    for row in rows("contact_reasons.tsv"):
        assert fy2027.is_billable(row["code"]) or fy2027.billable_under(row["code"]), row["code"]
