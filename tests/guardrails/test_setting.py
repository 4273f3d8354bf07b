"""Setting: uncertain diagnoses, roles, results, the past, chronic diseases left out."""

from __future__ import annotations

import pytest

from guardrails.setting import (
    chronic_disease_left_out,
    past_illness_is_over,
    result_is_no_diagnosis,
    role_fits_the_setting,
    uncertain_at_the_end_of_the_stay,
    uncertain_where_confirmation_counts,
)
from medcoding.chart import SectionKind
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole
from medcoding.encounter import Document
from medcoding.mention import Assertion
from tests.guardrails.cases import Written, case, mention, said
from tests.guardrails.chapters.rows import Row, holds, row

ASTHMA = "1. COPD, stable."
MAYBE = "Possible COVID-19."


@pytest.mark.parametrize(
    ("code", "assertion", "source"),
    [
        ("U07.1", Assertion.POSSIBLE, "I.C.1.g.1.a"),
        ("B20", Assertion.POSSIBLE, "I.C.1.a.1"),
        ("A92.5", Assertion.POSSIBLE, "I.C.1.f.1"),
        ("J10.1", Assertion.POSSIBLE, "I.C.10.c"),
        ("Y38.2X2A", Assertion.POSSIBLE, "I.C.20.j.2"),
        ("U07.1", Assertion.PRESENT, None),
        ("J18.9", Assertion.POSSIBLE, None),
    ],
)
def test_what_must_be_confirmed(fy2026: Codebook, code: str, assertion: Assertion, source: str | None) -> None:
    """Not even a stay codes these while they are uncertain; pneumonia it does (II.H)."""
    given = case(fy2026, MAYBE, Written(code, assertion=assertion), setting="inpatient")
    findings = uncertain_where_confirmation_counts(given)
    assert said(findings) == ([] if source is None else [("setting.confirmed_only", "reject", (code,))])
    assert all((source or "") in finding.source for finding in findings)


def test_a_claim_of_certainty_does_not_confirm(fy2026: Codebook) -> None:
    """Where the record's own cue and the mention say possible, a claim that it is present changes nothing (II.H)."""
    found = mention(MAYBE, "COVID-19", "U07.1", Assertion.POSSIBLE)
    claimed = Written("U07.1", "COVID-19", assertion=Assertion.PRESENT)
    given = case(fy2026, MAYBE, claimed, setting="inpatient", mentions=(found,))
    assert [finding.codes for finding in uncertain_where_confirmation_counts(given)] == [("U07.1",)]


@pytest.mark.parametrize(
    ("section", "setting", "findings"),
    [
        (SectionKind.DISCHARGE_DIAGNOSIS, "inpatient", 0),
        (SectionKind.HISTORY_PRESENT_ILLNESS, "inpatient", 0),
        (SectionKind.HISTORY_PRESENT_ILLNESS, "outpatient", 0),
    ],
)
def test_uncertain_in_one_section(fy2026: Codebook, section: SectionKind, setting: str, findings: int) -> None:
    """A record without discharge diagnoses, or with the words among them, gives no cause to ask (II.H, III.C)."""
    code = Written("J18.9", assertion=Assertion.POSSIBLE)
    given = case(fy2026, "Probable pneumonia.", code, setting=setting, section=section)
    assert len(uncertain_at_the_end_of_the_stay(given)) == findings


def test_uncertain_and_not_repeated_at_discharge(fy2026: Codebook) -> None:
    """A suspicion of the first day that the discharge diagnoses do not repeat is asked about (II.H, III.C)."""
    notes = (
        Document(document_id="d", text="Probable pneumonia."),
        Document(document_id="e", text="Heart failure."),
    )
    code = Written("J18.9", "Probable pneumonia", assertion=Assertion.POSSIBLE)
    given = case(fy2026, notes, "I50.9", code, setting="inpatient")
    kinds = (SectionKind.HISTORY_PRESENT_ILLNESS, SectionKind.DISCHARGE_DIAGNOSIS)
    sections = tuple(s.model_copy(update={"kind": kind}) for s, kind in zip(given.chart.sections, kinds, strict=True))
    chart = given.chart.model_copy(update={"sections": sections})
    asked = uncertain_at_the_end_of_the_stay(type(given)(chart, given.proposal, fy2026, edition_in_force=True))
    assert said(asked) == [("setting.uncertain_at_discharge", "must_resolve", ("J18.9",))]


@pytest.mark.parametrize(
    ("setting", "role", "fits"),
    [
        ("inpatient", CodeRole.PRINCIPAL, True),
        ("inpatient", CodeRole.FIRST_LISTED, False),
        ("outpatient", CodeRole.FIRST_LISTED, True),
        ("ed", CodeRole.PRINCIPAL, False),
    ],
)
def test_the_first_diagnosis_has_the_role_of_its_setting(
    fy2026: Codebook, setting: str, role: CodeRole, fits: bool
) -> None:
    """Principal in a stay, first-listed at a visit (II, IV.A)."""
    given = case(fy2026, "Hypertension.", Written("I10", role=role), setting=setting)
    assert [finding.codes for finding in role_fits_the_setting(given)] == ([] if fits else [("I10",)])


def test_only_the_first_diagnosis_leads(fy2026: Codebook) -> None:
    """A second principal diagnosis is one too many (II)."""
    given = case(fy2026, "Both.", "I10", Written("E78.5", role=CodeRole.PRINCIPAL), setting="inpatient")
    assert [finding.codes for finding in role_fits_the_setting(given)] == [("E78.5",)]


@pytest.mark.parametrize(
    "given",
    [
        row(
            result_is_no_diagnosis, "E87.6", "resolve E87.6", "K 3.1.", setting="inpatient", section=SectionKind.RESULTS
        ),
        row(result_is_no_diagnosis, "E87.6", "", "K 3.1.", section=SectionKind.RESULTS),
        row(result_is_no_diagnosis, "E87.6", "", "Hypokalemia, replaced.", setting="inpatient"),
        row(past_illness_is_over, "J18.9", "resolve J18.9", "Pneumonia.", section=SectionKind.PAST_MEDICAL_HISTORY),
        row(past_illness_is_over, "J18.9", "", "Pneumonia."),
        row(past_illness_is_over, "I10", "", "Hypertension.", section=SectionKind.PAST_MEDICAL_HISTORY),
    ],
)
def test_the_section_of_the_evidence_counts(fy2026: Codebook, given: Row) -> None:
    """A mere result in a stay and an acute illness of the past are no diagnoses of today (III.B, III.A, IV.J)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    ("codes", "assertion", "missing"),
    [
        ("I10", Assertion.PRESENT, ("J44.9",)),
        ("J44.1", Assertion.PRESENT, ()),
        ("J43.9", Assertion.PRESENT, ()),
        ("I10", Assertion.NEGATED, ()),
    ],
)
def test_a_listed_chronic_disease_is_missed(
    fy2026: Codebook, codes: str, assertion: Assertion, missing: tuple[str, ...]
) -> None:
    """It is offered with its code, unless a code of its kin tells it (IV.I); the finding names no proposed code."""
    listed = mention(ASTHMA, "COPD", "J44.9", assertion, chronic=True, heads_problem=True)
    findings = chronic_disease_left_out(case(fy2026, ASTHMA, codes, mentions=(listed,)))
    assert [(finding.codes, finding.mend_codes) for finding in findings] == [((), missing)] * len(missing)
