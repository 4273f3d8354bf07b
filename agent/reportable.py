"""Which mentions are to be coded: what the record assesses or treats, and what is reported whenever it is current.

The section a mention stands in and its assertion decide, with the setting (guidelines II–IV). Everything that is left
out keeps its reason.
"""

from __future__ import annotations

import re
from typing import Final

from agent.against import Reason, reason_against
from agent.statements import DIAGNOSIS_SECTIONS
from medcoding.chart import Chart, SectionKind
from medcoding.encounter import Setting
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
        SectionKind.ALLERGIES,
        SectionKind.DIFFERENTIAL,
    }
)
_MINOR_STATUS: Final = ("Z90.49", "Z90.71", "Z90.72", "Z98.51", "Z97.5", "Z98.4")
_ALLERGIES: Final = ("Z88", "Z91.0")
_NO_DISEASE: Final = (
    "R", *(f"Z{n}" for n in (0, 1, 2, 4, 5, 6, 7, 8, 9)), "Z30", "Z31", "Z32", "Z34", "Z36", "Z37", "Z38", "Z39", "Z3A",
    "G89", "H53.1", "H57", "J34.89", "K92.0", "K92.1", "K92.2", "K62.5", "L29", "L50.9", "M25.4", "M25.5", "M25.6",
    "M54.2", "M54.5", "M54.6", "M54.9", "M79.1", "M79.6", "N64.4", "N89.8", "N93.9",
)  # fmt: skip
"""Symptoms in and out of chapter 18, and reasons for contact: told in passing they are no diagnosis."""


_CLAUSE_END: Final = re.compile(r";|\.\s|\b(?:but|while|whereas)\b", re.IGNORECASE)
_DEALT_WITH: Final = re.compile(
    r"(?<!not )(?<!never )\b(?:treated|managed|required?|requiring|needed|received|given|started on|placed on|underwent"
    r"|evaluated|worked up|monitored|trended|followed|corrected|repleted|transfused|intubated|drained|debrided|dialyzed"
    r"|diuresed|consulted|(?:resolved|improved|resolving|improving) (?:with|on|after)|responded to"
    r"|on (?:IV|broad[- ]spectrum|BiPAP|pressors))\b(?! no\b)",
    re.IGNORECASE,
)
"""How a course tells that a diagnosis met the definition of another one to be reported (guideline III)."""


class Reportable(Record):
    """Mentions to be coded and those deliberately left out. Record of the *select* step."""

    mentions: tuple[Mention, ...]
    left_out: tuple[NotCoded, ...]


def select(chart: Chart, mentions: tuple[Mention, ...]) -> Reportable:
    """Choose what is to be coded.

    Where nothing is assessed at all, what the patient came for is taken from complaint and history instead.
    """
    assessed = any(_stands_assessed(m) and m.assertion is Assertion.PRESENT and m.concept for m in mentions)
    stated = any(m.heads_problem and m.concept for m in mentions)
    chosen: list[Mention] = []
    left_out: list[NotCoded] = []
    for mention in mentions:
        if _is_mere_word(mention) or _is_minor_status(mention) or _is_said_before(chart, mention, mentions):
            continue
        if _is_overruled(chart, mention, mentions):
            left_out.append(_not_coded(mention, _DENIED_ELSEWHERE))
            continue
        reason = _reason_against(chart, mention, assessed=assessed, stated=stated)
        if reason is None:
            chosen.append(mention)
        elif _worth_naming(mention):
            left_out.append(_not_coded(mention, reason))
    return Reportable(mentions=tuple(chosen), left_out=tuple(dict.fromkeys(left_out)))


_DENIED_ELSEWHERE: Final = Reason(NotCodedReason.NEGATED, "The record denies or excludes it elsewhere.")


def _reason_against(chart: Chart, mention: Mention, *, assessed: bool, stated: bool) -> Reason | None:
    """Why a mention is left out, None when it is to be coded."""
    if mention.assertion is Assertion.FAMILY:
        return _family(mention)
    if reason := reason_against(chart, mention):
        return reason
    # Running text under no heading tells an outpatient's story; what counts of it stands in the assessment (IV.J).
    prose_passes = assessed and chart.encounter.setting is Setting.OUTPATIENT
    grounded = _is_grounded(mention, assessed=assessed, stated=stated, prose_passes=prose_passes)
    if grounded or _is_dealt_with(chart, mention):
        return None
    if _is_told_disease(mention) and not prose_passes:
        return None
    return Reason(NotCodedReason.NOT_ASSESSED, "Nothing shows that it was evaluated, treated or monitored (III, IV.J).")


