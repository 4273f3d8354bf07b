"""Hypertension, kidneys, heart, stroke."""

from __future__ import annotations

import pytest

from guardrails.chapters.heart import (
    angina_is_in_the_code,
    angina_is_presumed_coronary,
    demand_ischemia_is_in_type_2,
    infarction_before_coronary_disease,
    microvascular_is_documented,
    old_infarction_is_history,
    one_kind_of_infarction,
    plain_beside_angina,
    recent_infarction_is_acute,
    second_infarction_needs_the_first,
    subendocardial_stays_nstemi,
    type_2_has_its_code,
    types_3_to_5_have_their_code,
)
from guardrails.chapters.hypertension import (
    brain_before_pressure,
    crisis_needs_hypertension,
    crisis_needs_its_word,
    heart_and_kidney_are_one_code,
    heart_failure_is_reported,
    hypertension_is_documented,
    plain_beside_hypertensive_disease,
    presumed_link,
    pulmonary_is_another_disease,
    reading_is_no_hypertension,
    resistant_names_the_kind,
    retinopathy_needs_hypertension,
    secondary_needs_cause,
    stage_fits,
    stage_is_reported,
)
from guardrails.chapters.kidneys import (
    anemia_of_kidney_disease,
    dialysis_is_end_stage,
    dialysis_names_its_disease,
    known_stage_replaces,
)
from guardrails.chapters.stroke import (
    clot_therapy_elsewhere_never_first,
    deficit_is_in_the_sequela,
    deficit_left_is_a_sequela,
    dominant_side,
    history_or_sequela,
    nothing_is_left,
    past_stroke_is_not_current,
    scale_behind_stroke,
    scale_needs_stroke,
    sequela_names_a_deficit,
)
from medcoding.codebook import Codebook
from medcoding.mention import Assertion
from tests.guardrails.cases import Written, case, mention
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(plain_beside_hypertensive_disease, "I11.0 I50.32 I10", "reject I10"),
        row(plain_beside_hypertensive_disease, "I10 E78.5"),
        row(heart_and_kidney_are_one_code, "I13.0 I50.23 N18.4 I12.9", "reject I12.9"),
        row(heart_and_kidney_are_one_code, "I12.9 N18.4"),
        row(presumed_link, "I10 I50.32", "resolve I10"),
        row(presumed_link, "I10 N18.32", "advise I10", "CKD 3b from polycystic kidneys, not due to hypertension."),
        row(presumed_link, "I13.0 I50.32 N18.32"),
        row(presumed_link, "I10 I12.9 N18.30"),
        row(presumed_link, "I13.0 I11.0 I50.32 N18.32"),
        row(presumed_link, "I10 I11.9 N18.30", "resolve I11.9"),
        row(stage_fits, "I12.9 N18.6", "resolve I12.9"),
        row(stage_fits, "I12.0 N18.6"),
        row(stage_is_reported, "I12.9", "resolve I12.9"),
        row(stage_is_reported, "I12.9 N18.30"),
        row(heart_failure_is_reported, "I11.0", "resolve I11.0"),
        row(heart_failure_is_reported, "I11.0 I50.9"),
        row(brain_before_pressure, "I10 I63.511", "advise I10"),
        row(brain_before_pressure, "I63.511 I10"),
        row(retinopathy_needs_hypertension, "H35.033", "resolve H35.033"),
        row(retinopathy_needs_hypertension, "H35.033 I10"),
        row(secondary_needs_cause, "I15.2", "resolve I15.2"),
        row(secondary_needs_cause, "D35.01 E26.01 I15.2"),
        row(reading_is_no_hypertension, "I10 R03.0", "reject R03.0"),
        row(reading_is_no_hypertension, "R03.0"),
        row(hypertension_is_documented, "I10", "resolve I10", "BP 152/94 today, recheck."),
        row(hypertension_is_documented, "I10", "", "HTN, 152/94 today."),
        row(pulmonary_is_another_disease, "I10", "resolve I10", "Pulmonary hypertension, group 3."),
        row(pulmonary_is_another_disease, "I10", "", "Hypertension and pulmonary hypertension."),
        row(crisis_needs_its_word, "I16.0 I10", "resolve I16.0", "Uncontrolled hypertension."),
        row(crisis_needs_its_word, "I16.0 I10", "", "Hypertensive urgency."),
        row(crisis_needs_hypertension, "I16.1 I67.4", "resolve I16.1"),
        row(crisis_needs_hypertension, "I16.1 I67.4 I10"),
        row(resistant_names_the_kind, "I1A.0", "resolve I1A.0"),
        row(resistant_names_the_kind, "I1A.0 I10", "resolve I1A.0"),
        row(resistant_names_the_kind, "I10 I1A.0"),
    ],
)
def test_hypertension(fy2026: Codebook, given: Row) -> None:
    """Presumed links, stage and type beside them, and what is no hypertension (I.C.9.a)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(known_stage_replaces, "N18.6 N18.5", "reject N18.5"),
        row(known_stage_replaces, "N18.4 N18.9", "reject N18.9"),
        row(known_stage_replaces, "N18.6 Z99.2"),
        row(dialysis_is_end_stage, "N18.4 Z99.2", "resolve Z99.2"),
        row(dialysis_is_end_stage, "N18.6 Z99.2"),
        row(dialysis_names_its_disease, "I10 Z99.2", "resolve Z99.2"),
        row(dialysis_names_its_disease, "N17.9 Z99.2"),
        row(anemia_of_kidney_disease, "D63.1", "resolve D63.1"),
        row(anemia_of_kidney_disease, "D63.1 N18.4", "resolve D63.1"),
        row(anemia_of_kidney_disease, "N18.4 D63.1"),
    ],
)
def test_kidneys(fy2026: Codebook, given: Row) -> None:
    """One stage, end-stage with lasting dialysis, anemia behind the stage (I.C.14.a.1)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(angina_is_in_the_code, "I25.110 I20.0", "reject I20.0"),
        row(angina_is_in_the_code, "I20.0"),
        row(angina_is_presumed_coronary, "I20.0 I25.10", "resolve I20.0"),
        row(angina_is_presumed_coronary, "I20.9 I25.10", "advise I20.9", "CAD; the angina is not due to CAD."),
        row(angina_is_presumed_coronary, "I25.119"),
        row(angina_is_presumed_coronary, "I25.119 I25.10 I20.9"),
        row(plain_beside_angina, "I25.119 I25.10", "reject I25.10"),
        row(plain_beside_angina, "I25.710 I25.10"),
        row(infarction_before_coronary_disease, "I25.10 I21.4", "resolve I25.10"),
        row(infarction_before_coronary_disease, "I21.4 I25.10"),
        row(second_infarction_needs_the_first, "I22.2 I21.A1", "resolve I22.2"),
        row(second_infarction_needs_the_first, "I22.2 I21.19"),
        row(demand_ischemia_is_in_type_2, "I47.10 I21.A1 I24.89", "reject I24.89"),
        row(demand_ischemia_is_in_type_2, "I24.89"),
        row(demand_ischemia_is_in_type_2, "I21.A1 I24.81"),
        row(type_2_has_its_code, "I21.4", "resolve I21.4", "NSTEMI type 2 from rapid SVT."),
        row(type_2_has_its_code, "I21.4", "", "NSTEMI, culprit LAD."),
        row(types_3_to_5_have_their_code, "I21.4", "resolve I21.4", "Type 5 MI after bypass."),
        row(types_3_to_5_have_their_code, "I21.A9", "", "Type 5 MI after bypass."),
        row(old_infarction_is_history, "I21.9", "resolve I21.9", "Old MI in 2019."),
        row(old_infarction_is_history, "I21.4", "", "NSTEMI on arrival."),
        row(recent_infarction_is_acute, "I25.2", "resolve I25.2", "STEMI 16 days ago."),
        row(recent_infarction_is_acute, "I25.2", "", "STEMI five years ago."),
        row(one_kind_of_infarction, "I21.02 I21.4", "resolve I21.4"),
        row(one_kind_of_infarction, "I21.9 I21.4", "resolve I21.9"),
        row(one_kind_of_infarction, "I21.A1 I21.4"),
        row(subendocardial_stays_nstemi, "I21.19", "resolve I21.19", "Subendocardial infarction of the inferior wall."),
        row(subendocardial_stays_nstemi, "I21.19", "", "Inferior STEMI."),
        row(microvascular_is_documented, "I21.B", "resolve I21.B", "Infarction with clean coronaries."),
        row(microvascular_is_documented, "I21.B", "", "MINOCA due to microvascular disease."),
    ],
)
def test_heart(fy2026: Codebook, given: Row) -> None:
    """Angina in the combination code; infarction by kind and by time (I.C.9.b, I.C.9.e)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(history_or_sequela, "I69.351 Z86.73", "resolve Z86.73"),
        row(history_or_sequela, "I10 Z86.73"),
        row(deficit_left_is_a_sequela, "G81.94 Z86.73", "resolve Z86.73", "Prior stroke with left hemiparesis."),
        row(deficit_left_is_a_sequela, "I10 Z86.73", "", "Prior stroke, hypertension."),
        row(deficit_is_in_the_sequela, "I69.351 G81.91", "resolve G81.91"),
        row(deficit_is_in_the_sequela, "I63.412 G81.91 I69.352"),
        row(deficit_is_in_the_sequela, "I69.391 R13.12"),
        row(past_stroke_is_not_current, "I63.9", "resolve I63.9", "Old CVA in 2018."),
        row(past_stroke_is_not_current, "I63.9", "", "Acute ischemic stroke, onset this morning."),
        row(sequela_names_a_deficit, "I69.30", "resolve I69.30"),
        row(sequela_names_a_deficit, "I69.320"),
        row(nothing_is_left, "I69.351", "resolve I69.351", "Stroke 2020, no residual weakness."),
        row(nothing_is_left, "I69.351", "", "Stroke 2020 with right hemiparesis."),
        row(scale_needs_stroke, "G45.9 R29.702", "advise R29.702"),
        row(scale_needs_stroke, "I63.9 R29.702"),
        row(scale_behind_stroke, "R29.702 I63.9", "resolve R29.702"),
        row(scale_behind_stroke, "I63.9 R29.702"),
        row(clot_therapy_elsewhere_never_first, "Z92.82 I63.9", "resolve Z92.82"),
        row(clot_therapy_elsewhere_never_first, "I63.9 Z92.82"),
    ],
)
def test_stroke(fy2026: Codebook, given: Row) -> None:
    """Present, past without deficit, past with a named one; the score behind the stroke (I.C.9.d, I.C.18.i)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    ("note", "codes", "mends"),
    [
        ("Prior stroke with left hemiparesis.", (("G81.94", "left hemiparesis"),), [("I69.354",)]),
        ("Prior stroke, still aphasic.", (("R47.01", "aphasic"),), [("I69.320",)]),
        ("Prior stroke, a bleed, with dysarthria.", (("R47.1", "dysarthria"),), [()]),
        ("Prior stroke. Left hemiplegia since a spinal injury.", (("G81.94", "Left hemiplegia"),), []),
        ("Prior stroke and stroke today with aphasia.", (("I63.9", "stroke today"), ("R47.01", "aphasia")), []),
        ("Prior stroke, hypertension.", (("I10", "hypertension"),), []),
    ],
)
def test_what_a_past_stroke_left(
    fy2026: Codebook, note: str, codes: tuple[tuple[str, str], ...], mends: list[tuple[str, ...]]
) -> None:
    """A deficit said in one sentence with the past stroke is its sequela: I69 instead of history (I.C.9.d.3)."""
    lines = [Written(code, words) for code, words in codes]
    findings = deficit_left_is_a_sequela(case(fy2026, note, *lines, Written("Z86.73", "Prior stroke")))
    assert [finding.mend_codes for finding in findings] == mends
    assert all(finding.codes[0] == "Z86.73" and finding.severity == "must_resolve" for finding in findings)


