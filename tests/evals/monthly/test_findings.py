"""Audit findings as auditors write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.monthly.findings import COLUMNS, AuditFinding, DisagreementKind, Lane, read_findings
from medcoding.codes import CodeSystem
from medcoding.errors import InputError
from tests.evals.monthly.audited import finding

HEADING = "case_id,date,setting,specialty,lane,age,sex,proposed,final,audited,reasons"
REASONS = "I50.22 specificity: systolic; I50.9: see note"
ROW = f"c1,2026-11,inpatient,cardiology,auto,71,M,I50.9,I50.9@Y hcpcs:J1815,i5022@Y,{REASONS}"


def table(folder: Path, *rows: str, heading: str = HEADING) -> Path:
    """A table of findings."""
    path = folder / "findings.csv"
    path.write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_row_is_a_finding(tmp_path: Path) -> None:
    """Codes in their printed form with indicator and system, a month as its first day, reasons by code."""
    (found,) = read_findings(table(tmp_path, ROW))
    assert (found.case_id, str(found.date), found.month, found.lane) == ("c1", "2026-11-01", "2026-11", Lane.AUTO)
    assert [(c.system, c.code, c.poa) for c in found.final] == [
        (CodeSystem.ICD10CM, "I50.9", "Y"),
        (CodeSystem.HCPCS, "J1815", None),
    ]
    assert [c.code for c in found.audited] == ["I50.22"]
    assert [(r.code, r.kind, r.reason) for r in found.reasons] == [
        ("I50.22", DisagreementKind.SPECIFICITY, "systolic"),
        ("I50.9", None, "see note"),
    ]
    assert (found.patient.age, found.patient.sex) == (71, "M")


def test_json_lines_hold_the_same(tmp_path: Path) -> None:
    """A record written and read again is the same; the order is that of date and case."""
    later, earlier = finding("I10", "I10", "b"), finding("I10", "I11.9", "a", date="2026-10-30")
    path = tmp_path / "findings.jsonl"
    path.write_text(f"{later.model_dump_json()}\n{earlier.model_dump_json()}\n", encoding="utf-8")
    assert read_findings(path) == (earlier, later)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((ROW, ROW), "c1 stands twice in findings.csv"),
        ((), "holds no finding"),
        ((ROW.replace("I50.9,", "zq canary,"),), "Line 2 of findings.csv is not valid: .*is not written like a code"),
        ((ROW.replace("auto", "robot"),), "Line 2 of findings.csv is not valid: lane"),
        ((ROW.replace("71", "old"),), "Line 2 of findings.csv is not valid: patient.age"),
        ((ROW.replace("specificity:", "specificity zq:"),), "reasons are written `code kind: reason`"),
        ((ROW + ",more",), "more cells than the heading"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(rows: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """By line and field, never with the cell's own words."""
    with pytest.raises(InputError, match=said) as refused:
        read_findings(table(tmp_path, *rows))
    assert "canary" not in str(refused.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """Without the auditor's codes there is nothing to compare."""
    with pytest.raises(InputError, match="lacks the column audited"):
        read_findings(table(tmp_path, heading=HEADING.replace(",audited", "")))


def test_columns_cover_the_record() -> None:
    """Every field of a finding can be given in a table."""
    assert set(AuditFinding.model_fields) - {"patient"} <= set(COLUMNS)
