"""Readings: a mention's assertion from its sentence's cues, its section, its date, and the condition itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agent.contagion import names_a_vaccine
from agent.cues import Reading
from agent.dated import is_long_past
from agent.kinds import kind_of
from agent.lines import Line, Spotted
from agent.operations import named, reading_of_operation
from agent.reach import SentenceReader
from agent.statements import DIAGNOSIS_SECTIONS
from medcoding.chart import SectionKind
from medcoding.encounter import Setting
from medcoding.mention import Assertion, MentionKind
from retrieval.dictionary import Term

_COURSE: Final = DIAGNOSIS_SECTIONS | {SectionKind.HOSPITAL_COURSE, SectionKind.OTHER}
_RESOLVED: Final = re.compile(r"resol|correct|improv|treated|clear|gone", re.IGNORECASE)
"""What was resolved during the stay was present during the stay and is coded (guideline III)."""

_STATUS_CODES: Final = ("Z8", "Z9")
_LOOKS_BACK: Final = ("Z85", "Z86", "Z87", "Z89", "Z90", "Z91", "Z92", "Z93", "Z94", "Z95", "Z96", "Z98")
_FAMILY_CODES: Final = ("Z80", "Z81", "Z82", "Z83", "Z84")
_EXTERNAL_CAUSES: Final = ("V", "W", "X", "Y")
_DRUG_HARMS: Final = (*(f"T{n}" for n in range(36, 51)), "T51", "Z91.1")
"""What a drug did is told by its whole sentence (guideline I.C.19.e.5): `his wife.s pills` name no kin."""

_TOLD_WHOLE: Final = ("P07", "S", *(f"T{n}" for n in range(20, 33)))
"""What happened at birth or in an accident is told in the past and treated now."""

_FRACTURES: Final = ("S02", "S12", "S22", "S32", "S42", "S52", "S62", "S72", "S82", "S92")
_STILL_HEALING: Final = re.compile(
    r"\b(?:heal(?:s|ing)|(?:delayed |non-?|mal)union|callus|cast|(?:wks?|weeks) (?:ago|out|after|since|s/p|post)"
    r"|aftercare)\b",
    re.IGNORECASE,
)
"""A fracture whose healing is followed is a current one at a later encounter (guideline I.C.19.c.1)."""

_NOT_OF_AN_EVENT: Final = frozenset({Assertion.FAMILY, Assertion.HISTORICAL})
"""`Husband punched her`, `fell three weeks ago`: what caused the injury that is treated now."""

_MERELY_HISTORY: Final = re.compile(
    r"^(?:\w+ )?(?:history|hx|h/o|pmh\w*)\b(?!.*\b(?:resolved|remote|childhood|prior)\b)", re.IGNORECASE
)
"""`History of hypertension` is how charts list a lasting condition; `resolved`, `s/p`, `prior` say it is over."""

_WITH: Final = re.compile(r"(?:\bwith|\bw/|\bw|\bc/b|complicated by)\s?(?:\w+\s)?$", re.IGNORECASE)
_REASON_FOR: Final = re.compile(r"\b(?:for|due to|2/2|because of|secondary to)\s(?:\w+\s){0,3}$", re.IGNORECASE)
_SEQUELA: Final = re.compile(r"\b(?:late effects?|sequelae?|residuals?) (?:of|from)\b[^.;]*$", re.IGNORECASE)
_PREFIX: Final = re.compile(r"\b(non|post|ex|anti)-\s?$", re.IGNORECASE)
_CANCER: Final = ("C", "D0")
_TREATED: Final = re.compile(
    r"\b(?:NED|disease[- ]free|no evidence of (?:disease|recurrence)|no recurrence|in remission|cancer[- ]free|cured"
    r"|(?:completed|finished|after|s/p|status post|had|underwent) [^.;]{0,30}?(?:chemo\w*|radiation|xrt|rt\b|\w*ectomy"
    r"|resection|excision|treatment|therapy|surgery)"
    r"|treat(?:ed|ment) (?:with|by|complete\w*|finished|done)|chemo(?:therapy)? (?:complete|done|finished)\w*"
    r"|(?:excised|resected|removed|cut out|surveillance)\b)",
    re.IGNORECASE,
)
_UNDER_TREATMENT: Final = re.compile(
    r"\b(?:currently|now) on|\b(?:on|starts?|started|continues?|receiving|undergoing|cycle|C\dD\d|adjuvant|neoadjuvant"
    r"|here for|for) (?:\w+ ){0,2}(?:chemo\w*|radiation|tamoxifen|letrozole|anastrozole|exemestane|\w+mab|\w+nib"
    r"|\w+platin|pembro\w*|immunotherapy|hormone|ADT|leuprolide|lupron|IMRT|FOLFOX)|\bmetasta|\brecur(?:red|rent)"
    r"|\b(?:active|residual|progress(?:ed|ion|ing)|unresected|biopsy[- ]proven|newly|new|will (?:have|undergo))\b",
    re.IGNORECASE,
)
_BY_MARRIAGE_OR_CHANCE: Final = re.compile(
    r"wife|husband|spouse|partner|roommate|cowork|contact|boyfriend|girlfriend|friend|neighbo|classmate|teacher|in-law"
    r"|adopt|step|foster|recipient|donor",
    re.IGNORECASE,
)
"""People whose illness is no family history."""

_LASTING: Final = (
    "C", "D57", "D66", "D67", "E03", "E05", "E10", "E11", "E13", "E66", "E78", "E84", "F01", "F02", "F03", "F20",
    "F25", "F31", "F33", "F41.1", "F43.1", "F84", "F90", "G10", "G12", "G20", "G30", "G35", "G40", "G43", "G47.3",
    "G60", "G71", "G80", "G82", "H35.3", "H40", "I10", "I11", "I12", "I13", "I20", "I25", "I27", "I42", "I48", "I50",
    "I70", "I73", "J41", "J42", "J43", "J44", "J45", "J47", "J84", "J96.1", "K21", "K50", "K51", "K70.3", "K74",
    "K76.0", "K86.1", "L20", "L40", "M05", "M06", "M08", "M1A", "M15", "M16", "M17", "M18", "M19", "M32", "M34",
    "M35", "M45", "M47", "M48", "M79.7", "M80", "M81", "N18", "N40", "N80", "Q",
)  # fmt: skip
"""Categories of conditions that last, for wordings that our own table of terms does not hold."""


def reading_of(reader: SentenceReader, line: Line, found: Spotted, others: Sequence[tuple[int, int]]) -> Reading:
    """The assertion of one span and the words that decided it; `others` are the line's other spans of its kind."""
    cues = reader.assertion(found.start, found.end, kind_of(found.term), others)
    prefixed = _by_prefix(line.text, found.start)
    return prefixed or _by_nature(line, found, cues) or _by_place(line, found, cues)


