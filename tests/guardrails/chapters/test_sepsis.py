"""Sepsis, severe sepsis, shock, SIRS."""

from __future__ import annotations

import pytest

from guardrails.chapters.sepsis import (
    hemolytic_uremic_syndrome_first,
    postprocedural_infection_first,
    postprocedural_sepsis,
    postprocedural_shock,
    sepsis_before_local_infection,
    severe_sepsis_behind_infection,
    severe_sepsis_needs_infection,
    severe_sepsis_needs_organ,
    severe_sepsis_never_first,
    shock_replaces_severe_sepsis,
    sirs_beside_severe_sepsis,
    sirs_is_not_infectious,
    sirs_never_first,
    sirs_organ,
    urosepsis_is_no_diagnosis,
)
from medcoding.codebook import Codebook
from tests.guardrails.cases import Written, case, said
from tests.guardrails.chapters.rows import SEEN, Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(severe_sepsis_never_first, "R65.20 A41.9 N17.9", "resolve R65.20"),
        row(severe_sepsis_never_first, "A41.9 R65.20 N17.9"),
        row(severe_sepsis_behind_infection, "N17.9 R65.20 A41.9", "resolve R65.20"),
        row(severe_sepsis_behind_infection, "T81.44XA A41.02 R65.20 N17.9"),
        row(severe_sepsis_needs_infection, "J18.9 R65.20 N17.9", "resolve R65.20"),
        row(severe_sepsis_needs_infection, "O85 B95.0 R65.20 N17.9"),
        row(severe_sepsis_needs_organ, "A41.9 J18.9 R65.20", "resolve R65.20"),
        row(severe_sepsis_needs_organ, "A41.9 R65.20 J96.01"),
        row(shock_replaces_severe_sepsis, "A41.52 R65.20 R65.21 J96.01", "reject R65.20"),
        row(shock_replaces_severe_sepsis, "A41.52 R65.21 J96.01"),
        row(sirs_beside_severe_sepsis, "A41.9 R65.20 R65.11 N17.9", "reject R65.11"),
        row(sirs_beside_severe_sepsis, "K85.10 R65.10"),
        row(sirs_is_not_infectious, "A41.9 R65.10", "resolve R65.10"),
        row(sirs_is_not_infectious, "K85.10 R65.10"),
        row(sirs_never_first, "R65.10 K85.10", "resolve R65.10"),
        row(sirs_never_first, "K85.10 R65.10"),
        row(sirs_organ, "T67.02XA R65.11", "resolve R65.11"),
        row(sirs_organ, "T67.02XA R65.11 N17.9"),
    ],
)
def test_severity_of_sepsis(fy2026: Codebook, given: Row) -> None:
    """Infection, then R65.2-, then organs; one code of R65 (I.C.1.d.1, I.C.1.d.2, I.C.1.d.3, I.C.1.d.6, I.C.18.g)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(sepsis_before_local_infection, "J18.9 A41.9", "advise J18.9", setting="inpatient"),
        row(sepsis_before_local_infection, "A41.9 J18.9", setting="inpatient"),
        row(sepsis_before_local_infection, "K35.80 J18.9", setting="inpatient"),
        row(postprocedural_shock, "T81.43XA A41.51 T81.12XA R65.21", "reject R65.21"),
        row(postprocedural_shock, "T81.43XA A41.51 T81.12XA J96.01"),
        row(postprocedural_infection_first, "A41.01 T80.211A", "resolve A41.01"),
        row(postprocedural_infection_first, "T80.211A A41.01"),
        row(postprocedural_sepsis, "T81.42XA A41.02", "advise T81.42XA"),
        row(postprocedural_sepsis, "T81.42XA T81.44XA A41.02"),
        row(hemolytic_uremic_syndrome_first, "A40.3 D59.31 N17.9", "resolve A40.3"),
        row(hemolytic_uremic_syndrome_first, "D59.31 A40.3 N17.9"),
        row(urosepsis_is_no_diagnosis, "A41.9", "resolve A41.9", "Urosepsis, start ceftriaxone."),
        row(urosepsis_is_no_diagnosis, "A41.9", "", "Sepsis due to a urinary infection."),
    ],
)
def test_sepsis_beside_its_source(fy2026: Codebook, given: Row) -> None:
    """Local infection, procedure, syndrome: what leads, and what no code allows (I.C.1.d.4, I.C.1.d.5, I.C.1.d.9)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(("poa", "severity"), [("Y", "must_resolve"), ("N", None), (None, "advise")])
def test_presence_on_admission_decides_the_order(fy2026: Codebook, poa: str | None, severity: str | None) -> None:
    """Sepsis that was there at admission leads; sepsis that arose later does not (I.C.1.d.4)."""
    given = case(fy2026, SEEN, "L03.115", Written("A41.9", poa=poa), setting="inpatient")
    expected = [] if severity is None else [("sepsis.before_local_infection", severity, ("L03.115", "A41.9"))]
    assert said(sepsis_before_local_infection(given)) == expected
