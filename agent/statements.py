"""Problem statements: the short lines by which an assessment names what was dealt with."""

from __future__ import annotations

import re
from typing import Final

from medcoding.chart import SectionKind, Span

DIAGNOSIS_SECTIONS: Final = frozenset(
    {
        SectionKind.ASSESSMENT,
        SectionKind.ASSESSMENT_PLAN,
        SectionKind.DISCHARGE_DIAGNOSIS,
        SectionKind.ADMISSION_DIAGNOSIS,
        SectionKind.PROBLEM_LIST,
    }
)
"""Sections in which a short line of its own states a problem."""

_LABELLED: Final = re.compile(r"^([^:\n]{3,80}?)(?:\s*:(?=\s|$)|\s+[-–—]+\s+)")
_CLAUSE: Final = re.compile(r"^[^,;.:\n]+")
_NOT_A_STATEMENT: Final = re.compile(
    r"\b(will|is|was|am|are|were|be|has|have|had|she|he|they|we|i|continue\w*|start\w*|follow|return|recommend\w*|discuss\w*|"
    r"order\w*|obtain|schedule\w*|take|takes|taking|refer\w*|monitor|advised?|should|can|may|call|given|prescribed|"
    r"agreements?|understands?|reasoning|treatment|education|counseling|testing|reviewed|plan|today we|spent|"
    r"minutes|encouraged|f/u|rtc|increase|decrease|refill|check|add|stop|hold|discharged?|admit|admitted|repeat|"
    r"labs?|referrals?|patient|pt)\b",
    re.IGNORECASE,
)
_LONGEST_STATEMENT: Final = 16
_LONGEST_CLAUSE: Final = 10


def statement_span(text: str, section: SectionKind) -> Span | None:
    """The part of a line that states a problem on its own, None where it states none.

    `Hypertension.`, `HTN: continue lisinopril`, `Gout - stable`, `Vitamin D deficiency, improving, continue …`.
    """
    label = _LABELLED.match(text)
    if label and section in DIAGNOSIS_SECTIONS | {SectionKind.PLAN}:
        return _unless_told(label.group(1))
    if section not in DIAGNOSIS_SECTIONS:
        return None
    whole = text.rstrip(" .;:")
    if len(text.split()) <= _LONGEST_STATEMENT and not _NOT_A_STATEMENT.search(whole):
        return Span(start=0, end=len(whole))
    clause = _CLAUSE.match(text)
    if clause and len(clause.group().split()) <= _LONGEST_CLAUSE and clause.end() < len(whole):
        return _unless_told(clause.group())
    return None


def _unless_told(words: str) -> Span | None:
    """A verb or a word of procedure makes it a sentence about something, not the name of a problem."""
    return None if _NOT_A_STATEMENT.search(words) else Span(start=0, end=len(words))
