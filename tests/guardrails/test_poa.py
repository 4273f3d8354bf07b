"""Present on admission: the indicator, the exempt list, and the words of the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.poa import (
    every_code_has_one,
    exempt_codes_are_exempt,
    indicator_agrees_with_record,
    indicator_is_one,
    inpatients_only,
    principal_was_present,
)
from medcoding.codebook import Codebook, CodebookEntry, Edition, EditionContent, write_codebook
from tests.guardrails.cases import Written, case, said

CODES = ("I10", "J18.9", "L89.153", "Z79.4", "Q21.10", "O72.1")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Codebook]:
    """Six codes of which the long-term insulin is exempt."""
    edition = Edition(
        name="FY2026",
        effective_from=dt.date(2025, 10, 1),
        effective_to=dt.date(2026, 9, 30),
        status="official",
        source="six codes",
        poa_exempt_from="one code",
    )
    entries = [
        CodebookEntry(code=c, parent=None, kind="subcategory", title=c, billable=True, status="official") for c in CODES
    ]
    write_codebook(tmp_path / "book.sqlite", EditionContent(edition, entries, frozenset({"Z79.4"})))
    opened = Codebook(tmp_path / "book.sqlite")
    yield opened
    opened.close()


def test_an_indicator_that_does_not_exist(book: Codebook) -> None:
    """`E` was once used by some; nothing but Y, N, U, W and 1 is reported."""
    stay = case(book, "Pneumonia.", Written("J18.9", poa="E"), Written("I10", poa="W"), setting="inpatient")
    assert said(indicator_is_one(stay)) == [("poa.value", "must_resolve", ("J18.9",))]


@pytest.mark.parametrize(
    ("code", "poa", "mend"),
    [
        ("Z79.4", "Y", "Leave the indicator blank."),
        ("Z79.4", "1", None),
        ("Z79.4", None, None),
        ("I10", "1", "Mark it Y, N, U or W."),
        ("I10", "Y", None),
    ],
)
def test_the_exempt_list_decides(book: Codebook, code: str, poa: str | None, mend: str | None) -> None:
    """Exempt codes carry no indicator today, 1 on older claims; others never do."""
    findings = exempt_codes_are_exempt(case(book, "Seen.", Written(code, poa=poa), setting="inpatient"))
    assert [finding.mend for finding in findings] == ([mend] if mend else [])


def test_without_a_list_nothing_is_held_against_a_code(fy2026: Codebook) -> None:
    """The edition came without its list of exempt codes."""
    stay = case(fy2026, "Seen.", Written("Z79.4", poa="Y"), Written("I10", poa="1"), setting="inpatient")
    assert exempt_codes_are_exempt(stay) == ()


def test_without_a_list_exempt_categories_need_none(fy2026: Codebook) -> None:
    """Long-term insulin and an old fracture are exempt in every year; a palliative encounter is not (appendix I)."""
    stay = case(fy2026, "Seen.", "Z79.4", "S82.61XD", "Z51.5", setting="inpatient")
    assert [finding.codes for finding in every_code_has_one(stay)] == [("Z51.5",)]


def test_outpatients_have_none(book: Codebook) -> None:
    """An indicator on a visit is left out; a visit without any is in order."""
    visit = case(book, "Seen.", Written("I10", poa="Y"), "J18.9")
    assert said(inpatients_only(visit)) == [("poa.setting", "advise", ("I10",))]
    assert every_code_has_one(visit) == ()


def test_a_missing_indicator_is_proposed_where_it_follows(book: Codebook) -> None:
    """From the chapter, the principal role and the words of the record; the rest is left to a person, and exempt codes
    need none."""
    note = "Pneumonia. Hospital-acquired pressure ulcer. Hypertension. On insulin. Congenital heart defect."
    lines = (
        Written("J18.9", "Pneumonia"),
        Written("L89.153", "pressure ulcer"),
        Written("I10", "Hypertension"),
        Written("Z79.4", "On insulin"),
        Written("Q21.10", "Congenital heart defect"),
    )
    (finding,) = every_code_has_one(case(book, note, *lines, setting="inpatient"))
    assert finding.mend == "Proposed: J18.9 Y, L89.153 N, Q21.10 Y; decide the others from the record."
    assert finding.codes == ("J18.9", "L89.153", "I10", "Q21.10")
    assert finding.severity == "advise"


@pytest.mark.parametrize(
    ("note", "quote", "poa", "severity"),
    [
        ("Hospital-acquired pneumonia.", "Hospital-acquired pneumonia", "Y", "must_resolve"),
        ("Hospital-acquired pneumonia.", "Hospital-acquired pneumonia", "N", None),
        ("Pneumonia on hospital day 3.", "Pneumonia", "Y", "advise"),
        ("Pneumonia present on admission.", "Pneumonia present on admission", "N", "must_resolve"),
        ("Pneumonia, not present on admission.", "Pneumonia, not present on admission", "Y", "must_resolve"),
        ("Pneumonia.", "Pneumonia", "N", None),
        ("Pneumonia present on admission, ulcer developed during the stay.", "Pneumonia", "N", None),
    ],
)
def test_the_indicator_agrees_with_the_words(
    book: Codebook, note: str, quote: str, poa: str, severity: str | None
) -> None:
    """Words in the quote press, words around it advise, words for both say nothing."""
    stay = case(book, note, "I10", Written("J18.9", quote, poa=poa), setting="inpatient")
    findings = indicator_agrees_with_record(stay)
    assert [finding.severity for finding in findings] == ([severity] if severity else [])


@pytest.mark.parametrize(("code", "asked"), [("J18.9", True), ("O72.1", False)])
def test_a_principal_diagnosis_was_there(book: Codebook, code: str, *, asked: bool) -> None:
    """What came later is no reason for the admission; a delivery may take its principal diagnosis from its course."""
    stay = case(book, "Seen.", Written(code, poa="N"), setting="inpatient")
    assert bool(principal_was_present(stay)) is asked
