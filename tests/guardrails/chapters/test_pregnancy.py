"""Pregnancy and what complicates it."""

from __future__ import annotations

import pytest

from guardrails.chapters.pregnancy import (
    child_of_the_mother,
    completed_weeks,
    fetus_of_a_single_pregnancy,
    high_risk_supervision_is_prenatal,
    incidental_is_documented,
    incidental_or_not,
    mother_or_child,
    no_weeks_beside_incidental,
    normal_supervision_stands_alone,
    obstetric_codes_first,
    trimester_fits_weeks,
    weeks_are_reported,
    weeks_end_with_pregnancy,
    weeks_need_pregnancy,
)
from guardrails.chapters.pregnancy_partners import (
    bleeding_after_abortion,
    disease_behind_its_obstetric_code,
    disease_has_its_obstetric_code,
    essential_hypertension_is_in_the_code,
    gestational_diabetes_alone,
    gestational_diabetes_holds_drugs,
    known_diabetes_names_its_type,
    known_hypertension_names_its_kind,
    late_effect_behind,
    one_control_of_gestational_diabetes,
    other_disease_has_its_obstetric_code,
    puerperal_sepsis_names_the_germ,
)
from medcoding.codebook import Codebook
from tests.guardrails.cases import mention
from tests.guardrails.chapters.rows import Row, holds, row

WEEKS = "Preeclampsia at 33 weeks gestation."


