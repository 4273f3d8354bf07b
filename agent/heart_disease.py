"""Infarctions by type and time, and hypertension that the provider keeps apart (guidelines I.C.9.a, I.C.9.e)."""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.proposal import NotCodedReason, ProposedCode

_UNRELATED: Final = re.compile(
    r"\b(?:not|never|isn't|don't) (?:\w+ ){0,3}?(?:attribute (?:it|this|them) to|due to|related to|caused by"
    r"|attributed to|from|a consequence of) (?:\w+ ){0,3}?"
    r"(?:hypertension|HTN|high blood pressure|blood pressure)\b"
    r"|\b(?:unrelated to|independent of) (?:\w+ ){0,3}?(?:hypertension|HTN|blood pressure)\b"
    r"|\b(?:hypertension|HTN)\b[^.;\n]{0,50}\b(?:is |are |was )?(?:unrelated|not (?:the |its |a )?(?:cause"
    r"|related|responsible))\b",
    re.IGNORECASE,
)
_HYPERTENSION: Final = "I10"
_NSTEMI: Final = "I21.4"
_OPEN_INFARCTIONS: Final = (_NSTEMI, "I21.3", "I21.9")
_STEMI: Final = ("I21.0", "I21.1", "I21.2", "I21.3")
_TYPE_2: Final = re.compile(r"\btype (?:2|II)\b(?! (?:DM|diabet))|\bdemand ischemia\b", re.IGNORECASE)
_TYPE_2_CODE: Final = "I21.A1"
_EARLIER: Final = re.compile(
    r"\b(?:\d+|two|three|few|several|ten) (?:days?|weeks?) (?:ago|earlier|after|before)\b|\brecovering\b"
    r"|\bsubsequent\b|\bnew NSTEMI\b"
    r"|\btreated elsewhere\b",
    re.IGNORECASE,
)
_SUBSEQUENT_NSTEMI: Final = "I22.2"
_OLD: Final = "I25.2"
_DAYS_AFTER: Final = re.compile(
    r"\b(\d{1,2}) days? (?:after|out from|since|s/p|post)\b[^.;\n]{0,20}\b(NSTEMI|STEMI|MI|infarct\w*)\b"
    r"|\b(NSTEMI|STEMI|MI|infarct\w*)\b[^.;\n]{0,12}\b(\d{1,2}) days ago\b",
    re.IGNORECASE,
)
_FOUR_WEEKS_D: Final = 28


def keeps_hypertension_apart(chart: Chart) -> bool:
    """True where the provider documents that hypertension did not cause it: then nothing is presumed (I.C.9.a)."""
    return any(_UNRELATED.search(document.text) for document in chart.encounter.documents)


def presumed_together(settled: CodeSet, *, apart: bool) -> dict[str, ProposedCode]:
    """The codes that combinations may join: without hypertension where it is kept apart."""
    return {code: line for code, line in settled.lines.items() if not (apart and code == _HYPERTENSION)}


def settle_infarctions(chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
    """Type 2 by its own code; within four weeks no old one; a second one within four weeks as subsequent."""
    text = "\n".join(document.text for document in chart.encounter.documents)
    for code in [code for code in settled.lines if code.startswith(_OPEN_INFARCTIONS)]:
        if _TYPE_2.search(" ".join(_sentences(chart, settled.lines[code]))):
            settled.rename(code, _TYPE_2_CODE, "I.C.9.e.5: the infarction is documented as type 2.")
    recent = _DAYS_AFTER.search(text)
    if _OLD in settled.lines and recent:
        days = int(next(group for group in recent.groups() if group and group.isdigit()))
        if days <= _FOUR_WEEKS_D:
            stemi = "STEMI" in recent.group().upper().replace("NSTEMI", "")
            settled.rename(_OLD, "I21.3" if stemi else _NSTEMI, "I.C.9.e.1: within four weeks it is not yet old.")
    if _NSTEMI in settled.lines and any(code.startswith(_STEMI) for code in settled.lines):
        if _EARLIER.search(text) and codebook.is_billable(_SUBSEQUENT_NSTEMI):
            settled.rename(_NSTEMI, _SUBSEQUENT_NSTEMI, "I.C.9.e.4: a second infarction within four weeks.")
        else:
            settled.drop(_NSTEMI, NotCodedReason.DUPLICATE, "I.C.9.e.1: it evolved into an infarction with elevation.")


def _sentences(chart: Chart, line: ProposedCode) -> list[str]:
    places = [(quote.document_id, quote.start) for quote in line.evidence]
    return [
        chart.text_of(sentence)
        for sentence in chart.sentences
        if any(d == sentence.document_id and sentence.span.start <= at < sentence.span.end for d, at in places)
    ]