def _is_grounded(mention: Mention, *, assessed: bool, stated: bool, prose_passes: bool) -> bool:
    """True where the section shows that the condition counts at this encounter.

    Under stated problems (`2. Hypertension.`) the text below each is reasoning: only lasting conditions count there.
    Where `prose_passes`, running text under no heading grounds nothing.
    """
    lasting = mention.chronic or mention.assertion is Assertion.HISTORICAL
    section = mention.section
    if section is SectionKind.OTHER and prose_passes:
        lasting = False
    if mention.kind is MentionKind.DRUG or mention.needs or mention.heads_problem or _tells_why(mention):
        return True
    if _stands_assessed(mention):
        return lasting or not stated or section is not SectionKind.ASSESSMENT_PLAN
    if (section is SectionKind.HOSPITAL_COURSE and not stated) or (section in _BACKGROUND and lasting):
        return True
    return not assessed and section in _COMPLAINT


def _is_dealt_with(chart: Chart, mention: Mention) -> bool:
    """A disease of a stay's course whose clause tells that it was evaluated, treated or monitored (III, UHDDS)."""
    told = mention.section is SectionKind.HOSPITAL_COURSE and chart.encounter.setting is Setting.INPATIENT
    if not told or (mention.concept or "R").startswith(_NO_DISEASE):
        return False
    sentence = chart.sentence(mention.sentence)
    at, text = mention.span.start - sentence.span.start, chart.text_of(sentence)
    bounds = [0, *(end.start() for end in _CLAUSE_END.finditer(text)), len(text)]
    start, end = max(b for b in bounds if b <= at), min(b for b in bounds if b > at)
    return bool(_DEALT_WITH.search(text, start, end))


def _tells_why(mention: Mention) -> bool:
    """The reason for the visit in the complaint, a substance in the list of allergies."""
    code = mention.stems[0] if mention.stems else ""
    if mention.section is SectionKind.CHIEF_COMPLAINT:
        return code.startswith(_REASONS)
    return mention.section is SectionKind.ALLERGIES and code.startswith(_ALLERGIES)


def _is_told_disease(mention: Mention) -> bool:
    """A disease, not a symptom, told in running text under no heading: there the assessment stands where it is told."""
    return mention.section is SectionKind.OTHER and not (mention.concept or "R").startswith(_NO_DISEASE)


def _is_mere_word(mention: Mention) -> bool:
    """A finding, an operation, a drug or a thing without a code of its own: read, but nothing to code from."""
    return mention.term is not None and mention.concept is None


def _is_minor_status(mention: Mention) -> bool:
    """True for an absent appendix told in passing, where no list of operations or diagnoses holds it (I.C.21.c.3)."""
    told = mention.section in {SectionKind.OTHER, SectionKind.HISTORY_PRESENT_ILLNESS}
    return told and not mention.heads_problem and (mention.concept or "").startswith(_MINOR_STATUS)


def _is_said_before(chart: Chart, mention: Mention, mentions: tuple[Mention, ...]) -> bool:
    """True in a copied sentence for what its first author said already; a diagnosis list still counts as its own."""
    first = chart.sentence(mention.sentence).copied_from
    if first is None or mention.section in DIAGNOSIS_SECTIONS:
        return False
    return any(m.sentence == first and m.concept == mention.concept for m in mentions)


def _is_overruled(chart: Chart, mention: Mention, mentions: tuple[Mention, ...]) -> bool:
    """True when the record denies the same condition: later, for an uncertain one; anywhere, for a passing remark."""
    if mention.concept is None or mention.assertion not in {Assertion.PRESENT, Assertion.POSSIBLE}:
        return False
    denials = [m for m in mentions if m.concept == mention.concept and m.assertion is Assertion.NEGATED]
    if mention.assertion is Assertion.POSSIBLE and mention.section is not SectionKind.DISCHARGE_DIAGNOSIS:
        said = chart.sentence(mention.sentence).copied_from or mention.sentence
        return any((m.sentence, m.span.start) > (said, mention.span.start) for m in denials)
    return bool(denials) and not _stands_assessed(mention) and mention.chronic


def _worth_naming(mention: Mention) -> bool:
    """False for what nobody would expect a code for: complaints in a review of systems, findings of an examination."""
    expected = mention.section not in _LISTS_OF_FINDINGS or mention.assertion is Assertion.POSSIBLE
    return mention.kind is MentionKind.PROBLEM and mention.term is not None and not mention.needs and expected


def _family(mention: Mention) -> Reason | None:
    if mention.stems and mention.section in DIAGNOSIS_SECTIONS | {SectionKind.CHIEF_COMPLAINT}:
        return None
    return Reason(NotCodedReason.FAMILY, "A relative has it, not the patient.")


def _stands_assessed(mention: Mention) -> bool:
    return mention.section in DIAGNOSIS_SECTIONS


def _not_coded(mention: Mention, why: Reason) -> NotCoded:
    return NotCoded(
        text=mention.text,
        evidence=(quote_of(mention),),
        code=mention.stems[0] if mention.stems else None,
        reason=why.reason,
        detail=why.detail,
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
