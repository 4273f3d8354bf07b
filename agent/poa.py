"""Present on admission: what the record says of when a condition of a stay began (guidelines, appendix I)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from guardrails.poa import EXEMPT, is_exempt
from medcoding.chart import Chart, SectionKind
from medcoding.codebook import Codebook
from medcoding.codes import PresentOnAdmission
from medcoding.encounter import Setting
from medcoding.mention import Mention
from medcoding.proposal import ProposedCode

_BORN_HERE: Final = ("O70", "O71", "O72", "O66.0", "J95.851", "Y95")
"""What the birth or the ventilator of this stay brings about, unless the record says otherwise."""

_PRESENT: Final = re.compile(
    r"(?<!not )\b(?:present on (?:admission|arrival)|POA|on (?:arrival|admission|presentation)|(?:at|prior to|before)"
    r" admission|(?:came|brought) in|admitted (?:with|for)|presented with|in the (?:ED|ER|emergency))\b",
    re.IGNORECASE,
)
_LATER: Final = re.compile(
    r"\b(?:hospital[- ](?:acquired|onset)|nosocomial|acquired in (?:the )?hospital|not present on (?:admission|arrival)"
    r"|(?:hospital day|HD|DOL) ?#?(?:[2-9]|\d\d)|on (?:hospital )?day (?:[2-9]|\d\d)|post-?op(?:erative(?:ly)?)?"
    r"|POD ?#?\d+|(?:occurred|arose|noted|happened) (?:during|in) the (?:operation|procedure|surgery|dissection)"
    r"|(?:during|on) (?:the )?(?:dissection|emergence)|fell from the hospital bed|in (?:his|her|the) patient room"
    r"|on the (?:second|third|fourth|fifth|sixth|seventh) (?:hospital )?(?:day|morning|night)"
    r"|developed (?:here|during|while|in the|on the|after)|(?:during|after) (?:the |this |her |his )?(?:stay|admission)"
    r"|new[- ]onset in hospital|catheter-associated|ventilator-associated|intra-?op\w*|iatrogenic|in-hospital)\b",
    re.IGNORECASE,
)
_LATER_DAY: Final = re.compile(
    r"^\W*(?:(?:d|day|night|HD|hospital day) ?#?(?:[2-9]|\d\d)|POD ?#?\d+|post-?op(?:erative)? day \d+)\b"
    r"(?! (?:after|of|post))",
    re.IGNORECASE,
)
"""A line of a hospital course that begins with its day tells what began then."""

_DATED: Final = re.compile(r"\b(?:from|since|began|started|entered)(?: today)?:? (\d{1,2})/(\d{1,2})(?!\d|/|\.)\b")
"""When a condition of the sentence began, without the year."""

_OPEN_STAY_DAYS: Final = 30
"""How long a stay without a date of discharge is taken to be."""

_UNDETERMINED: Final = re.compile(
    r"\b(?:clinically undetermined|(?:cannot|could not|unable to|can't) (?:be )?(?:clinically )?"
    r"(?:determine[d]?|tell|say)|undeterminable)\b",
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
    """The lines with their indicators; outside inpatient stays, and for exempt codes, none is reported."""
    if chart.encounter.setting is not Setting.INPATIENT:
        return tuple(lines)
    by_id = {mention.id: mention for mention in mentions}
    return tuple(
        line.model_copy(update={"poa": None if known == EXEMPT else known})
        for line in lines
        for known in (indicator(chart, line.code, [by_id[i] for i in line.mention_ids], codebook),)
    )


def indicator(chart: Chart, code: str, mentions: Sequence[Mention], codebook: Codebook) -> PresentOnAdmission:
    """Exempt (`1`), or as the sentences of the code's evidence say; what nothing places later was present."""
    if is_exempt(code, codebook):
        return EXEMPT
    numbers = {m.sentence for m in mentions}
    texts = [chart.text_of(sentence) for sentence in chart.sentences if sentence.number in numbers]
    if any(map(_UNDETERMINED.search, texts)):
        return "W"
    if any(map(_UNDOCUMENTED.search, texts)):
        return "U"
    lasting = bool(mentions) and all(m.chronic for m in mentions)
    if lasting or any(map(_PRESENT.search, texts)) or any(m.section in _BEFORE_THE_STAY for m in mentions):
        return "Y"
    later = any(_LATER.search(text) or _LATER_DAY.search(text) for text in texts)
    return "N" if later or code.startswith(_BORN_HERE) or _began_later(chart, texts) else "Y"


def _began_later(chart: Chart, texts: Sequence[str]) -> bool:
    """True where the record dates the beginning of a condition after the day of admission, inside the stay."""
    admitted = chart.encounter.date_of_service
    days = (chart.encounter.discharge_date - admitted).days if chart.encounter.discharge_date else _OPEN_STAY_DAYS
    dates = (admitted + dt.timedelta(days=number) for number in range(1, days + 1))
    stay = {(day.month, day.day) for day in dates}
    return any((int(m), int(d)) in stay for text in texts for m, d in _DATED.findall(text))
