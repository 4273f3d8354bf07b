"""Operations: whether one that is named was done before this encounter, belongs to it, or is still to come."""

from __future__ import annotations

import re
from typing import Final

from agent.cues import Reading
from agent.dated import is_long_past
from agent.lines import Line, Spotted
from medcoding.chart import SectionKind
from medcoding.encounter import Setting
from medcoding.mention import Assertion

_PAST_SECTIONS: Final = frozenset({SectionKind.PAST_SURGICAL_HISTORY, SectionKind.PAST_MEDICAL_HISTORY})
_OF_THE_STAY: Final = frozenset({SectionKind.HOSPITAL_COURSE, SectionKind.DISCHARGE_DIAGNOSIS})
_GOES_ON: Final = re.compile(
    r"\b(?:on|continues?|ongoing|still|current(?:ly)?|gets|receives|undergoes)\s\S*$", re.IGNORECASE
)
_EARLIER: Final = re.compile(r"histor|\bh(?:/o|x)\b|prior|previous|past|remote|ago|former|\bout\b", re.IGNORECASE)
_TODAY: Final = re.compile(r"\b(?:today|this (?:morning|afternoon|visit|admission|stay))\b", re.IGNORECASE)
_AHEAD: Final = re.compile(
    r"[ ,]*(?:again )?(?:if\b|next (?:week|month|year|visit)|tomorrow|(?:in|within) (?:about )?"
    r"(?:\d+(?:-\d+)?|one|two|three|four|five|six|ten)[ -](?:days?|weeks?|wks?|months?|mos?|years?|yrs?)\b)",
    re.IGNORECASE,
)
_DONE: Final = re.compile(
    r"\b(?:today|continues?|cont|done|performed|completed|placed|given|tolerat\w+|ongoing|daily|nightly|gets|already"
    r"|underwent|this (?:morning|afternoon|visit)|s/p|after|mwf|tts)\b",
    re.IGNORECASE,
)


def reading_of_operation(line: Line, found: Spotted, cues: Reading) -> Reading:
    """The cues' reading of an operation or service, with what section, date and setting add to it.

    `s/p …` and `underwent …` are past, but of this encounter in its own course or under procedures; in a plan an
    operation is still to come.
    """
    if cues.assertion is Assertion.HISTORICAL:
        return Reading(Assertion.PRESENT, cues.cue) if _is_of_this_encounter(line, found, cues) else cues
    if cues.assertion is not Assertion.PRESENT:
        return cues
    if past := _past(line, found):
        return Reading(Assertion.HISTORICAL, past)
    ahead = _ahead(line, found)
    return Reading(Assertion.HYPOTHETICAL, ahead) if ahead else cues


def named(section: SectionKind) -> str:
    """A section as the cue that decided."""
    return f"{section.value.replace('_', ' ')} section"


def _is_of_this_encounter(line: Line, found: Spotted, cues: Reading) -> bool:
    """True where the operation told of is the one of this stay, of this procedure, or of today."""
    section = line.sentence.section
    told = section is SectionKind.PROCEDURES or (line.setting is Setting.INPATIENT and section in _OF_THE_STAY)
    earlier = _EARLIER.search(cues.cue or "") or is_long_past(line.text, found.start, found.end, line.day)
    return (told or bool(_TODAY.search(line.text))) and not earlier


def _past(line: Line, found: Spotted) -> str | None:
    """The section or the date that places an operation in the past."""
    section = line.sentence.section
    if section in _PAST_SECTIONS and not _GOES_ON.search(line.text, 0, found.end):
        return named(section)
    return is_long_past(line.text, found.start, found.end, line.day)


def _ahead(line: Line, found: Spotted) -> str | None:
    """What places an operation ahead: a time or condition right behind it, or a plan that does not say it is done."""
    if ahead := _AHEAD.match(line.text, found.end):
        return ahead.group().strip(" ,")
    planned = line.sentence.section is SectionKind.PLAN and not _DONE.search(line.text)
    return named(line.sentence.section) if planned else None
