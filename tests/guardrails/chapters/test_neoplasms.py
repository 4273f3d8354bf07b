"""Neoplasms and the encounters for them."""

from __future__ import annotations

import pytest

from guardrails.chapters.neoplasm_care import (
    brachytherapy_is_no_z51,
    cancer_status_never_first,
    follow_up_of_present_cancer,
    one_receptor_status,
    preventive_removal_has_no_cancer,
    radiation_ends_with_history,
    therapy_first,
    therapy_needs_cancer,
)
from guardrails.chapters.neoplasms import (
    anemia_behind_cancer,
    anemia_from_chemotherapy,
    anemia_needs_cancer,
    cancer_in_pregnancy,
    cancer_in_transplant,
    former_beside_present,
    implant_lymphoma_is_no_complication,
    lymphoma_beyond_nodes,
    one_cause_of_anemia,
    spread_names_its_primary,
    symptom_ahead_of_cancer,
    unknown_primary,
    widespread_without_sites,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(therapy_first, "C18.7 Z51.11", "resolve Z51.11"),
        row(therapy_first, "Z51.11 Z51.12 C34.32"),
        row(therapy_first, "O9A.112 C50.412 Z51.11"),
        row(therapy_needs_cancer, "Z51.11 Z85.038", "resolve Z51.11"),
        row(therapy_needs_cancer, "Z51.11 C18.7"),
        row(
            brachytherapy_is_no_z51, "C61 Z51.0", "resolve Z51.0", "Prostate cancer, radioactive seeds implanted today."
        ),
        row(brachytherapy_is_no_z51, "Z51.0 C61", "", "Prostate cancer, external beam fraction 12 of 28."),
        row(follow_up_of_present_cancer, "Z08 C67.2", "resolve Z08"),
        row(follow_up_of_present_cancer, "Z08 Z85.51"),
        row(preventive_removal_has_no_cancer, "Z40.01 C50.912", "resolve Z40.01"),
        row(preventive_removal_has_no_cancer, "Z40.02 C50.312 Z15.01"),
        row(cancer_status_never_first, "Z17.0 C50.411", "resolve Z17.0"),
        row(cancer_status_never_first, "C50.411 Z17.0"),
        row(one_receptor_status, "C50.411 Z17.0 Z17.411", "resolve Z17.0"),
        row(one_receptor_status, "C50.411 Z17.411"),
        row(radiation_ends_with_history, "Z51.0 C61 Z92.3", "reject Z92.3"),
        row(radiation_ends_with_history, "Z08 Z85.46 Z92.3"),
    ],
)
def test_encounters_for_cancer(fy2026: Codebook, given: Row) -> None:
    """Therapy leads and names the disease; follow-up and prevention need its absence (I.C.2.e.2, I.C.2.p, I.C.2.q)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(anemia_behind_cancer, "D63.0 C18.2", "resolve D63.0"),
        row(anemia_behind_cancer, "C18.2 D63.0"),
        row(anemia_needs_cancer, "D63.0", "resolve D63.0"),
        row(anemia_needs_cancer, "C90.00 D63.0"),
        row(one_cause_of_anemia, "C50.212 D63.0 D64.81", "resolve D63.0"),
        row(one_cause_of_anemia, "D64.81 C50.212 T45.1X5A"),
        row(anemia_from_chemotherapy, "D64.81 C50.212", "advise D64.81"),
        row(anemia_from_chemotherapy, "D64.81 C50.212 T45.1X5A"),
        row(widespread_without_sites, "C80.0 C78.7", "resolve C80.0"),
        row(widespread_without_sites, "C80.0"),
        row(unknown_primary, "C78.7 C18.7 C80.1", "resolve C80.1"),
        row(unknown_primary, "C78.7 C80.1"),
        row(spread_names_its_primary, "C79.31", "advise C79.31"),
        row(spread_names_its_primary, "C79.31 Z85.820"),
        row(former_beside_present, "C50.912 Z85.3", "resolve Z85.3"),
        row(former_beside_present, "C91.01 Z85.6", "resolve Z85.6"),
        row(former_beside_present, "C34.11 Z85.3"),
        row(symptom_ahead_of_cancer, "R31.0 C67.2", "advise R31.0"),
        row(symptom_ahead_of_cancer, "C67.2 R31.0"),
        row(cancer_in_transplant, "C80.2 C22.0", "resolve C80.2"),
        row(cancer_in_transplant, "C80.2 T86.49 C22.0", "resolve C80.2"),
        row(cancer_in_transplant, "T86.49 C80.2 C22.0"),
        row(implant_lymphoma_is_no_complication, "C84.7A T85.79XA", "resolve T85.79XA"),
        row(implant_lymphoma_is_no_complication, "C84.7A Z98.82"),
        row(lymphoma_beyond_nodes, "C83.398 C78.02", "resolve C78.02"),
        row(lymphoma_beyond_nodes, "C83.398 C34.11 C78.02"),
        row(cancer_in_pregnancy, "O21.0 C50.412 Z3A.22", "resolve C50.412"),
        row(cancer_in_pregnancy, "O9A.112 C50.412 Z3A.22"),
        row(cancer_in_pregnancy, "C50.412"),
    ],
)
def test_tumors(fy2026: Codebook, given: Row) -> None:
    """Primary, spread and history; what a tumor brings with it (I.C.2.c, I.C.2.j, I.C.2.m, I.C.2.r, I.C.2.t)."""
    assert holds(given, fy2026)
