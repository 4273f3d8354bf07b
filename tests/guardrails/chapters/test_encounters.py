"""Reasons for an encounter, status, history."""

from __future__ import annotations

import pytest

from guardrails.chapters.encounters import (
    examination_with_findings,
    findings_are_reported,
    follow_up_names_history,
    follow_up_or_aftercare,
    leading_code_leads,
    observation_found_nothing,
    obstacle_never_first,
    preoperative_names_the_reason,
    screening_in_the_examination,
    screening_leads,
    screening_without_symptom,
    usual_talk_before_a_shot,
    vague_reason,
    with_or_without_findings,
)
from guardrails.chapters.status import (
    background_seldom_first,
    detail_never_first,
    level_monitoring_names_the_drug,
    living_alone_is_no_problem,
    oxygen_of_a_failure,
    past_or_present,
    removed_at_this_encounter,
    short_course_is_not_long_term,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(leading_code_leads, "M16.12 Z01.810", "resolve Z01.810"),
        row(leading_code_leads, "Z01.810 M16.12"),
        row(leading_code_leads, "I10 Z00.6"),
        row(screening_leads, "D12.3 Z12.11", "resolve D12.3"),
        row(screening_leads, "Z12.11 D12.3"),
        row(screening_without_symptom, "K62.5 Z12.11", "resolve Z12.11"),
        row(screening_without_symptom, "Z12.11 Z80.0"),
        row(screening_in_the_examination, "Z01.411 B37.31 Z12.4", "reject Z12.4"),
        row(screening_in_the_examination, "Z12.4"),
        row(follow_up_names_history, "Z09", "resolve Z09"),
        row(follow_up_names_history, "Z08 Z90.11", "resolve Z08"),
        row(follow_up_names_history, "Z08 Z85.3"),
        row(follow_up_or_aftercare, "Z47.1 Z96.641 Z09", "resolve Z09"),
        row(follow_up_or_aftercare, "Z09 Z87.11"),
        row(observation_found_nothing, "Z04.1 S16.1XXA", "resolve Z04.1"),
        row(observation_found_nothing, "Z03.6 T44.7X1A", "resolve Z03.6"),
        row(observation_found_nothing, "Z04.1"),
        row(examination_with_findings, "Z00.00 R03.0", "resolve Z00.00"),
        row(examination_with_findings, "Z00.00 M17.0"),
        row(findings_are_reported, "Z00.01 Z23", "resolve Z00.01"),
        row(findings_are_reported, "Z00.01 I10"),
        row(with_or_without_findings, "Z00.01 I10 Z00.00", "resolve Z00.00"),
        row(with_or_without_findings, "Z00.01 I10"),
        row(preoperative_names_the_reason, "Z01.818", "resolve Z01.818"),
        row(preoperative_names_the_reason, "Z01.818 M17.11"),
        row(obstacle_never_first, "Z53.09 K40.90", "resolve Z53.09"),
        row(obstacle_never_first, "K40.90 J06.9 Z53.09"),
        row(vague_reason, "J02.0 Z88.9", "advise Z88.9"),
        row(vague_reason, "J18.9 Z88.9", "resolve Z88.9", setting="inpatient"),
        row(vague_reason, "J02.0 Z88.0"),
        row(usual_talk_before_a_shot, "Z23 Z71.85", "resolve Z71.85"),
        row(usual_talk_before_a_shot, "Z71.85 Z28.82"),
    ],
)
def test_reasons_for_an_encounter(fy2026: Codebook, given: Row) -> None:
    """What may only lead, screening, follow-up, observation, examination, clearance (I.C.21.c, IV.M, IV.P, IV.Q)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(living_alone_is_no_problem, "H81.11 Z60.2", "resolve Z60.2", "Lives alone in a second-floor flat."),
        row(living_alone_is_no_problem, "H81.11 Z60.2", "", "Lives alone and needs help with meals."),
        row(detail_never_first, "Z79.4 E11.9", "resolve Z79.4"),
        row(detail_never_first, "E11.9 Z79.4"),
        row(detail_never_first, "Z99.12 G12.21"),
        row(background_seldom_first, "Z95.0 I48.0", "advise Z95.0"),
        row(background_seldom_first, "I48.0 Z95.0"),
        row(short_course_is_not_long_term, "A56.00 Z79.2", "resolve Z79.2", "Doxycycline for 7 days."),
        row(short_course_is_not_long_term, "I48.0 Z79.01", "", "Apixaban 5 mg twice a day."),
        row(past_or_present, "N39.0 Z87.440", "resolve Z87.440"),
        row(past_or_present, "I10 Z87.440"),
        row(level_monitoring_names_the_drug, "Z51.81 I48.21", "advise Z51.81"),
        row(level_monitoring_names_the_drug, "Z51.81 I48.21 Z79.01"),
        row(removed_at_this_encounter, "Z40.01 Z15.01 Z90.13", "resolve Z90.13"),
        row(removed_at_this_encounter, "Z08 Z85.3 Z90.11"),
        row(oxygen_of_a_failure, "Z76.0 Z99.81", "advise Z99.81"),
        row(oxygen_of_a_failure, "J96.11 Z99.81"),
    ],
)
def test_status_and_history(fy2026: Codebook, given: Row) -> None:
    """Details and background stand behind; lasting drugs, diseases past or present (I.C.21.c.3, I.C.21.c.4)."""
    assert holds(given, fy2026)
