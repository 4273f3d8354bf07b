"""Setting: what counts as a diagnosis here, from which part of the record, in which role (II, III, IV)."""

from __future__ import annotations

from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import ADVISE, MUST_RESOLVE, REJECT, Findings, Ruling
from medcoding.chart import SectionKind
from medcoding.codes import CodeRole
from medcoding.encounter import Setting
from medcoding.mention import Assertion
from medcoding.proposal import EvidenceQuote, ProposedCode

_CONFIRMED_ONLY: Final[tuple[tuple[Family, str], ...]] = (
    (family("B20 Z21"), "I.C.1.a.1, II.H"),
    (family("A92.5"), "I.C.1.f.1, II.H"),
    (family("U07.1 J12.82"), "I.C.1.g.1.a, I.C.1.g.1.g, II.H"),
    (family("J09 J10"), "I.C.10.c, II.H"),
    (family("Y38"), "I.C.20.j.2"),
)
"""What no setting codes while it is uncertain."""

_FINAL: Final = frozenset(
    {
        SectionKind.DISCHARGE_DIAGNOSIS,
        SectionKind.ASSESSMENT,
        SectionKind.ASSESSMENT_PLAN,
        SectionKind.HOSPITAL_COURSE,
        SectionKind.PROBLEM_LIST,
        SectionKind.PLAN,
        SectionKind.OTHER,
    }
)
_RESULTS: Final = frozenset({SectionKind.RESULTS, SectionKind.VITALS})
_PAST: Final = frozenset({SectionKind.PAST_MEDICAL_HISTORY, SectionKind.PAST_SURGICAL_HISTORY})
_ABNORMAL: Final = family("R70-R94 R97 E87 D64.9 D72.8 E83.3 E83.4 E83.5 R73")
_ACUTE: Final = family(
    "A40-A41 A08-A09 G45 I21-I22 I26 I60-I63 J00-J06 J09-J18 J20-J22 J96.0 J96.2 K35 K56 K81.0 K85 L03 N10 N17 N39.0 "
    "S R U07.1 J44.1 I16"
)
_FIRST: Final = frozenset({CodeRole.PRINCIPAL, CodeRole.FIRST_LISTED})
_CHRONIC: Final = family(
    "B18 C00-C96 D57 E03 E05 E08-E13 E78 F20 F25 F31-F33 G20 G30 G35 G40 I10-I13 I25 I48 I50 J43-J45 J84 K50-K51 K70 "
    "K74 L40 M05-M06 M32 N18"
)
"""Lasting diseases of weight, reported whenever they are cared for."""

_CHRONIC_KIN: Final = (
    family("I10-I13 I15 O10-O11 O13-O14"),
    family("N18 I12-I13 E08-E13 N19"),
    family("I50 I11 I13 I09 O90.3"),
    family("E08-E13 O24"),
    family("D50-D64 O99"),
    family("F01-F03 G30-G31"),
    family("F10-F19 O99 Z87 Z72"),
    family("J43-J45 J47"),
    family("I20 I25"),
    family("E66 O99"),
    family("M15-M19"),
    family("M80-M81"),
    family("F32-F34 F31"),
    family("E03 E89 E00-E07 O99"),
)
"""Chronic diseases that a code of another category may hold."""


def uncertain_where_confirmation_counts(case: Case) -> Findings:
    """HIV, Zika, COVID-19, identified influenza and terrorism are coded only when confirmed, in a stay too."""
    ruling = Ruling(
        rule="setting.confirmed_only",
        severity=REJECT,
        source="",
        message="{code} is coded only when confirmed, in every setting, and its evidence is uncertain.",
        mend="Code the signs, symptoms or exposure instead.",
    )
    return tuple(
        ruling._replace(source=source).on(line.code)
        for line in case.diagnoses
        for kind, source in _CONFIRMED_ONLY
        if line.code in kind and line.evidence and _only_possible(case, line)
    )


def uncertain_at_the_end_of_the_stay(case: Case) -> Findings:
    """In a stay an uncertain diagnosis counts if it still stands in the final documentation."""
    kinds = {section.kind for section in case.chart.sections}
    if case.setting is not Setting.INPATIENT or SectionKind.DISCHARGE_DIAGNOSIS not in kinds:
        return ()
    ruling = Ruling(
        rule="setting.uncertain_at_discharge",
        severity=MUST_RESOLVE,
        source="II.H, III.C",
        message="{code} rests on an uncertain diagnosis that the final documentation does not repeat.",
        mend="Quote the discharge documentation, or leave {code} out.",
    )
    return tuple(
        ruling.on(line.code)
        for line in case.diagnoses
        if line.evidence
        and {quote.assertion for quote in line.evidence} == {Assertion.POSSIBLE}
        and not any(_section(case, quote) in _FINAL for quote in line.evidence)
    )


