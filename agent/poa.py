"""Present on admission: what the record says of when a condition of a stay began (guidelines, appendix I)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from medcoding.chart import Chart, SectionKind
from medcoding.codebook import Codebook
from medcoding.codes import PresentOnAdmission
from medcoding.encounter import Setting
from medcoding.mention import Mention
from medcoding.proposal import ProposedCode

_EXEMPT: Final[PresentOnAdmission] = "1"
_MOSTLY_EXEMPT: Final = (
    "B90",
    "B91",
    "B92",
    "B94",
    "I25.2",
    "I69",
    "O09",
    "O80",
    "O94",
    "Q",
    "V",
    "Y92",
    "Y93",
    "Y99",
    "Z",
)
_STILL_REPORTED: Final = ("Y92.23", "Z16", "Z21", "Z33.2", "Z51.5", "Z53", "Z66", "Z96")
"""Where no list of exempt codes is loaded: the categories that appendix I exempts, and what of them it does not."""

_LATER_EPISODES: Final = "DGHJKMNPQRS"
"""Seventh characters of injuries and fractures after active treatment, and of sequelae: all exempt."""

_SEVENTH: Final = 8
_INJURIES: Final = ("S", "T")
_BORN_HERE: Final = ("O70", "O71", "O72", "O66.0", "J95.851", "Y95")
"""What the birth or the ventilator of this stay brings about, unless the record says otherwise."""

_PRESENT: Final = re.compile(
    r"(?<!not )\b(?:present on (?:admission|arrival)|POA|on (?:arrival|admission|presentation)|(?:at|prior to|before)"
    r" admission|(?:came|brought) in|admitted (?:with|for)|presented with|in the (?:ED|ER|emergency))\b",
    re.IGNORECASE,
)
_LATER: Final = re.compile(
    r"\b(?:hospital[- ](?:acquired|onset)|nosocomial|acquired in hospital|not present on (?:admission|arrival)"
    r"|(?:hospital day|HD|DOL) ?#?(?:[2-9]|\d\d)|on (?:hospital )?day (?:[2-9]|\d\d)|post-?op(?:erative(?:ly)?)?"
    r"|POD ?#?\d+"
    r"|developed (?:here|during|while|in the|on the|after)|(?:during|after) (?:the |this |her |his )?(?:stay|admission)"
    r"|new[- ]onset in hospital|catheter-associated|ventilator-associated|intra-?op\w*|iatrogenic|in-hospital)\b",
    re.IGNORECASE,
)
_UNDETERMINED: Final = re.compile(
    r"\b(?:clinically undetermined|(?:cannot|could not|unable to|can't) (?:be )?(?:determine[d]?|tell|say)"
    r"|undeterminable)\b",
    re.IGNORECASE,
)
_UNDOCUMENTED: Final = re.compile(
    r"\b(?:not (?:documented|recorded|stated)|no documentation|unclear from the (?:record|chart|documentation))\b"
    r"[^.]{0,60}"
    r"\b(?:admission|arrival|began|onset|started|present)\b",
    re.IGNORECASE,
)
_BEFORE_THE_STAY: Final = frozenset(
    {
        SectionKind.PAST_MEDICAL_HISTORY,
        SectionKind.CHIEF_COMPLAINT,
        SectionKind.HISTORY_PRESENT_ILLNESS,
        SectionKind.ADMISSION_DIAGNOSIS,
    }
)


def with_poa(
    chart: Chart, lines: Sequence[ProposedCode], mentions: Sequence[Mention], codebook: Codebook
) -> tuple[ProposedCode, ...]:
    """The lines with their indicators; outside inpatient stays none is reported."""
    if chart.encounter.setting is not Setting.INPATIENT:
        return tuple(lines)
    by_id = {mention.id: mention for mention in mentions}
    return tuple(
        line.model_copy(update={"poa": indicator(chart, line.code, [by_id[i] for i in line.mention_ids], codebook)})
        for line in lines
    )


def indicator(chart: Chart, code: str, mentions: Sequence[Mention], codebook: Codebook) -> PresentOnAdmission:
    """Exempt, or as the sentences of the code's evidence say; what nothing places later was present on admission."""
    if _is_exempt(code, codebook):
        return _EXEMPT
    numbers = {m.sentence for m in mentions}
    texts = [chart.text_of(sentence) for sentence in chart.sentences if sentence.number in numbers]
    if any(map(_UNDETERMINED.search, texts)):
        return "W"
    if any(map(_UNDOCUMENTED.search, texts)):
        return "U"
    if any(map(_PRESENT.search, texts)) or any(m.section in _BEFORE_THE_STAY for m in mentions):
        return "Y"
    return "N" if code.startswith(_BORN_HERE) or any(map(_LATER.search, texts)) else "Y"


def _is_exempt(code: str, codebook: Codebook) -> bool:
    listed = codebook.poa_exempt(code)
    if listed is not None:
        return listed
    later = code.startswith(_INJURIES) and len(code) == _SEVENTH and code[-1] in _LATER_EPISODES
    return later or (code.startswith(_MOSTLY_EXEMPT) and not code.startswith(_STILL_REPORTED))
