"""Against: what speaks against coding a mention, each with the reason that a coder would give.

Every function looks at one mention in its chart and answers with a reason or with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from agent.statements import DIAGNOSIS_SECTIONS
from medcoding.chart import Chart, SectionKind
from medcoding.mention import Assertion, Mention, MentionKind
from medcoding.proposal import NotCodedReason

_RESIDUAL_HISTORY: Final = (
    "Z86.018", "Z86.2", "Z86.5", "Z86.6", "Z86.79", "Z87.0", "Z87.1", "Z87.2", "Z87.39", "Z87.42", "Z87.43", "Z87.44",
    "Z87.5", "Z87.81", "Z87.828", "Z87.892", "Z87.898",
)  # fmt: skip
_SYMPTOMS: Final = "R"
_STATUS: Final = ("Z8", "Z9")
_SHORT_COURSE: Final = re.compile(
    r"\b(given|gave|x ?1|x ?\d+ ?(d|days?|doses?|wk|weeks?|mo|months?)|for \d+ (days?|weeks?|months?)|\d+ ?(d|days)\b"
    r"|\d+[- ](day|week|month) course|IV|IM|SC|bolus|loading|load(ed)?|stat|once|withheld|stopped|discontinued|avoid"
    r"|taper|burst|started|starts?|begun|begins?|topical|drip|infusion|infused|cycle|prn|as needed|empiric(ally)?)\b",
    re.IGNORECASE,
)
_LONG_TERM: Final = re.compile(r"\b(continue|long[- ]term|daily|nightly|chronic|maintenance|since|on)\b", re.IGNORECASE)
_LONG_TERM_USE: Final = "Z79"
_OPERATION: Final = re.compile(r"ectom|chole\b|\blap\b", re.IGNORECASE)
_PAST_CUE: Final = re.compile(
    r"\b(s/?p|status[- ]post|prior|previous(ly)?|past|hx|h/o|history|ago|after|since|remote|former|childhood|"
    r"child|had"
    r"|years?|yrs?|(19|20)\d\d|at \d+|POD ?\d*|removed|without|known|old|in place|has)\b",
    re.IGNORECASE,
)
_PAST: Final = frozenset(
    {SectionKind.PAST_MEDICAL_HISTORY, SectionKind.PAST_SURGICAL_HISTORY, SectionKind.PROBLEM_LIST}
)
_ABSENCE: Final = ("Z90", "Z89")
_DEVICES: Final = ("Z93", "Z94", "Z95", "Z98")
_PUT_IN: Final = re.compile(r"plac(?:ed|ement|ing)|insert|implant(?!able)", re.IGNORECASE)
_OTHERS: Final = re.compile(
    r"nurs|triage|nutrition|diet|pharmac|medication_admin|social_work|case_manag|therapy|\bems\b|ambulance|"
    r"paramedic|vitals",
    re.IGNORECASE,
)
_OTHER_ROLES: Final = re.compile(
    r"\b(?:nurse|rn|lpn|dieti[ct]ian|pharmacist|technician|therapist|paramedic|emt|social worker|case manager|"
    r"aide|scribe)\b",
    re.IGNORECASE,
)
_PROVIDER_ROLES: Final = re.compile(r"practitioner|physician|\bnp\b|\bpa\b|midwife|anesthetist|aprn", re.IGNORECASE)
_OTHERS_MAY_RECORD: Final = (
    "L89", "L97", "R29.7", "R40.2", "V", "W", "X", "Y", "Z23", "Z28.3", "Z3A", "Z55", "Z56", "Z57", "Z58", "Z59", "Z60",
    "Z61", "Z62", "Z63", "Z64", "Z65", "Z68", "Z79", "Z9", "F17", "Z87.891", "Z88", "Z91.0",
)  # fmt: skip
"""Guideline I.B.14, what tells of an accident, and what a history of drugs, habits and operations holds."""

_TOO_GENERAL: Final = ("B99.9", "R58", "R69", "T14.9", "T81.9", "Z71.9", "Z71.89", "F99", "D68.9", "M79.9", "L90.5")
_VACCINATION: Final = "Z23"
_ENCOUNTERS_FOR_A_TEST: Final = ("Z32.0", "Z13.3", "Z36")
_INCIDENTAL: Final = re.compile(r"\bincidental", re.IGNORECASE)
_PREGNANT_STATE: Final = "Z33.1"


class Reason(NamedTuple):
    """Why something is left out, and one sentence that says it."""

    reason: NotCodedReason
    detail: str


Against = Callable[[Chart, Mention], Reason | None]

_DECIDED_BY_ASSERTION: Final = {
    Assertion.NEGATED: Reason(NotCodedReason.NEGATED, "The record says the patient does not have it."),
    Assertion.HYPOTHETICAL: Reason(
        NotCodedReason.HYPOTHETICAL, "The record speaks of it as something that could happen."
    ),
}


def reason_against(chart: Chart, mention: Mention) -> Reason | None:
    """The first reason that speaks against coding the mention, None where none does."""
    return next(filter(None, (against(chart, mention) for against in _AGAINST)), None)


def clause_of_drug(chart: Chart, mention: Mention) -> str:
    """The clause of a mention: its sentence between the nearest semicolons or full stops."""
    sentence = chart.sentence(mention.sentence)
    text = chart.text_of(sentence)
    start, end = mention.span.start - sentence.span.start, mention.span.end - sentence.span.start
    first = max(text.rfind(mark, 0, start) for mark in (";", "\n", ". ")) + 1
    ends = [place for mark in (";", "\n", ". ") if (place := text.find(mark, end)) >= 0]
    return text[first : min(ends, default=len(text))]


def _by_assertion(_: Chart, mention: Mention) -> Reason | None:
    return _DECIDED_BY_ASSERTION.get(mention.assertion)


def _uncertain(chart: Chart, mention: Mention) -> Reason | None:
    if mention.assertion is not Assertion.POSSIBLE or chart.encounter.setting.codes_uncertain_diagnoses:
        return None
    return Reason(NotCodedReason.UNCERTAIN, "Uncertain diagnoses are not coded in this setting (IV.H).")


def _leaves(mention: Mention, codes: tuple[str, ...], operation: re.Pattern[str]) -> bool:
    """True for an operation, by its words, whose only code is of what it leaves."""
    return bool(mention.stems) and mention.stems[0].startswith(codes) and bool(operation.search(mention.text))


def _past_without_code(_: Chart, mention: Mention) -> Reason | None:
    if mention.assertion is not Assertion.HISTORICAL or (mention.stems and not _is_minor_history(mention)):
        return None
    return Reason(
        NotCodedReason.HISTORICAL, "The condition is past and no telling personal-history code belongs to it."
    )


def _short_course(chart: Chart, mention: Mention) -> Reason | None:
    """The words around a drug speak of single doses or days."""
    long_term = mention.kind is MentionKind.DRUG and (mention.concept or "").startswith(_LONG_TERM_USE)
    words = clause_of_drug(chart, mention) if long_term else ""
    if not _SHORT_COURSE.search(words) or _LONG_TERM.search(words):
        return None
    return Reason(NotCodedReason.NOT_ASSESSED, "The drug is given for a time, not long term (I.C.21.c.3).")


def _operation_of_today(chart: Chart, mention: Mention) -> Reason | None:
    """An absence or a device is only known from an operation that nothing places in the past."""
    absence = _leaves(mention, _ABSENCE, _OPERATION) or _leaves(mention, _DEVICES, _PUT_IN)
    past = mention.section in _PAST or mention.assertion is Assertion.HISTORICAL
    if not absence or past or _PAST_CUE.search(chart.text_of(chart.sentence(mention.sentence))):
        return None
    return Reason(
        NotCodedReason.NOT_ASSESSED, "The operation belongs to this episode; what it leaves is not yet a status."
    )


def _said_by_others(chart: Chart, mention: Mention) -> Reason | None:
    """A diagnosis in the document of a nurse, a dietitian, a therapist (guideline I.B.14)."""
    if mention.kind is not MentionKind.PROBLEM or not mention.concept:
        return None
    document = chart.encounter.document(mention.document_id)
    role = document.author_role or ""
    others = _OTHER_ROLES.search(role) if role else _OTHERS.search((document.type or "").replace(" ", "_"))
    if not others or _PROVIDER_ROLES.search(role) or mention.concept.startswith(_OTHERS_MAY_RECORD):
        return None
    return Reason(NotCodedReason.NOT_ASSESSED, "Only the provider establishes a diagnosis (I.B.14).")


def _incidental_pregnancy(chart: Chart, mention: Mention) -> Reason | None:
    if mention.concept != _PREGNANT_STATE:
        return None
    if _INCIDENTAL.search(chart.encounter.document(mention.document_id).text):
        return None
    return Reason(NotCodedReason.NOT_ASSESSED, "No provider calls the pregnancy incidental (I.C.15.a.1).")


def _vaccine_not_given(_: Chart, mention: Mention) -> Reason | None:
    """A vaccine that is only named: `flu shot already taken elsewhere` (guideline I.C.21.c.2)."""
    if mention.concept != _VACCINATION or "" in mention.needs:
        return None
    return Reason(NotCodedReason.NOT_ASSESSED, "The record does not say that the vaccine was given at this encounter.")


def _done_in_passing(_: Chart, mention: Mention) -> Reason | None:
    """A test before treatment or a questionnaire is no encounter for it: `pregnancy test negative` (category Z32)."""
    if not (mention.concept or "").startswith(_ENCOUNTERS_FOR_A_TEST) or mention.heads_problem:
        return None
    if mention.section is SectionKind.CHIEF_COMPLAINT:
        return None
    return Reason(NotCodedReason.NOT_ASSESSED, "It was done in passing; the encounter was not for it (I.C.21.c.5).")


def _too_general(_: Chart, mention: Mention) -> Reason | None:
    if not mention.concept or not mention.concept.startswith(_TOO_GENERAL) or _states_it_alone(mention):
        return None
    return Reason(NotCodedReason.NOT_ASSESSED, "The word names no condition of its own here.")


def _states_it_alone(mention: Mention) -> bool:
    return mention.heads_problem and mention.section in DIAGNOSIS_SECTIONS


def _is_minor_history(mention: Mention) -> bool:
    """A past symptom, or a past condition whose only history code is a residual one and that is not assessed."""
    if _states_it_alone(mention):
        return False
    concept = mention.concept or ""
    residual = all(code.startswith(_RESIDUAL_HISTORY) for code in mention.stems) and not concept.startswith(_STATUS)
    return residual or concept.startswith(_SYMPTOMS)


_AGAINST: Final[tuple[Against, ...]] = (
    _by_assertion,
    _uncertain,
    _short_course,
    _operation_of_today,
    _past_without_code,
    _said_by_others,
    _incidental_pregnancy,
    _too_general,
    _vaccine_not_given,
    _done_in_passing,
)