@pytest.mark.parametrize(("assertion", "left"), [(Assertion.HISTORICAL, True), (Assertion.NEGATED, False)])
def test_a_deficit_without_quotes_is_looked_up(fy2026: Codebook, assertion: Assertion, *, left: bool) -> None:
    """A submitted deficit rests on no quote; what the record says beside the past stroke tells all the same."""
    note = "Prior stroke with aphasia."
    mentions = (mention(note, "Prior stroke", "Z86.73"), mention(note, "aphasia", "R47.01", assertion))
    given = case(fy2026, note, Written("R47.01", None), Written("Z86.73", "Prior stroke"), mentions=mentions)
    assert bool(deficit_left_is_a_sequela(given)) is left


@pytest.mark.parametrize(
    "given",
    [
        row(dominant_side, "G81.93", "resolve G81.93", "Right hemiplegia."),
        row(dominant_side, "G81.92", "resolve G81.92", "Left hemiplegia."),
        row(dominant_side, "G81.91", "", "Right hemiplegia."),
        row(dominant_side, "I69.354", "", "Left hemiparesis after a stroke."),
        row(dominant_side, "I69.354", "resolve I69.354", "Left hemiparesis, she is left-handed."),
        row(dominant_side, "I69.352", "", "Left hemiparesis, she is left-handed."),
        row(dominant_side, "I69.352", "", "Left hemiparesis, ambidextrous."),
        row(dominant_side, "G83.22", "", "Left arm monoplegia, ambidextrous."),
        row(dominant_side, "G81.94", "", "Left hemiplegia, left hand weak."),
    ],
)
def test_the_dominant_side(fy2026: Codebook, given: Row) -> None:
    """Right is dominant and left is not, unless the record says otherwise; ambidextrous is dominant (I.C.6.a)."""
    assert holds(given, fy2026)


def test_the_other_dominance_is_offered(fy2026: Codebook) -> None:
    """The mend is the same paralysis with the dominance that fits (I.C.6.a)."""
    given = Row(dominant_side, "G81.93", "", "Right hemiplegia.", {})
    assert [finding.mend_codes for finding in given.findings(fy2026)] == [("G81.91",)]
