"""COPD, asthma, respiratory failure, pneumonia."""

from __future__ import annotations

import pytest

from guardrails.chapters.respiratory import (
    acute_and_chronic_failure,
    asthma_beside_copd,
    exacerbation_is_documented,
    failure_behind_chapter_rules,
    failure_is_documented,
    germ_of_pneumonia,
    infection_is_named,
    infection_of_copd,
    one_influenza,
    one_state_of_asthma,
    part_of_acute_on_chronic,
    plain_beside_worse,
    status_asthmaticus_is_documented,
    ventilator_pneumonia_is_documented,
    ventilator_pneumonia_names_no_other,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(plain_beside_worse, "J44.1 J44.9", "reject J44.9"),
        row(plain_beside_worse, "J44.9"),
        row(infection_of_copd, "J44.1 J18.9", "resolve J44.1"),
        row(infection_of_copd, "J15.0 J44.0 J44.1"),
        row(infection_is_named, "J44.0", "resolve J44.0"),
        row(infection_is_named, "J44.0 J20.9"),
        row(exacerbation_is_documented, "J44.1", "resolve J44.1", "COPD with acute bronchitis."),
        row(exacerbation_is_documented, "J44.1", "", "COPD exacerbation."),
        row(status_asthmaticus_is_documented, "J45.42", "resolve J45.42", "Asthma exacerbation, improved."),
        row(status_asthmaticus_is_documented, "J45.42", "", "Status asthmaticus."),
        row(one_state_of_asthma, "J45.40 J45.41", "resolve J45.40"),
        row(one_state_of_asthma, "J45.41"),
        row(asthma_beside_copd, "J44.9 J45.40", "advise J44.9"),
        row(asthma_beside_copd, "J44.89 J45.40"),
        row(acute_and_chronic_failure, "J96.01 J96.11", "resolve J96.01"),
        row(acute_and_chronic_failure, "J96.21 J96.22"),
        row(part_of_acute_on_chronic, "J96.21 J96.01", "reject J96.01"),
        row(part_of_acute_on_chronic, "J96.21 J96.22"),
        row(failure_is_documented, "J18.9 J96.01", "resolve J96.01", "Pneumonia, SpO2 86% on room air."),
        row(failure_is_documented, "J18.9 J96.01", "", "Pneumonia with acute hypoxic respiratory failure."),
        row(failure_behind_chapter_rules, "J96.01 O99.513", "resolve J96.01"),
        row(failure_behind_chapter_rules, "J96.01 I50.23"),
    ],
)
def test_lungs_and_their_failure(fy2026: Codebook, given: Row) -> None:
    """Infection and exacerbation of COPD and asthma; failure as the provider names it (I.C.10.a, I.C.10.b)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(one_influenza, "J10.1 J11.1", "resolve J11.1"),
        row(one_influenza, "J10.1"),
        row(ventilator_pneumonia_is_documented, "J95.851", "reject J95.851", "Pneumonia of the right lower lobe."),
        row(ventilator_pneumonia_is_documented, "J95.851", "resolve J95.851", "Pneumonia, ventilated since Monday."),
        row(ventilator_pneumonia_is_documented, "J95.851", "", "Ventilator-associated pneumonia."),
        row(ventilator_pneumonia_names_no_other, "J96.01 J95.851 J15.1", "resolve J15.1"),
        row(ventilator_pneumonia_names_no_other, "J13 J96.01 J95.851 B96.5"),
        row(germ_of_pneumonia, "J13 J18.9", "resolve J18.9"),
        row(germ_of_pneumonia, "J18.9"),
    ],
)
def test_pneumonia_and_influenza(fy2026: Codebook, given: Row) -> None:
    """The virus, the germ, and the provider's link to the ventilator (I.C.10.c, I.C.10.d)."""
    assert holds(given, fy2026)