@pytest.mark.parametrize(
    "given",
    [
        row(obstetric_codes_first, "J12.82 O98.513 U07.1", "resolve J12.82"),
        row(obstetric_codes_first, "O98.513 U07.1 J12.82"),
        row(obstetric_codes_first, "E23.0 O94"),
        row(incidental_or_not, "O9A.212 S93.401A Z33.1", "reject Z33.1"),
        row(incidental_or_not, "S61.211A Z33.1"),
        row(incidental_is_documented, "S61.211A Z33.1", "resolve Z33.1", "Finger cut. 11 weeks pregnant."),
        row(incidental_is_documented, "S61.211A Z33.1", "", "Finger cut; the pregnancy is incidental."),
        row(no_weeks_beside_incidental, "S61.211A Z33.1 Z3A.11", "reject Z3A.11"),
        row(no_weeks_beside_incidental, "Z34.02 Z3A.22"),
        row(normal_supervision_stands_alone, "O99.332 Z34.92", "reject Z34.92"),
        row(normal_supervision_stands_alone, "Z34.92 Z3A.20"),
        row(high_risk_supervision_is_prenatal, "O09.523 Z37.0", "reject O09.523"),
        row(high_risk_supervision_is_prenatal, "O09.523 Z3A.28"),
        row(mother_or_child, "O36.5930 P05.9", "reject P05.9"),
        row(mother_or_child, "P05.9"),
        row(child_of_the_mother, "Z38.00 O98.52 Z37.0", "reject O98.52 Z37.0", setting="inpatient", age=0),
        row(child_of_the_mother, "O80 Z37.0", age=28),
        row(fetus_of_a_single_pregnancy, "O36.5931 Z3A.34", "resolve O36.5931"),
        row(fetus_of_a_single_pregnancy, "O36.5932 O30.033"),
        row(fetus_of_a_single_pregnancy, "O36.5930"),
    ],
)
def test_pregnancy_first(fy2026: Codebook, given: Row) -> None:
    """Chapter 15 leads on the mother's record alone, and one fetus has no number (I.C.15.a, I.C.15.b, I.C.16.a.1)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(weeks_end_with_pregnancy, "O03.4 Z3A.09", "reject Z3A.09"),
        row(weeks_end_with_pregnancy, "O20.0 Z3A.09"),
        row(weeks_need_pregnancy, "I10 Z3A.20", "resolve Z3A.20"),
        row(weeks_need_pregnancy, "Z3A.20 O10.012", "resolve Z3A.20"),
        row(weeks_need_pregnancy, "O10.012 Z3A.20"),
        row(completed_weeks, "Z34.03 Z3A.40", "resolve Z3A.40", "Prenatal visit, 39w6d."),
        row(completed_weeks, "Z34.03 Z3A.39", "", "Prenatal visit, 39w6d."),
        row(completed_weeks, "Z34.03 Z3A.39", "", "Prenatal visit, see her in 2 weeks."),
        row(trimester_fits_weeks, "O09.522 Z3A.28", "resolve O09.522"),
        row(trimester_fits_weeks, "O99.210 Z3A.28", "resolve O99.210"),
        row(trimester_fits_weeks, "O09.523 Z3A.28"),
        row(weeks_are_reported, "O14.03", "advise O14.03", WEEKS, mentions=(mention(WEEKS, "33 weeks", "Z3A.33"),)),
        row(weeks_are_reported, "O14.03 Z3A.33", "", WEEKS, mentions=(mention(WEEKS, "33 weeks", "Z3A.33"),)),
    ],
)
def test_weeks_and_trimester(fy2026: Codebook, given: Row) -> None:
    """Completed weeks, while she is pregnant, and the trimester that follows (I.C.15.a.3, I.C.15.a.7, I.C.21.c.11)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(disease_has_its_obstetric_code, "O99.213 E11.65", "resolve E11.65"),
        row(disease_has_its_obstetric_code, "O21.0 F17.210", "resolve F17.210"),
        row(disease_has_its_obstetric_code, "O98.713 Z21"),
        row(disease_has_its_obstetric_code, "E11.65"),
        row(other_disease_has_its_obstetric_code, "O21.0 D50.9", "advise D50.9"),
        row(other_disease_has_its_obstetric_code, "O99.013 D50.9"),
        row(disease_behind_its_obstetric_code, "O21.0 E11.65 O24.111", "resolve E11.65"),
        row(disease_behind_its_obstetric_code, "O24.111 E11.65"),
        row(known_diabetes_names_its_type, "O24.111 Z79.4", "resolve O24.111"),
        row(known_diabetes_names_its_type, "O24.111 E11.65 Z79.4"),
        row(gestational_diabetes_alone, "O24.414 E11.9", "resolve E11.9"),
        row(gestational_diabetes_alone, "O24.414"),
        row(gestational_diabetes_holds_drugs, "O24.414 Z79.4", "reject Z79.4"),
        row(gestational_diabetes_holds_drugs, "O24.111 E11.65 Z79.4"),
        row(one_control_of_gestational_diabetes, "O24.410 O24.414", "resolve O24.410"),
        row(one_control_of_gestational_diabetes, "O24.414"),
        row(known_hypertension_names_its_kind, "O10.212 N18.31", "resolve O10.212"),
        row(known_hypertension_names_its_kind, "O10.212 I12.9 N18.31"),
        row(essential_hypertension_is_in_the_code, "O10.012 I10", "reject I10"),
        row(essential_hypertension_is_in_the_code, "I10"),
        row(puerperal_sepsis_names_the_germ, "O85 A40.0", "reject A40.0"),
        row(puerperal_sepsis_names_the_germ, "O85 O86.04", "resolve O85"),
        row(puerperal_sepsis_names_the_germ, "O86.04 A41.01"),
        row(bleeding_after_abortion, "O04.6 O72.1", "reject O72.1"),
        row(bleeding_after_abortion, "O72.1 Z37.0"),
        row(late_effect_behind, "O94 E23.0", "resolve O94"),
        row(late_effect_behind, "E23.0 O94"),
    ],
)
def test_diseases_in_pregnancy(fy2026: Codebook, given: Row) -> None:
    """Each stands behind its obstetric code, and what that code says is not said twice (I.C.15.d to I.C.15.s)."""
    assert holds(given, fy2026)


def test_the_trimester_of_the_weeks_is_offered(fy2026: Codebook) -> None:
    """The mend is the sibling of that trimester for the same fetus (I.C.15.a.3)."""
    given = Row(trimester_fits_weeks, "O36.5920 Z3A.34", "", WEEKS, {})
    assert [finding.mend_codes for finding in given.findings(fy2026)] == [("O36.5930",)]
