"""Which mentions are to be coded: what the record assesses or treats, and what is reported whenever it is current.

The section a mention stands in and its assertion decide, with the setting (guidelines II–IV). Everything that is left
out keeps its reason.
"""

from __future__ import annotations

import re
from typing import Final

from agent.statements import DIAGNOSIS_SECTIONS
from medcoding.chart import Chart, SectionKind
from medcoding.mention import Assertion, Mention, MentionKind
from medcoding.proposal import EvidenceQuote, NotCoded, NotCodedReason
from medcoding.record import Record

_BACKGROUND: Final = frozenset(
    {
        SectionKind.CHIEF_COMPLAINT,
        SectionKind.HISTORY_PRESENT_ILLNESS,
        SectionKind.PAST_MEDICAL_HISTORY,
        SectionKind.PAST_SURGICAL_HISTORY,
        SectionKind.SOCIAL_HISTORY,
        SectionKind.HOSPITAL_COURSE,
        SectionKind.PROCEDURES,
        SectionKind.PLAN,
        SectionKind.OTHER,
    }
)
"""Sections whose lasting conditions and statuses count; passing complaints there do not."""

_REASONS: Final = ("Z00", "Z01", "Z02", "Z03", "Z08", "Z09", "Z11", "Z12", "Z13", "Z51", *(f"Z8{n}" for n in range(5)))
"""Reasons for a visit and family history: what the complaint or indication says of them counts."""

_SYMPTOMS: Final = "R"
"""Chapter 18: a past symptom is not worth a history code unless it is assessed."""

_RESIDUAL_HISTORY: Final = ("Z87.0", "Z87.1", "Z87.2", "Z87.3", "Z87.43", "Z87.44", "Z87.828", "Z87.898")

_COMPLAINT: Final = frozenset(
    {SectionKind.CHIEF_COMPLAINT, SectionKind.HISTORY_PRESENT_ILLNESS, SectionKind.OTHER, SectionKind.HOSPITAL_COURSE}
)
_LISTS_OF_FINDINGS: Final = frozenset(
    {
        SectionKind.REVIEW_OF_SYSTEMS,
        SectionKind.PHYSICAL_EXAM,
        SectionKind.VITALS,
        SectionKind.RESULTS,
        SectionKind.MEDICATIONS,
        SectionKind.INSTRUCTIONS,
    }
)

_SHORT_COURSE: Final = re.compile(
    r"\b(given|gave|x ?1|x ?\d+ ?(d|days?|doses?|wk|weeks?|mo|months?)|for \d+ (days?|weeks?|months?)|\d+ ?(d|days)\b"
    r"|\d+[- ](day|week|month) course|IV|IM|SC|bolus|loading|load(ed)?|stat|once|withheld|stopped|discontinued|avoid"
    r"|taper|burst|started|starts?|begun|begins?|topical|drip|infusion|infused|cycle)\b",
    re.IGNORECASE,
)
_LONG_TERM: Final = re.compile(r"\b(continue|long[- ]term|daily|nightly|chronic|maintenance|since|on)\b", re.IGNORECASE)
_OPERATION: Final = re.compile(r"ectom|chole\b|\blap\b", re.IGNORECASE)
_PAST_CUE: Final = re.compile(
    r"\b(s/?p|status[- ]post|prior|previous(ly)?|past|hx|h/o|history|ago|after|since|remote|former|childhood|child|had"
    r"|years?|yrs?|(19|20)\d\d|at \d+|POD|removed|without)\b",
    re.IGNORECASE,
)
_PAST: Final = frozenset(
    {SectionKind.PAST_MEDICAL_HISTORY, SectionKind.PAST_SURGICAL_HISTORY, SectionKind.PROBLEM_LIST}
)
_ABSENCE: Final = "Z90"

Reason = tuple[NotCodedReason, str]
"""Why something is left out, and one sentence that says it."""

_DECIDED_BY_ASSERTION: Final = {
    Assertion.NEGATED: (NotCodedReason.NEGATED, "The record says the patient does not have it."),
    Assertion.HYPOTHETICAL: (NotCodedReason.HYPOTHETICAL, "The record speaks of it as something that could happen."),
}


class Reportable(Record):
    """Mentions to be coded and those deliberately left out. Record of the *select* step."""

    mentions: tuple[Mention, ...]
    left_out: tuple[NotCoded, ...]


def select(chart: Chart, mentions: tuple[Mention, ...]) -> Reportable:
    """Choose what is to be coded.

    Where nothing is assessed at all, what the patient came for is taken from complaint and history instead.
    """
    assessed = any(_stands_assessed(m) and m.assertion is Assertion.PRESENT for m in mentions)
    stated = any(m.heads_problem and m.term for m in mentions)
    chosen: list[Mention] = []
    left_out: list[NotCoded] = []
    for mention in mentions:
        if _is_overruled(mention, mentions):
            left_out.append(_not_coded(mention, NotCodedReason.NEGATED, "The record denies or excludes it elsewhere."))
            continue
        reason = _reason_against(chart, mention, assessed=assessed, stated=stated)
        if reason is None:
            chosen.append(mention)
        elif _worth_naming(mention):
            left_out.append(_not_coded(mention, *reason))
    return Reportable(mentions=tuple(chosen), left_out=tuple(dict.fromkeys(left_out)))


def _reason_against(chart: Chart, mention: Mention, *, assessed: bool, stated: bool) -> Reason | None:
    """Why a mention is left out, None when it is to be coded."""
    if mention.assertion is Assertion.FAMILY:
        return _family(mention)
    if reason := next(filter(None, (against(chart, mention) for against in _AGAINST)), None):
        return reason
    if _is_grounded(mention, assessed=assessed, stated=stated):
        return None
    return NotCodedReason.NOT_ASSESSED, "Nothing shows that it was evaluated, treated or monitored (III, IV.J)."


