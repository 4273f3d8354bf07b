"""Attributes: severity, acuity, stage, type, trimester and time, as words that stand in or beside a mention tell."""

from __future__ import annotations

import re
from typing import Final, Literal

Trimester = Literal["first", "second", "third"]

_SEVERITY: Final = re.compile(
    r"\b(mild(?:[- ]to[- ]moderate|ly)?|mod(?:erate(?:ly severe|[- ]to[- ]severe)?)?|sev(?:ere)?|severely|"
    r"profound|minimal|"
    r"massive|life[- ]threatening|morbid)\b",
    re.IGNORECASE,
)
_ACUITY: Final = re.compile(
    r"\b(acute[- ]on[- ]chronic|acute and chronic|acute|subacute|chronic|hyperacute|a/c)\b", re.IGNORECASE
)
_STAGE: Final = re.compile(
    r"\b(?:stage|stg|st\.?|class|grade|gr\.?|NYHA(?: class)?|Child[- ]Pugh|GOLD|KDIGO|"
    r"fc)[ :]?\s?([IVX]{1,3}[A-C]?|\d[a-cA-C]?|[A-D])\b"
    r"|\b([1-4](?:st|nd|rd|th)|first|second|third|fourth)[- ]degree\b"
    r"|\b(unstageable|deep tissue)\b|\bCKD[ -]?(?:stage[ -]?)?([1-5][ab]?)\b|\b(mild|moderate|severe|advanced|"
    r"end|early) stage\b|\bstage (F[0-4])\b",
    re.IGNORECASE,
)
_TYPE: Final = re.compile(
    r"\btype[ -]?(?:[12]|I{1,2})\b|\bT[12](?=DM|D\b)|\bDM ?[12]\b|\b(?:without|with|w/o|w/) (?:aura|LOC|"
    r"loss of consciousness)\b"
    r"|\bin (?:early |sustained |partial |full |complete )*remission\b|\bsingle episode\b|\brecurrent episode\b"
    r"|\b(?:primary |secondary )?open[- ]angle\b|\bangle[- ]closure\b|\bbipolar type\b|\brelapsing[- ]remitting\b"
    r"|\b(?:primary|secondary|paroxysmal|persistent|long[- ]?standing persistent|permanent|intermittent|recurrent|"
    r"nondisplaced|non-displaced|displaced|closed|open|comminuted|spiral|oblique|transverse|greenstick|pathological|"
    r"systolic|diastolic|combined|HFrEF|HFpEF|HFmrEF|complete|incomplete|partial|full[- ]thickness|traumatic|"
    r"nontraumatic|"
    r"non-traumatic|degenerative|idiopathic|congenital|acquired|post[- ]?surgical|postoperative|autoimmune|viral|"
    r"bacterial|"
    r"allergic|seasonal|perennial|vasovagal|orthostatic|unipolar|exudative|nonexudative|wet|dry|nuclear|cortical|"
    r"proliferative|nonproliferative|non-proliferative|refractory|intractable|nicotine|cigarettes?|smokeless|"
    r"cough[- ]variant|exercise[- ]induced|nonpressure|diabetic|venous|arterial|neuropathic|central|peripheral|"
    r"obstructive|"
    r"nonobstructive|strangulated|incarcerated|reducible|unilateral|invasive|in situ|benign|malignant|metastatic)\b",
    re.IGNORECASE,
)
_TRIMESTER: Final = re.compile(
    r"\b(first|second|third|1st|2nd|3rd)[- ]trimester\b|\bT([123])\b(?=.{0,20}pregnan)", re.IGNORECASE
)
_TIME: Final = re.compile(
    r"\b(?:(?:19|20)\d\d|['’]\d\d|\d{1,2}/(?:\d{1,2}/)?(?:\d{4}|\d\d)|(?:\d+|one|two|three|four|five|six|several|"
    r"many)\s?"
    r"(?:years?|yrs?|months?|mos?|weeks?|wks?|days?)\s(?:ago|back|prior)|last (?:year|month|week|night)|"
    r"yesterday|as a child|"
    r"in childhood)\b",
    re.IGNORECASE,
)
_ORDINALS: Final[dict[str, Trimester]] = {
    "first": "first", "1st": "first", "1": "first", "second": "second", "2nd": "second", "2": "second",
    "third": "third", "3rd": "third", "3": "third",
}  # fmt: skip
_SECOND_FROM_WEEK, _THIRD_FROM_WEEK = 14, 28


def severity_in(words: str) -> str | None:
    """How bad it is, in the record's own word."""
    return _first(_SEVERITY, words)


def acuity_in(words: str) -> str | None:
    """Acute, chronic, or both."""
    return _first(_ACUITY, words)


def stage_in(words: str) -> str | None:
    """Stage, class, grade or degree."""
    return _first(_STAGE, words)


def type_in(words: str) -> str | None:
    """What kind of its kind."""
    match = _TYPE.search(words)
    return " ".join(match.group().lower().split()) if match else None


def time_in(words: str) -> str | None:
    """When it was."""
    match = _TIME.search(words)
    return match.group() if match else None


def trimester_in(words: str) -> Trimester | None:
    """The trimester as written."""
    match = _TRIMESTER.search(words)
    return _ORDINALS[(match.group(1) or match.group(2)).lower()] if match else None


def trimester_of(weeks: int) -> Trimester:
    """The trimester of completed weeks of gestation (chapter 15: under 14, under 28, and later)."""
    if weeks < _SECOND_FROM_WEEK:
        return "first"
    return "second" if weeks < _THIRD_FROM_WEEK else "third"


def _first(pattern: re.Pattern[str], words: str) -> str | None:
    match = pattern.search(words)
    return next(" ".join(group.lower().split()) for group in match.groups() if group) if match else None
