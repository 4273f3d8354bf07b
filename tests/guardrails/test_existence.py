"""Existence: what a coder would hand in, and what the books say to it on the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.existence import (
    code_exists,
    code_is_billable,
    code_is_in_force,
    edition_is_loaded,
    edition_is_official,
    procedure_is_in_its_book,
    system_is_explicit,
)
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem
from medcoding.procedures import (
    ProcedureBook,
    ProcedureCode,
    ProcedureContent,
    ProcedureRelease,
    write_procedure_book,
)
from tests.guardrails.cases import Written, case, said

NOTE = "Type 2 diabetes."
NEXT_EDITION = dt.date(2026, 10, 1)


@pytest.mark.parametrize(
    ("code", "nearest"), [("S06.1Z", "S06.1"), ("E11.229", "E11.22"), ("J18.99", "J18.9"), ("Z1Z.9", None)]
)
def test_a_code_that_does_not_exist_is_removed(fy2026: Codebook, code: str, nearest: str | None) -> None:
    """The nearest existing code is named where there is one."""
    findings = code_exists(case(fy2026, NOTE, code))
    assert said(findings) == [("existence.exists", "reject", (code,))]
    assert (f"below {nearest}." in findings[0].mend) is (nearest is not None)


def test_a_code_of_the_next_edition_is_out_of_force(codebooks: Codebooks) -> None:
    """M72.20 begins on October 1; until then the code above it is billed."""
    fy2026, fy2027 = codebooks.editions
    before = case(fy2026, NOTE, "M72.20", editions=codebooks.editions)
    (finding,) = code_is_in_force(before)
    assert (finding.severity, finding.mend_codes) == ("reject", ("M72.2",))
    assert "begins on 2026-10-01" in finding.message
    assert code_exists(before) == ()
    after = case(fy2027, NOTE, "M72.20", editions=codebooks.editions, date_of_service=NEXT_EDITION)
    assert code_is_in_force(after) == code_is_billable(after) == ()


def test_a_retired_code_leads_to_its_successors(codebooks: Codebooks) -> None:
    """D69.1 ended on September 30, 2026 and was divided in two."""
    retired = case(codebooks.editions[1], NOTE, "D69.1", editions=codebooks.editions, date_of_service=NEXT_EDITION)
    (finding,) = code_is_in_force(retired)
    assert finding.mend_codes == ("D69.11", "D69.19")
    assert "ended on 2026-09-30" in finding.message


def test_without_other_editions_an_unknown_code_is_just_unknown(fy2026: Codebook) -> None:
    """Only one edition is loaded: nothing says that the code will exist later."""
    later = case(fy2026, NOTE, "M72.20")
    assert code_is_in_force(later) == ()
    assert said(code_exists(later)) == [("existence.exists", "reject", ("M72.20",))]


@pytest.mark.parametrize(
    ("code", "children"), [("E11", 0), ("E11.2", 3), ("I50.3", 4), ("E11.22", None), ("S82.61", None)]
)
def test_a_header_is_removed(fy2026: Codebook, code: str, children: int | None) -> None:
    """Its billable codes are named where they are few; one that lacks only its seventh character is not this rule's."""
    findings = code_is_billable(case(fy2026, NOTE, code))
    assert said(findings) == ([] if children is None else [("existence.billable", "reject", (code,))])
    assert [len(finding.mend_codes) for finding in findings] == ([] if children is None else [children])
    assert all(fy2026.is_billable(child) for finding in findings for child in finding.mend_codes)


@pytest.mark.parametrize(
    ("code", "system", "rejected"),
    [
        ("E11.22", CodeSystem.ICD10CM, False),
        ("E1122", CodeSystem.ICD10CM, True),
        ("e11.22", CodeSystem.ICD10CM, True),
        ("diabetes", CodeSystem.ICD10CM, True),
        ("J1100", CodeSystem.HCPCS, False),
        ("D0120", CodeSystem.HCPCS, True),
        ("E1122", CodeSystem.CPT, True),
        ("9ZZZ1", CodeSystem.CPT, False),
    ],
)
def test_a_code_is_written_as_its_system_writes(
    fy2026: Codebook, code: str, system: CodeSystem, *, rejected: bool
) -> None:
    """Dotted, upper case, of the system that is named beside it."""
    findings = system_is_explicit(case(fy2026, NOTE, Written(code, system=system)))
    assert said(findings) == ([("existence.system", "reject", (code,))] if rejected else [])