def role_fits_the_setting(case: Case) -> Findings:
    """A stay has one principal diagnosis, a visit one first-listed one, and it stands first."""
    inpatient = case.setting is Setting.INPATIENT
    right = CodeRole.PRINCIPAL if inpatient else CodeRole.FIRST_LISTED
    wrong = [line for line in case.diagnoses if line.role in _FIRST and (line is not case.first or line.role != right)]
    ruling = Ruling(
        rule="setting.role",
        severity=MUST_RESOLVE,
        source="II" if inpatient else "IV, IV.A, IV.G",
        message="{code} has a role that it cannot have at this place in this setting.",
        mend=f"Give the first diagnosis the role {right.value.replace('_', '-')} and every other one another role.",
    )
    return tuple(ruling.on(line.code) for line in wrong)


def result_is_no_diagnosis(case: Case) -> Findings:
    """In a stay an abnormal result is coded if the provider says that it matters."""
    if case.setting is not Setting.INPATIENT:
        return ()
    ruling = Ruling(
        rule="setting.result_no_diagnosis",
        severity=MUST_RESOLVE,
        source="III.B",
        message="{code} rests on results alone.",
        mend="Leave {code} out, unless the provider says that the result matters.",
    )
    return _resting_on(case, _ABNORMAL, _RESULTS, ruling)


def past_illness_is_over(case: Case) -> Findings:
    """An acute illness that stands only in the history is not coded as present."""
    ruling = Ruling(
        rule="setting.past_illness",
        severity=MUST_RESOLVE,
        source="IV.J, III.A, I.C.21.c.4",
        message="{code} is an acute illness, and its evidence stands in the past history alone.",
        mend="Report the history code where it matters, else leave {code} out.",
    )
    return _resting_on(case, _ACUTE, _PAST, ruling)


def chronic_disease_left_out(case: Case) -> Findings:
    """A chronic disease that the assessment lists as a problem of this encounter is reported each time."""
    listed = {m.concept: m for m in case.mentions if m.heads_problem and m.concept and m.concept in _CHRONIC}
    ruling = Ruling(
        rule="setting.chronic_left_out",
        severity=ADVISE,
        source="IV.I, IV.J, III",
        message="The assessment lists a chronic disease ({code}) that no code tells.",
        mend="Add the disease, unless it had no part in the encounter.",
    )
    missing = [c for c, m in listed.items() if m.assertion is Assertion.PRESENT and not _told(case, c)]
    return tuple(ruling.missing(code) for code in missing)


def _only_possible(case: Case, line: ProposedCode) -> bool:
    """True when nothing but uncertain words carries the code, by claim or by what the record's cues say."""
    return all(
        reading.claimed is Assertion.POSSIBLE
        or (reading.by_mentions == {Assertion.POSSIBLE} and Assertion.POSSIBLE in reading.by_cues)
        for reading in case.readings.of(line)
    )


def _resting_on(case: Case, kind: Family, sections: frozenset[SectionKind], ruling: Ruling) -> Findings:
    lines = [line for line in case.diagnoses if line.code in kind and line.evidence]
    return tuple(ruling.on(line.code) for line in lines if all(_section(case, q) in sections for q in line.evidence))


def _section(case: Case, quote: EvidenceQuote) -> SectionKind:
    """Where the record has the quote; `OTHER` where the chart is not cut up."""
    for section in case.chart.sections:
        if section.document_id == quote.document_id and section.span.start <= quote.start < section.span.end:
            return section.kind
    return SectionKind.OTHER


def _told(case: Case, concept: str) -> bool:
    """True when some code is of the disease's category or of one that holds it."""
    kin = [group for group in _CHRONIC_KIN if concept in group]
    return any(code[:3] == concept[:3] or any(code in group for group in kin) for code in case.codes)


RULES: Final[tuple[Rule, ...]] = (
    uncertain_where_confirmation_counts,
    uncertain_at_the_end_of_the_stay,
    role_fits_the_setting,
    result_is_no_diagnosis,
    past_illness_is_over,
    chronic_disease_left_out,
)