def stems_of(term: Term | None, reading: Reading) -> tuple[str, ...]:
    """Where the term leads when it is current, past, or a relative's."""
    if term is None:
        return ()
    if reading.assertion is Assertion.HISTORICAL and not _leads_to(term, _STATUS_CODES):
        return (term.history_code,) if term.history_code else ()
    if reading.assertion is Assertion.FAMILY and not _leads_to(term, _FAMILY_CODES):
        related = not _BY_MARRIAGE_OR_CHANCE.search(reading.cue or "")
        return (term.family_code,) if term.family_code and related else ()
    return term.stems


def is_lasting(term: Term | None) -> bool:
    """True for a condition or status that is reported whenever it is documented as current."""
    return term is not None and (term.chronic or _leads_to(term, _LASTING))


def _by_prefix(text: str, start: int) -> Reading | None:
    """`Non-smoker`, `post-COVID fibrosis`: the syllable before the word decides."""
    match = _PREFIX.search(text, 0, start)
    if match is None:
        return None
    negated = match.group(1).lower() in {"non", "anti"}
    return Reading(Assertion.NEGATED if negated else Assertion.HISTORICAL, match.group())


def _by_nature(line: Line, found: Spotted, cues: Reading) -> Reading | None:
    """What the thing itself decides: causes of injuries, diseases in a list of vaccines, family-history terms."""
    term = found.term
    if _leads_to(term, _EXTERNAL_CAUSES) and cues.assertion in _NOT_OF_AN_EVENT:
        return Reading(Assertion.PRESENT, cues.cue)
    if told := _told_whole(line, term, cues):
        return told
    if names_a_vaccine(line.text, term):
        return Reading(Assertion.HYPOTHETICAL, "vaccine")
    if _leads_to(term, _FAMILY_CODES) and cues.assertion is not Assertion.NEGATED:
        return Reading(Assertion.FAMILY, cues.cue or line.text[found.start : found.end], of_family=True)
    return None


