"""Drugs and toxins, external causes, abuse, complications of care."""

from __future__ import annotations

import pytest

from guardrails.chapters.complications import (
    complication_needs_its_link,
    device_status_beside_complication,
    harm_of_care_is_no_injury,
    kidney_disease_is_no_complication,
    procedure_is_in_the_code,
    status_beside_complication,
    stoma_status_beside_attention,
    transplant_complication_is_named,
)
from guardrails.chapters.drugs import (
    adverse_effect_behind_reaction,
    adverse_effect_names_reaction,
    cause_is_in_the_code,
    drug_with_alcohol_is_poisoning,
    drugs_are_named,
    no_activity_beside_poisoning,
    one_kind_a_drug,
    poisoning_first,
    self_harm_is_stated,
    underdosing_names_reason,
    underdosing_never_first,
    undetermined_is_stated,
)
from guardrails.chapters.external_causes import (
    abuse_leads,
    activity_and_status_once,
    assault_of_confirmed_abuse,
    external_cause_needs_a_condition,
    external_cause_never_first,
    graver_event_first,
    perpetrator_needs_abuse,
    phase_follows_the_injury,
    place_at_the_first_visit,
    place_behind_cause,
    place_once,
    storm_needs_an_injury,
    suspected_abuse_names_nobody,
    suspected_or_confirmed,
    terrorism_is_confirmed,
    undetermined_event_is_stated,
    unstated_is_left_out,
)
from medcoding.codebook import Codebook
from tests.guardrails.cases import Written, case
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(poisoning_first, "R00.1 T44.7X1A", "resolve R00.1"),
        row(poisoning_first, "T44.7X1A R00.1"),
        row(poisoning_first, "L27.0 T36.0X5A"),
        row(poisoning_first, "O9A.213 T39.1X2A"),
        row(adverse_effect_behind_reaction, "T36.0X5A L27.0", "resolve T36.0X5A"),
        row(adverse_effect_behind_reaction, "L27.0 T36.0X5A"),
        row(adverse_effect_names_reaction, "T36.0X5A Z88.0", "resolve T36.0X5A"),
        row(adverse_effect_names_reaction, "L27.0 T36.0X5A"),
        row(underdosing_never_first, "T46.4X6A I10", "resolve T46.4X6A"),
        row(underdosing_never_first, "I10 T46.4X6A Z91.120"),
        row(underdosing_names_reason, "I10 T46.4X6A", "advise T46.4X6A"),
        row(underdosing_names_reason, "I10 T46.4X6A Z91.120"),
        row(one_kind_a_drug, "L27.0 T36.0X5A T36.0X1A", "resolve T36.0X5A"),
        row(one_kind_a_drug, "T40.1X1A T42.4X1A"),
        row(undetermined_is_stated, "T45.0X4A", "resolve T45.0X4A", "Took diphenhydramine, drowsy."),
        row(undetermined_is_stated, "T40.414A", "", "Fentanyl; intent cannot be determined."),
        row(self_harm_is_stated, "T39.1X2A", "resolve T39.1X2A", "Took too much acetaminophen for a toothache."),
        row(self_harm_is_stated, "T39.1X2A", "", "Acetaminophen overdose as a suicide attempt."),
        row(drug_with_alcohol_is_poisoning, "R40.0 T42.6X5A T51.0X1A", "resolve T42.6X5A"),
        row(drug_with_alcohol_is_poisoning, "T42.6X1A T51.0X1A R40.0"),
        row(drugs_are_named, "T40.1X1A T42.4X1A T50.911A", "reject T50.911A"),
        row(drugs_are_named, "T50.911A"),
        row(cause_is_in_the_code, "T39.1X2A K71.10 X83.8XXA", "resolve X83.8XXA"),
        row(cause_is_in_the_code, "T42.4X1A S01.01XA W19.XXXA"),
        row(no_activity_beside_poisoning, "T44.7X1A R00.1 Y99.8", "reject Y99.8"),
        row(no_activity_beside_poisoning, "T54.2X1A T23.601A Y99.0"),
    ],
)
def test_drugs(fy2026: Codebook, given: Row) -> None:
    """Poisoning leads, adverse effect and underdosing follow, intent is the record's word (I.C.19.e)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    ("note", "code", "words", "drug", "asked"),
    [
        ("Hives from amoxicillin.", "L50.0", "Hives", "amoxicillin", False),
        ("Amoxicillin reaction. Wrist fracture after a fall.", "S52.501A", "Wrist fracture", "Amoxicillin", True),
        ("Amoxicillin side effects. Hypertension at goal.", "I10", "Hypertension", "Amoxicillin", True),
        ("Steroids stopped. Drug-induced hyperglycemia.", "R73.9", "hyperglycemia", "Steroids", False),
        ("Amoxicillin stopped. Drug rash today.", "L27.0", "rash", "Amoxicillin", False),
        ("Amoxicillin stopped.", "I10", None, None, False),
    ],
)
def test_the_reaction_belongs_to_the_drug(
    fy2026: Codebook, note: str, code: str, words: str | None, drug: str | None, *, asked: bool
) -> None:
    """Tied by the drug's sentence, by words of cause or by its title; an injury of the same day is no reaction."""
    given = case(fy2026, note, Written(code, words), Written("T36.0X5A", drug))
    assert [f.codes for f in adverse_effect_names_reaction(given)] == ([("T36.0X5A",)] if asked else [])


@pytest.mark.parametrize(("code", "mend"), [("T45.0X4A", "T45.0X1A"), ("T40.414A", "T40.411A")])
def test_the_accident_is_offered(fy2026: Codebook, code: str, mend: str) -> None:
    """Silence about intent means the same substance by accident (I.C.19.e.5.b)."""
    given = Row(undetermined_is_stated, code, "", "Drowsy after an unknown dose.", {})
    assert [finding.mend_codes for finding in given.findings(fy2026)] == [(mend,)]


