"""Symptoms that belong to a disease, coma, falls; acute and late, threatened, borderline."""

from __future__ import annotations

import pytest

from guardrails.chapters.integral import symptom_leads_a_stay, symptom_of_the_disease
from guardrails.chapters.symptoms import (
    dead_on_arrival_alone,
    fall_needs_an_injury,
    fall_or_its_injury,
    functional_or_neurologic,
    no_coma_under_sedation,
    no_scores_beside_known_coma,
    scores_or_total,
    three_scores_at_one_time,
)
from guardrails.chapters.time_course import (
    acute_ahead_of_chronic,
    acute_illness_is_over,
    borderline_has_its_entry,
    late_effect_behind_residual,
    threatened_is_not_present,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(symptom_of_the_disease, "J18.9 R05.1 R50.9", "resolve R05.1 R50.9"),
        row(symptom_of_the_disease, "I21.4 R07.9", "resolve R07.9"),
        row(symptom_of_the_disease, "K57.31 K62.5", "resolve K62.5"),
        row(symptom_of_the_disease, "M17.11 M25.561", "resolve M25.561"),
        row(symptom_of_the_disease, "I63.412 R47.01"),
        row(symptom_of_the_disease, "K74.60 R18.8"),
        row(symptom_of_the_disease, "N40.1 R35.1"),
        row(symptom_of_the_disease, "R05.1 R50.9"),
        row(symptom_leads_a_stay, "R07.9 I20.0", "advise R07.9", setting="inpatient"),
        row(symptom_leads_a_stay, "R07.9 I20.0"),
        row(symptom_leads_a_stay, "R55 Z95.0", setting="inpatient"),
    ],
)
def test_symptoms_of_a_disease(fy2026: Codebook, given: Row) -> None:
    """What routinely comes with a disease is left out, what a book asks for beside it stays (I.B.5, I.C.18.b, II.A)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(scores_or_total, "S06.5X1A R40.2122 R40.2422", "reject R40.2422"),
        row(scores_or_total, "S06.5X1A R40.2422 R40.20", "reject R40.20"),
        row(scores_or_total, "S06.5X1A R40.2422"),
        row(no_scores_beside_known_coma, "E87.1 R40.2A R40.2432", "reject R40.2432"),
        row(no_scores_beside_known_coma, "E87.1 R40.2A"),
        row(three_scores_at_one_time, "S06.5X1A R40.2122 R40.2232", "resolve R40.2122"),
        row(three_scores_at_one_time, "S06.5X1A R40.2122 R40.2232 R40.2351", "resolve R40.2122"),
        row(three_scores_at_one_time, "S06.5X1A R40.2122 R40.2232 R40.2352"),
        row(no_coma_under_sedation, "S06.5XAA R40.2432", "resolve R40.2432", "GCS 6T, sedated with propofol."),
        row(no_coma_under_sedation, "S06.5XAA R40.2432", "", "GCS 6 at the scene."),
        row(fall_or_its_injury, "S01.01XA R29.6 W06.XXXA", "advise R29.6"),
        row(fall_or_its_injury, "R29.6 Z91.81"),
        row(fall_needs_an_injury, "R29.6 W19.XXXA", "resolve W19.XXXA"),
        row(fall_needs_an_injury, "S01.01XA Z91.81 W19.XXXA"),
        row(dead_on_arrival_alone, "R99 I46.9", "resolve R99"),
        row(dead_on_arrival_alone, "R99"),
        row(functional_or_neurologic, "R53.2 G82.50", "resolve R53.2"),
        row(functional_or_neurologic, "G30.9 R53.2"),
    ],
)
def test_coma_and_falls(fy2026: Codebook, given: Row) -> None:
    """Three scores or the total, none under sedation; a fall or the injury it caused (I.C.18.d, I.C.18.e, I.C.18.h)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(acute_ahead_of_chronic, "K86.1 K85.90", "resolve K86.1"),
        row(acute_ahead_of_chronic, "K85.90 K86.1"),
        row(acute_illness_is_over, "H90.3 G09 G00.9", "resolve G00.9"),
        row(acute_illness_is_over, "H90.3 G09"),
        row(late_effect_behind_residual, "G09 H90.3", "resolve G09"),
        row(late_effect_behind_residual, "H90.3 G09"),
        row(threatened_is_not_present, "J96.01", "resolve J96.01", "Impending respiratory failure."),
        row(threatened_is_not_present, "O20.0", "", "Threatened abortion."),
        row(threatened_is_not_present, "J96.01", "", "Acute respiratory failure."),
        row(borderline_has_its_entry, "E11.9", "resolve E11.9", "Borderline diabetes."),
        row(borderline_has_its_entry, "E11.9", "", "Type 2 diabetes."),
    ],
)
def test_time_course(fy2026: Codebook, given: Row) -> None:
    """Acute first, late effects behind, what was only feared or borderline (I.B.8, I.B.10, I.B.11, I.B.17)."""
    assert holds(given, fy2026)