def _by_assertion(_: Chart, mention: Mention) -> Reason | None:
    return _DECIDED_BY_ASSERTION.get(mention.assertion)


def _uncertain(chart: Chart, mention: Mention) -> Reason | None:
    if mention.assertion is not Assertion.POSSIBLE or chart.encounter.setting.codes_uncertain_diagnoses:
        return None
    return NotCodedReason.UNCERTAIN, "Uncertain diagnoses are not coded in this setting (IV.H)."


def _past_without_code(_: Chart, mention: Mention) -> Reason | None:
    if mention.assertion is not Assertion.HISTORICAL or (mention.stems and not _is_minor_history(mention)):
        return None
    return NotCodedReason.HISTORICAL, "The condition is past and no telling personal-history code belongs to it."


def _short_course(chart: Chart, mention: Mention) -> Reason | None:
    """The words around a drug speak of single doses or days."""
    words = _around(chart, mention) if mention.kind is MentionKind.DRUG else ""
    if not _SHORT_COURSE.search(words) or _LONG_TERM.search(words):
        return None
    return NotCodedReason.NOT_ASSESSED, "The drug is given for a time, not long term (I.C.21.c.3)."


def _operation_of_today(chart: Chart, mention: Mention) -> Reason | None:
    """An absence is only known from an operation that nothing places in the past."""
    absence = bool(mention.stems) and mention.stems[0].startswith(_ABSENCE) and _OPERATION.search(mention.text)
    past = mention.section in _PAST or mention.assertion is Assertion.HISTORICAL
    if not absence or past or _PAST_CUE.search(chart.text_of(chart.sentence(mention.sentence))):
        return None
    return NotCodedReason.NOT_ASSESSED, "The operation belongs to this episode; what it leaves is not yet a status."


_AGAINST: Final = (_by_assertion, _uncertain, _short_course, _operation_of_today, _past_without_code)


def _is_grounded(mention: Mention, *, assessed: bool, stated: bool) -> bool:
    """True where the section shows that the condition counts at this encounter.

    Under stated problems (`2. Hypertension.`) the text below each is reasoning: only lasting conditions count there.
    """
    lasting = mention.chronic or mention.assertion is Assertion.HISTORICAL
    if mention.kind is MentionKind.DRUG or mention.needs or mention.heads_problem:
        return True
    if mention.section is SectionKind.CHIEF_COMPLAINT and mention.stems and mention.stems[0].startswith(_REASONS):
        return True
    if _stands_assessed(mention):
        return lasting or not stated or mention.section is not SectionKind.ASSESSMENT_PLAN
    if mention.section is SectionKind.HOSPITAL_COURSE and not stated:
        return True
    if mention.section in _BACKGROUND and lasting:
        return True
    return not assessed and mention.section in _COMPLAINT


def _around(chart: Chart, mention: Mention) -> str:
    """The clause of a mention: its sentence between the nearest semicolons or full commas of a list."""
    sentence = chart.sentence(mention.sentence)
    text = chart.text_of(sentence)
    start, end = mention.span.start - sentence.span.start, mention.span.end - sentence.span.start
    first = max(text.rfind(mark, 0, start) for mark in (";", "\n", ". ")) + 1
    ends = [place for mark in (";", "\n", ". ") if (place := text.find(mark, end)) >= 0]
    return text[first : min(ends, default=len(text))]


def _is_overruled(mention: Mention, mentions: tuple[Mention, ...]) -> bool:
    """True when the record denies the same condition: later, for an uncertain one; anywhere, for a passing remark."""
    if mention.concept is None or mention.assertion not in {Assertion.PRESENT, Assertion.POSSIBLE}:
        return False
    denials = [m for m in mentions if m.concept == mention.concept and m.assertion is Assertion.NEGATED]
    if mention.assertion is Assertion.POSSIBLE and mention.section is not SectionKind.DISCHARGE_DIAGNOSIS:
        return any(m.sentence > mention.sentence for m in denials)
    return bool(denials) and not _stands_assessed(mention) and mention.chronic


def _is_minor_history(mention: Mention) -> bool:
    """A past symptom, or a past condition whose only history code is a residual one."""
    residual = all(code.startswith(_RESIDUAL_HISTORY) for code in mention.stems)
    return residual or (mention.concept or "").startswith(_SYMPTOMS)


def _worth_naming(mention: Mention) -> bool:
    """False for what nobody would expect a code for: complaints in a review of systems, findings of an examination."""
    expected = mention.section not in _LISTS_OF_FINDINGS or mention.assertion is Assertion.POSSIBLE
    return mention.kind is MentionKind.PROBLEM and mention.term is not None and not mention.needs and expected


def _family(mention: Mention) -> Reason | None:
    if mention.stems and mention.section in DIAGNOSIS_SECTIONS | {SectionKind.CHIEF_COMPLAINT}:
        return None
    return NotCodedReason.FAMILY, "A relative has it, not the patient."


def _stands_assessed(mention: Mention) -> bool:
    return mention.section in DIAGNOSIS_SECTIONS


def _not_coded(mention: Mention, reason: NotCodedReason, detail: str) -> NotCoded:
    return NotCoded(
        text=mention.text,
        evidence=(quote_of(mention),),
        code=mention.stems[0] if mention.stems else None,
        reason=reason,
        detail=detail,
    )


def quote_of(mention: Mention) -> EvidenceQuote:
    """The mention as verbatim evidence."""
    return EvidenceQuote(
        document_id=mention.document_id,
        start=mention.span.start,
        end=mention.span.end,
        text=mention.text,
        section=mention.section.value,
        assertion=mention.assertion,
    )
