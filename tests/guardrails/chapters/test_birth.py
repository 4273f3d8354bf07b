"""Delivery, the newborn, congenital anomalies."""

from __future__ import annotations

import pytest

from guardrails.chapters.delivery import (
    childbirth_needs_outcome,
    complication_in_childbirth,
    delivery_names_its_outcome,
    normal_delivery_alone,
    normal_delivery_at_term,
    normal_delivery_first,
    normal_delivery_is_one_live_child,
    outcome_is_of_this_record,
    outcome_needs_delivery,
    routine_care_after_birth,
)
from guardrails.chapters.newborn import (
    birth_first,
    birth_is_of_this_stay,
    birth_not_after_transfer,
    built_in_feature,
    corrected_anomaly_is_history,
    newborn_condition_in_chapter_16,
    newborn_sepsis_in_chapter_16,
    newborn_sepsis_names_the_germ,
    observation_of_the_healthy,
    prematurity_is_documented,
    stillbirth_alone,
    weight_before_weeks,
)
from guardrails.chapters.pregnancy import high_risk_supervision_is_prenatal
from guardrails.check import check, rejected_codes
from medcoding.codebook import Codebook
from tests.guardrails.cases import case
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(delivery_names_its_outcome, "O70.1 Z3A.39", "resolve O70.1"),
        row(delivery_names_its_outcome, "O70.1 Z37.0 Z3A.39"),
        row(outcome_needs_delivery, "I10 Z37.0", "resolve Z37.0"),
        row(outcome_needs_delivery, "Z37.0 O70.1", "resolve Z37.0"),
        row(outcome_needs_delivery, "Z33.2 Z37.0"),
        row(outcome_is_of_this_record, "Z39.2 Z37.0", "reject Z37.0"),
        row(outcome_is_of_this_record, "O80 Z37.0"),
        row(normal_delivery_alone, "O70.1 O80 Z37.0", "reject O80"),
        row(normal_delivery_alone, "O80 Z37.0 J45.20"),
        row(normal_delivery_alone, "O80 O09.523 Z37.0 Z3A.39"),
        row(high_risk_supervision_is_prenatal, "O80 O09.523 Z37.0 Z3A.39", "reject O09.523"),
        row(normal_delivery_first, "J45.20 O80 Z37.0", "resolve O80"),
        row(normal_delivery_first, "O80 Z37.0"),
        row(normal_delivery_is_one_live_child, "O80 Z37.2", "reject O80"),
        row(normal_delivery_is_one_live_child, "O80 Z37.0"),
        row(normal_delivery_at_term, "O80 Z37.0 Z3A.35", "resolve O80"),
        row(normal_delivery_at_term, "O80 Z37.0 Z3A.39"),
        row(complication_in_childbirth, "O99.283 E03.9 Z37.0", "resolve O99.283"),
        row(complication_in_childbirth, "O32.2XX2 O30.043 Z37.2"),
        row(childbirth_needs_outcome, "O98.52 U07.1", "resolve O98.52"),
        row(childbirth_needs_outcome, "O98.52 U07.1 Z37.0"),
        row(routine_care_after_birth, "Z39.0 O80", "reject O80"),
        row(routine_care_after_birth, "Z39.0"),
    ],
)
def test_delivery(fy2026: Codebook, given: Row) -> None:
    """A delivery has one outcome; O80 stands first, at term and alone (I.C.15.b.5, I.C.15.n, I.C.15.a.3)."""
    assert holds(given, fy2026)


def test_supervision_gives_way_to_the_delivery(fy2026: Codebook) -> None:
    """Of a normal delivery after a supervised pregnancy O09 goes and O80 is left (I.C.15.b.2)."""
    delivered = case(fy2026, "Elderly multigravida, normal delivery at 39 weeks.", "O80", "O09.523", "Z37.0", "Z3A.39")
    assert rejected_codes(check(delivered)) == {"O09.523"}


@pytest.mark.parametrize(("code", "mend"), [("O99.283", "O99.284"), ("O24.113", "O24.12"), ("O99.013", "O99.02")])
def test_the_code_for_childbirth_is_offered(fy2026: Codebook, code: str, mend: str) -> None:
    """It stands beside the trimesters, or one entry above them (I.C.15.a.3)."""
    given = Row(complication_in_childbirth, f"{code} Z37.0", "", "Delivered today.", {})
    assert [finding.mend_codes for finding in given.findings(fy2026)] == [(mend,)]


@pytest.mark.parametrize(
    "given",
    [
        row(birth_first, "Z05.1 Z38.00", "resolve Z38.00", setting="inpatient", age=0),
        row(birth_first, "Z38.00 Z05.1", setting="inpatient", age=0),
        row(birth_is_of_this_stay, "Z38.00", "reject Z38.00", age=0),
        row(birth_is_of_this_stay, "Z38.00", "reject Z38.00", setting="inpatient", age=2),
        row(birth_is_of_this_stay, "Z38.00", setting="inpatient", age=0),
        row(birth_not_after_transfer, "Z38.00", "resolve Z38.00", "Transferred from County.", setting="inpatient"),
        row(birth_not_after_transfer, "Z38.00", "", "Born here by vaginal delivery.", setting="inpatient"),
        row(newborn_condition_in_chapter_16, "Z38.00 J96.01", "resolve J96.01", setting="inpatient", age=0),
        row(newborn_condition_in_chapter_16, "J96.01", "", "Nine months old, bronchiolitis.", age=0),
        row(newborn_condition_in_chapter_16, "R50.9", "resolve R50.9", "12-day-old with fever.", age=0),
        row(newborn_sepsis_in_chapter_16, "P36.4 A41.51", "reject A41.51", age=0),
        row(newborn_sepsis_in_chapter_16, "A41.51", age=0),
        row(newborn_sepsis_names_the_germ, "P36.4 B96.20", "reject B96.20", age=0),
        row(newborn_sepsis_names_the_germ, "P36.8 B96.1", age=0),
        row(observation_of_the_healthy, "Z38.00 Z05.1 P36.9", "resolve Z05.1", age=0),
        row(observation_of_the_healthy, "Z38.00 Z05.1", age=0),
        row(weight_before_weeks, "Z38.01 P07.36 P07.17", "resolve P07.36", age=0),
        row(weight_before_weeks, "Z38.01 P07.17 P07.36", age=0),
        row(prematurity_is_documented, "Z38.00 P07.36", "resolve P07.36", "Baby boy, 2,100 g.", age=0),
        row(prematurity_is_documented, "Z38.00 P07.36", "", "Preterm boy, 33 weeks.", age=0),
        row(stillbirth_alone, "P95 P07.18", "reject P07.18"),
        row(stillbirth_alone, "P95"),
        row(corrected_anomaly_is_history, "Q21.0", "resolve Q21.0", "VSD repaired at age 2, no leak."),
        row(corrected_anomaly_is_history, "Q21.0", "", "VSD, not repaired, followed by cardiology."),
        row(built_in_feature, "Q21.3 Q21.0", "resolve Q21.0"),
        row(built_in_feature, "Q21.0"),
    ],
)
def test_newborn(fy2026: Codebook, given: Row) -> None:
    """Birth once and first, conditions in chapter 16, anomalies while they are there (I.C.16, I.C.17)."""
    assert holds(given, fy2026)