def _told_whole(line: Line, term: Term | None, cues: Reading) -> Reading | None:
    """What a whole sentence tells is not past or another's because of one of its words: drugs, wounds, births."""
    if term is None or cues.assertion is Assertion.NEGATED:
        return None
    if term.needs and _leads_to(term, _DRUG_HARMS):
        doubtful = cues.assertion is Assertion.POSSIBLE and term.stems[0].endswith("5")
        return cues if doubtful else Reading(Assertion.PRESENT, cues.cue)
    if cues.assertion is not Assertion.HISTORICAL:
        return None
    healing = _leads_to(term, _FRACTURES) and bool(_STILL_HEALING.search(line.text))
    return Reading(Assertion.PRESENT, cues.cue) if healing or (term.needs and _leads_to(term, _TOLD_WHOLE)) else None


def _by_place(line: Line, found: Spotted, cues: Reading) -> Reading:
    """What the section and the setting add to the cues."""
    inpatient = line.setting is Setting.INPATIENT and line.sentence.section in _COURSE
    if inpatient and cues.assertion is Assertion.HISTORICAL and _RESOLVED.search(cues.cue or ""):
        return Reading(Assertion.PRESENT, cues.cue)
    kind = kind_of(found.term)
    if kind is MentionKind.PROBLEM:
        return _of_problem(line, found, cues)
    if cues.assertion is Assertion.POSSIBLE:
        return cues._replace(assertion=Assertion.HYPOTHETICAL)
    return reading_of_operation(line, found, cues) if kind is MentionKind.PROCEDURE else cues


def _of_problem(line: Line, found: Spotted, cues: Reading) -> Reading:
    section, term = line.sentence.section, found.term
    if section is SectionKind.FAMILY_HISTORY and cues.assertion is Assertion.NEGATED:
        return cues._replace(of_family=True)
    if section is SectionKind.FAMILY_HISTORY and cues.assertion not in {Assertion.NEGATED, Assertion.FAMILY}:
        return Reading(Assertion.FAMILY, cues.cue or named(section), of_family=True)
    if section is SectionKind.DIFFERENTIAL and cues.assertion is Assertion.PRESENT:
        return Reading(Assertion.POSSIBLE, "differential diagnosis")
    if term is not None and cues.assertion is Assertion.HISTORICAL:
        return Reading(Assertion.PRESENT, cues.cue) if _is_current(term, cues) else cues
    if term is None or cues.assertion is not Assertion.PRESENT or _leads_to(term, _STATUS_CODES):
        return cues
    past = _past_of_problem(line, found, term)
    return Reading(Assertion.HISTORICAL, past) if past else cues


def _is_current(term: Term, cues: Reading) -> bool:
    """True for a lasting condition that is merely listed as history, and for a status that does not look back."""
    if _leads_to(term, _STATUS_CODES):
        return not _leads_to(term, _LOOKS_BACK)
    if not is_lasting(term):
        return False
    listed = bool(_MERELY_HISTORY.search(cues.cue or "")) and not term.history_code.startswith("Z85")
    return listed or not term.history_code


def _past_of_problem(line: Line, found: Spotted, term: Term) -> str | None:
    """What places a problem in the past without a cue of its own: treatment, section, or date."""
    section, text = line.sentence.section, line.text
    if _leads_to(term, _CANCER) and term.history_code:
        treated = _TREATED.search(text)
        return treated.group() if treated and not _UNDER_TREATMENT.search(text) else None
    if section is SectionKind.PAST_SURGICAL_HISTORY and _REASON_FOR.search(text, 0, found.start):
        return named(section)
    if is_lasting(term):
        return None
    if section is SectionKind.PAST_MEDICAL_HISTORY and not _WITH.search(text, 0, found.start):
        return named(section)
    if _SEQUELA.search(text, 0, found.start):
        return None
    return is_long_past(text, found.start, found.end, line.day)


def _leads_to(term: Term | None, codes: tuple[str, ...]) -> bool:
    return term is not None and bool(term.stems) and term.stems[0].startswith(codes)
