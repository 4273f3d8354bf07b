"""Diabetes, its drugs, obesity."""

from __future__ import annotations

import pytest

from guardrails.chapters.diabetes import (
    briefly_given_insulin,
    drug_behind_its_diabetes,
    drug_induced_names_the_drug,
    drug_needs_diabetes,
    drugs_of_diabetes,
    high_sugar_is_in_the_code,
    hypoglycemia_is_in_the_code,
    plain_beside_complication,
    presumed_link,
    presymptomatic_beside_disease,
    pump_failure_first,
    pump_failure_names_dose,
    remission_without_drugs,
    removed_pancreas,
    type_must_be_stated,
)
from guardrails.chapters.obesity import (
    class_fits_the_index,
    index_fits_the_age,
    index_needs_a_diagnosis,
    no_index_in_pregnancy,
)
from medcoding.codebook import Codebook
from tests.guardrails.cases import mention
from tests.guardrails.chapters.rows import Row, holds, row

METFORMIN = "Type 2 diabetes, metformin 1000 mg twice a day."


@pytest.mark.parametrize(
    "given",
    [
        row(type_must_be_stated, "E10.9", "resolve E10.9", "Diabetes, on insulin since age 12."),
        row(type_must_be_stated, "E10.9", "", "T1DM since age 12."),
        row(type_must_be_stated, "E11.9", "", "Diabetes, on insulin."),
        row(plain_beside_complication, "E11.22 E11.9 N18.32", "reject E11.9"),
        row(plain_beside_complication, "E11.22 E11.42"),
        row(presumed_link, "E11.9 N18.32", "resolve N18.32"),
        row(presumed_link, "E11.22 N18.32"),
        row(presumed_link, "E11.9 N18.32", "", "CKD 3b is not due to diabetes."),
        row(presymptomatic_beside_disease, "E10.9 E10.A1", "resolve E10.A1"),
        row(presymptomatic_beside_disease, "E10.A1"),
        row(removed_pancreas, "E11.9 E89.1 Z90.410", "resolve E11.9"),
        row(removed_pancreas, "E13.9 E89.1 Z90.410"),
        row(drug_induced_names_the_drug, "E09.65 Z79.52", "resolve E09.65"),
        row(drug_induced_names_the_drug, "E09.65 T38.0X5A Z79.52"),
        row(drug_behind_its_diabetes, "T38.0X5A E09.65", "resolve T38.0X5A"),
        row(drug_behind_its_diabetes, "E09.65 T38.0X5A"),
        row(drug_behind_its_diabetes, "T38.0X1A E09.65"),
        row(hypoglycemia_is_in_the_code, "E11.9 E16.2", "resolve E16.2"),
        row(hypoglycemia_is_in_the_code, "E11.649 E16.A2"),
        row(high_sugar_is_in_the_code, "E11.65 R73.9", "reject R73.9"),
        row(high_sugar_is_in_the_code, "R73.9 T38.0X5A"),
    ],
)
def test_kind_of_diabetes(fy2026: Codebook, given: Row) -> None:
    """Type 2 by default, complications joined, causes named (I.C.4.a.2, I.A.15, I.C.4.a.6)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(briefly_given_insulin, "E11.9 Z79.4", "resolve Z79.4", "Sliding-scale insulin while inpatient."),
        row(briefly_given_insulin, "E11.9 Z79.4", "", "Insulin glargine 22 units at bedtime."),
        row(drug_needs_diabetes, "I10 Z79.4", "resolve Z79.4"),
        row(drug_needs_diabetes, "I50.22 Z79.84", "resolve Z79.84"),
        row(drug_needs_diabetes, "E66.812 Z79.85"),
        row(
            drugs_of_diabetes, "E11.9", "advise E11.9", METFORMIN, mentions=(mention(METFORMIN, "metformin", "Z79.84"),)
        ),
        row(drugs_of_diabetes, "E11.9 Z79.84", "", METFORMIN, mentions=(mention(METFORMIN, "metformin", "Z79.84"),)),
        row(remission_without_drugs, "E11.A Z79.84", "advise E11.A"),
        row(remission_without_drugs, "E11.A Z98.84"),
        row(pump_failure_first, "E10.10 T85.614A T38.3X6A", "resolve E10.10"),
        row(pump_failure_first, "T85.614A T38.3X6A E10.10"),
        row(pump_failure_names_dose, "T85.614A E10.10", "advise T85.614A"),
        row(pump_failure_names_dose, "T85.614A T38.3X6A E10.10"),
    ],
)
def test_drugs_of_diabetes(fy2026: Codebook, given: Row) -> None:
    """Lasting use alone, each group of drugs, the pump ahead of the drug (I.C.4.a.3, I.C.4.a.5)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(index_needs_a_diagnosis, "J30.1 Z68.36", "resolve Z68.36"),
        row(index_needs_a_diagnosis, "E66.812 Z68.36"),
        row(no_index_in_pregnancy, "O99.213 E66.813 Z68.41", "reject Z68.41"),
        row(no_index_in_pregnancy, "E66.813 Z68.41"),
        row(index_fits_the_age, "E66.812 Z68.36", "resolve Z68.36", age=12),
        row(index_fits_the_age, "E66.811 Z68.54", "resolve Z68.54", age=40),
        row(index_fits_the_age, "E66.812 Z68.36", age=20),
        row(index_fits_the_age, "E66.812 Z68.36"),
        row(class_fits_the_index, "E66.811 Z68.41", "advise E66.811"),
        row(class_fits_the_index, "E66.812 Z68.36"),
    ],
)
def test_body_mass_index(fy2026: Codebook, given: Row) -> None:
    """A detail beside the provider's diagnosis, by age, never in pregnancy (I.B.14, I.C.21.c.3)."""
    assert holds(given, fy2026)