def test_a_diagnosis_written_without_its_dot_is_mended(fy2026: Codebook) -> None:
    """The finding names the code as it is printed."""
    (finding,) = system_is_explicit(case(fy2026, NOTE, "E1122"))
    assert finding.mend_codes == ("E11.22",)


@pytest.fixture
def hcpcs(tmp_path: Path) -> Iterator[ProcedureBook]:
    """A quarter of three invented supplies: one in force, one ended, one to come."""
    days = {"A0001": (None, None), "A0002": (None, dt.date(2025, 12, 31)), "A0003": (dt.date(2027, 1, 1), None)}
    codes = tuple(
        ProcedureCode(system=CodeSystem.HCPCS, code=code, effective_from=first, effective_to=last)
        for code, (first, last) in days.items()
    )
    release = ProcedureRelease(system=CodeSystem.HCPCS, name="2026 APR", source="invented quarter", dated=True)
    write_procedure_book(tmp_path / "hcpcs.sqlite", ProcedureContent(release, codes))
    book = ProcedureBook(tmp_path / "hcpcs.sqlite")
    yield book
    book.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("A0001", None),
        ("A0002", "ended on 2025-12-31"),
        ("A0003", "begins on 2027-01-01"),
        ("A0009", "not in 2026 APR"),
    ],
)
def test_a_supply_is_held_against_its_file(
    fy2026: Codebook, hcpcs: ProcedureBook, code: str, words: str | None
) -> None:
    """A terminated, a future and an unknown code are removed, each with its reason."""
    line = Written(code, system=CodeSystem.HCPCS)
    findings = procedure_is_in_its_book(case(fy2026, NOTE, line, procedures={CodeSystem.HCPCS: hcpcs}))
    assert [finding.severity for finding in findings] == ([] if words is None else ["reject"])
    assert all(words in finding.message for finding in findings if words)


def test_without_its_file_a_procedure_is_unverifiable(fy2026: Codebook) -> None:
    """Never valid, never wrong: the licensee's file decides. No diagnosis rule speaks of it."""
    procedure = case(fy2026, NOTE, Written("9ZZZ1", system=CodeSystem.CPT))
    (finding,) = procedure_is_in_its_book(procedure)
    assert (finding.severity, "unverifiable" in finding.message) == ("must_resolve", True)
    assert code_exists(procedure) == code_is_billable(procedure) == ()


@pytest.mark.parametrize(
    ("day", "edition"),
    [(dt.date(2025, 9, 30), "FY2026"), (dt.date(2026, 9, 30), None), (dt.date(2026, 10, 1), None),
     (dt.date(2027, 10, 1), "FY2027")],
)  # fmt: skip
def test_without_the_edition_nothing_is_valid(codebooks: Codebooks, day: dt.date, edition: str | None) -> None:
    """Outside every loaded edition the nearest one is named, and a human must look."""
    nearest = codebooks.for_date(day).codebook
    findings = edition_is_loaded(case(nearest, NOTE, "I10", "E11.9", date_of_service=day))
    if edition is None:
        assert findings == ()
    else:
        assert said(findings) == [("existence.edition_loaded", "must_resolve", ("I10", "E11.9"))]
        assert f"{edition} (" in findings[0].message
        assert str(day) in findings[0].mend


def test_a_derived_entry_is_named_as_such(fy2027: Codebook) -> None:
    """Only the codes that the table of changes touched."""
    touched = case(fy2027, NOTE, "M72.20", "I10", date_of_service=NEXT_EDITION)
    assert said(edition_is_official(touched)) == [("existence.edition_official", "advise", ("M72.20",))]
    assert edition_is_official(case(fy2027, NOTE, "I10", "nonsense", date_of_service=NEXT_EDITION)) == ()