@pytest.mark.parametrize(
    "given",
    [
        row(external_cause_never_first, "W19.XXXA S01.01XA", "resolve W19.XXXA"),
        row(external_cause_never_first, "S01.01XA W19.XXXA"),
        row(external_cause_needs_a_condition, "Z00.00 W19.XXXA", "resolve W19.XXXA"),
        row(external_cause_needs_a_condition, "I21.4 Y92.014"),
        row(storm_needs_an_injury, "J96.12 X37.0XXA", "resolve X37.0XXA"),
        row(storm_needs_an_injury, "S42.021A X37.0XXA"),
        row(place_once, "S01.01XA W19.XXXA Y92.010 Y92.230", "resolve Y92.230"),
        row(place_once, "S01.01XA W19.XXXA Y92.010 Y92.230", "advise Y92.230", setting="inpatient"),
        row(place_once, "S01.01XA W19.XXXA Y92.010"),
        row(activity_and_status_once, "S01.01XA Y99.0 Y99.8", "resolve Y99.8"),
        row(activity_and_status_once, "S01.01XA Y93.01 Y99.8"),
        row(unstated_is_left_out, "S01.01XA Y92.9 Y99.9", "reject Y92.9 Y99.9"),
        row(unstated_is_left_out, "S01.01XA Y92.009"),
        row(place_behind_cause, "S01.01XA Y92.010 W19.XXXA", "resolve Y92.010"),
        row(place_behind_cause, "S01.01XA W19.XXXA Y92.010"),
        row(place_at_the_first_visit, "S82.62XD W11.XXXD Y92.009", "reject Y92.009"),
        row(place_at_the_first_visit, "S82.62XA W11.XXXA Y92.009"),
        row(phase_follows_the_injury, "S82.62XD W11.XXXA", "resolve W11.XXXA"),
        row(phase_follows_the_injury, "G56.32 S42.302S W11.XXXS"),
        row(phase_follows_the_injury, "S82.221K V03.10XD"),
        row(graver_event_first, "S42.021A W20.1XXA X37.0XXA", "resolve W20.1XXA"),
        row(graver_event_first, "S42.021A X37.0XXA W20.1XXA"),
        row(undetermined_event_is_stated, "S61.411A Y28.1XXA", "resolve Y28.1XXA", "Cut by a knife."),
        row(undetermined_event_is_stated, "S61.512A Y28.1XXA", "", "Intent cannot be determined."),
        row(terrorism_is_confirmed, "S71.112A Y38.2X2A", "resolve Y38.2X2A", "Hurt by an explosion."),
        row(terrorism_is_confirmed, "S71.112A Y38.2X2A", "", "The FBI calls the bombing terrorism."),
        row(suspected_abuse_names_nobody, "T76.01XA Y07.59", "reject Y07.59"),
        row(suspected_abuse_names_nobody, "T74.12XA Y07.11"),
        row(perpetrator_needs_abuse, "S30.0XXA Y07.11", "resolve Y07.11"),
        row(perpetrator_needs_abuse, "T74.12XA Y07.11"),
        row(suspected_or_confirmed, "T74.12XA T76.12XA", "resolve T76.12XA"),
        row(suspected_or_confirmed, "Z04.72 T76.12XA", "resolve Z04.72"),
        row(suspected_or_confirmed, "T74.12XA"),
        row(abuse_leads, "S30.0XXA T74.12XA", "resolve S30.0XXA"),
        row(abuse_leads, "T74.12XA S30.0XXA"),
        row(assault_of_confirmed_abuse, "T74.12XA S30.0XXA", "advise T74.12XA"),
        row(assault_of_confirmed_abuse, "T74.12XA S30.0XXA Y00.XXXA"),
    ],
)
def test_external_causes(fy2026: Codebook, given: Row) -> None:
    """Never first, once an event, in the injury's phase; abuse by its certainty (I.C.20, I.C.19.f)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(status_beside_complication, "T86.11 Z94.0", "reject Z94.0"),
        row(status_beside_complication, "T86.11 Z94.4"),
        row(kidney_disease_is_no_complication, "T86.19 N18.31", "resolve T86.19", "CKD 3a, kidney from 2015."),
        row(kidney_disease_is_no_complication, "T86.11 N18.31", "", "Acute rejection, CKD 3a."),
        row(transplant_complication_is_named, "T86.49", "advise T86.49"),
        row(transplant_complication_is_named, "T86.49 C80.2"),
        row(device_status_beside_complication, "T84.51XA Z96.641", "resolve Z96.641"),
        row(device_status_beside_complication, "T84.51XA Z96.652"),
        row(stoma_status_beside_attention, "Z43.3 Z93.3", "resolve Z93.3"),
        row(stoma_status_beside_attention, "Z43.3 Z93.1"),
        row(procedure_is_in_the_code, "I97.820 I63.412 Y83.2", "advise Y83.2"),
        row(procedure_is_in_the_code, "N17.9 Y84.2"),
        row(complication_needs_its_link, "K91.72", "resolve K91.72", "Small nick, incidental, of no consequence."),
        row(complication_needs_its_link, "K91.72", "", "Accidental laceration of the bowel during surgery."),
        row(harm_of_care_is_no_injury, "K91.71 S36.430A", "resolve S36.430A"),
        row(harm_of_care_is_no_injury, "S36.430A"),
    ],
)
def test_complications(fy2026: Codebook, given: Row) -> None:
    """Tied to the care by the provider, and never beside the status of having none (I.C.19.g, I.B.16)."""
    assert holds(given, fy2026)
