"""What a sentence without a heading is for, read from its wording: dictated notes keep the order, not the headings.

Only what decides whether a condition counts is told apart: a relative's illness, vital signs, drugs taken, habits, and
what is going to be done. Films and examination stay with the running text, because there the diagnosis is often told
with the finding (`MRI: two brain metastases`).
"""

from __future__ import annotations

import re
from typing import Final

from medcoding.chart import SectionKind

_NUMBER: Final = r"\s*(?:of|is|was|:|=|~|at)?\s*\d"
_VITAL: Final = re.compile(
    rf"\b(?:BP|HR|RR|SpO2|O2 sat|sats?|temp|pulse|T|Ht|Wt|weight|height|BMI){_NUMBER}|\bafebrile\b|\bVSS\b",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(
    r"^(?:(?:his|her|maternal|paternal|older|younger|twin|identical|half|step)[- ])*"
    r"(?:mother|father|mom|dad|brother|sister|siblings?|parents?|(?:grand|great-?grand)?(?:mother|father|parents?|ma|pa)"
    r"|aunt|uncle|cousin|niece|nephew|FH|FHx|family history|family hx)s?\b"
    r"(?!\s+(?!died|deceased|diagnosed|passed)\w+(?:ed|es|ing)\b)"
    r"(?!\s+(?:reports?|states?|says?|notes?|denies|brought|at bedside|present|thinks?|feels?|gives?|gave|took|woke"
    r"|found|saw|came|went|wants?|left|said|told|GBS|on|is|was|are|were|will|refus|declin|consent)\b)",
    re.IGNORECASE,
)
_DOES: Final = re.compile(
    r"^(?:will |to |please |plan to |advised to )?(?:start|continue|cont|restart|resume|stop|hold|increase|decrease"
    r"|switch|change|order|schedule|refer|referred|return|follow|f/u|recheck|repeat|rtc|call|counsel\w*|discussed|recommend\w*"
    r"|monitor|check|obtain|send|arrange\w*|book\w*|advise\w*|educat\w*|encourage\w*|home|home with"
    r"|discharged? (?:home|to|on|with|today)|d/c (?:home|to)|admit|rest|ice|elevate|prescri\w+|rx|refill\w*|back in|see"
    r"|next|consider|plan|pt to|wean|taper)\b",
    re.IGNORECASE,
)
_TAKES: Final = re.compile(r"^(?:meds?|medications?|home meds?|current meds?|takes|taking)\b", re.IGNORECASE)
_LIVES: Final = re.compile(
    r"^(?:(?:he|she|pt|patient)\s)?(?:lives|works|smokes|drinks|married|divorced|widow\w*|single|retired"
    r"|never[- ]smoker|non-?smoker|ex-?smoker|former smoker|current smoker|tobacco|etoh"
    r"|alcohol(?! use disorder| dependence| abuse)"
    r"|denies (?:tobacco|alcohol|drugs))\b",
    re.IGNORECASE,
)
_BY_WORDING: Final = (
    (_RELATIVE, SectionKind.FAMILY_HISTORY),
    (_TAKES, SectionKind.MEDICATIONS),
    (_LIVES, SectionKind.SOCIAL_HISTORY),
    (_DOES, SectionKind.PLAN),
)
_MANY_VITALS: Final = 2


def kind_by_wording(sentence: str) -> SectionKind:
    """The section a sentence under no heading would stand in; `OTHER` where its words do not tell."""
    if len(_VITAL.findall(sentence)) >= _MANY_VITALS:
        return SectionKind.VITALS
    return next((kind for pattern, kind in _BY_WORDING if pattern.search(sentence)), SectionKind.OTHER)


def speaks_of_relative(sentence: str) -> bool:
    """True for `Father had a stroke.`, which no heading above it makes the patient's."""
    return bool(_RELATIVE.search(sentence))
