"""Dementia, substances, pain."""

from __future__ import annotations

import pytest

from guardrails.chapters.dementia import (
    cause_is_known,
    disturbed_or_not,
    encephalopathy_is_specified,
    one_severity,
    severity_is_documented,
    victim_of_a_carer,
)
from guardrails.chapters.pain import (
    chronic_is_documented,
    device_pain_acute_or_chronic,
    device_pain_leads,
    expected_pain_is_not_coded,
    pain_of_known_cause,
    psychological_factors_name_the_pain,
    psychological_pain_takes_no_g89,
    syndrome_is_documented,
    tumor_pain_names_the_tumor,
    tumor_pain_needs_no_site,
)
from guardrails.chapters.substances import (
    blood_alcohol_needs_disorder,
    bodily_disease_is_no_induced_disorder,
    gravest_pattern,
    maintenance_is_no_pain_therapy,
    one_withdrawal,
    plain_beside_effect,
    remission_is_documented,
    remission_or_not,
    tobacco_past_or_present,
    tobacco_use_or_dependence,
    use_needs_a_disorder,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(one_severity, "G30.1 F02.A0 F02.B0", "resolve F02.A0"),
        row(one_severity, "G30.1 F02.B11 F02.B3"),
        row(severity_is_documented, "F03.B0", "resolve F03.B0", "Dementia, MMSE 17."),
        row(severity_is_documented, "F03.B0", "", "Moderate dementia."),
        row(severity_is_documented, "F03.90", "", "Dementia, MMSE 17."),
        row(disturbed_or_not, "F03.90 F03.911", "resolve F03.90"),
        row(disturbed_or_not, "F03.911 F03.93"),
        row(cause_is_known, "G30.1 F03.90", "resolve F03.90"),
        row(cause_is_known, "G30.1 F02.80"),
        row(victim_of_a_carer, "F68.A", "resolve F68.A", age=6),
        row(victim_of_a_carer, "F68.A", age=38),
        row(encephalopathy_is_specified, "G93.40 G93.41", "resolve G93.40"),
        row(encephalopathy_is_specified, "G93.41"),
    ],
)
def test_dementia(fy2026: Codebook, given: Row) -> None:
    """One severity, in the provider's words, behind its cause (I.C.5.d); the carer's record (I.C.5.c)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(gravest_pattern, "F10.20 F10.10", "reject F10.10"),
        row(gravest_pattern, "F11.20 F10.10"),
        row(plain_beside_effect, "F10.231 F10.20", "reject F10.20"),
        row(plain_beside_effect, "K85.20 F10.20"),
        row(one_withdrawal, "F10.231 F10.239", "resolve F10.231"),
        row(one_withdrawal, "F10.231"),
        row(remission_or_not, "F10.21 F10.20", "resolve F10.21"),
        row(remission_or_not, "F10.21 F11.20"),
        row(
            remission_is_documented, "F10.21", "resolve F10.21", "Severe alcohol use disorder, no drink for two years."
        ),
        row(remission_is_documented, "F10.21", "", "Alcohol dependence in sustained remission."),
        row(use_needs_a_disorder, "G43.009 F12.90", "advise F12.90"),
        row(use_needs_a_disorder, "F12.10"),
        row(bodily_disease_is_no_induced_disorder, "K85.20 F10.288", "resolve F10.288"),
        row(bodily_disease_is_no_induced_disorder, "K85.20 F10.20"),
        row(blood_alcohol_needs_disorder, "S01.81XA Y90.6", "resolve Y90.6"),
        row(blood_alcohol_needs_disorder, "F10.129 Y90.6"),
        row(tobacco_use_or_dependence, "F17.210 Z72.0", "reject Z72.0"),
        row(tobacco_use_or_dependence, "Z72.0"),
        row(tobacco_past_or_present, "J44.9 F17.210 Z87.891", "resolve Z87.891"),
        row(tobacco_past_or_present, "J44.9 Z87.891"),
        row(maintenance_is_no_pain_therapy, "F11.20 Z79.891", "resolve Z79.891"),
        row(maintenance_is_no_pain_therapy, "G89.3 Z79.891"),
    ],
)
def test_substances(fy2026: Codebook, given: Row) -> None:
    """The gravest pattern of each substance, remission in the provider's words, past or present (I.C.5.b)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(psychological_pain_takes_no_g89, "F45.41 G89.29", "reject G89.29"),
        row(psychological_pain_takes_no_g89, "G89.4 F45.42"),
        row(psychological_factors_name_the_pain, "F45.42", "resolve F45.42"),
        row(psychological_factors_name_the_pain, "G89.4 F45.42"),
        row(chronic_is_documented, "M54.50 G89.29", "resolve G89.29", "Low back pain for eight months."),
        row(chronic_is_documented, "M54.50 G89.29", "", "Chronic low back pain."),
        row(syndrome_is_documented, "G89.4", "resolve G89.4", "Chronic back pain."),
        row(syndrome_is_documented, "G89.0", "resolve G89.0", "Chronic pain syndrome."),
        row(syndrome_is_documented, "G89.4", "", "Chronic pain syndrome."),
        row(expected_pain_is_not_coded, "M17.11 G89.18", "resolve G89.18", "Expected pain after the operation."),
        row(expected_pain_is_not_coded, "G89.18", "", "Severe acute pain after hernia repair."),
        row(tumor_pain_names_the_tumor, "G89.3", "resolve G89.3"),
        row(tumor_pain_names_the_tumor, "G89.3 C79.51"),
        row(tumor_pain_needs_no_site, "G89.3 C79.51 M54.50", "resolve M54.50"),
        row(tumor_pain_needs_no_site, "C79.51 M54.50"),
        row(pain_of_known_cause, "M48.062 G89.29", "advise G89.29"),
        row(pain_of_known_cause, "M25.511 G89.29"),
        row(pain_of_known_cause, "G89.29 M48.061"),
        row(device_pain_leads, "G89.28 T84.84XA", "resolve G89.28"),
        row(device_pain_leads, "T84.84XA G89.28"),
        row(device_pain_acute_or_chronic, "T84.84XA", "advise T84.84XA"),
        row(device_pain_acute_or_chronic, "T84.84XA G89.28"),
    ],
)
def test_pain(fy2026: Codebook, given: Row) -> None:
    """G89 adds what the cause and site leave open, in the provider's words (I.C.5.a, I.C.6.b)."""
    assert holds(given, fy2026)
