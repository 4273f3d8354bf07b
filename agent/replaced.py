"""A joint or a kidney that was replaced is not diseased any more (guideline I.C.21.c.3)."""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.proposal import NotCodedReason
from retrieval.title_axes import title_axes

_JOINTS: Final = (("Z96.64", ("M16",)), ("Z96.65", ("M17",)), ("Z96.61", ("M19.01", "M19.11", "M19.21")))
"""Status of an artificial joint and the arthritis of the joint it takes the place of."""

_AHEAD: Final = re.compile(
    r"\b(?:elective|scheduled?|plan\w*|pre-?op\w*|before|upcoming|awaiting|booked|candidate|consent\w*|considering|await"
    r"|discuss\w*|refer\w*|wants?|sent for|surgery date|would like|today|this (?:stay|admission))\b",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(
    r"\b(?:s/p|status[- ]post|history|hx|prior|previous|POD|post-?op\w*|after|weeks? (?:out|since|ago)|years? ago"
    r"|since)\b"
    r"|\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)
_AFTERCARE: Final = "Z47.1"
_KIDNEY_TRANSPLANT: Final = "Z94.0"
_STAGED: Final = ("N18.1", "N18.2", "N18.3", "N18.4", "N18.5")
_BEFORE_TRANSPLANT: Final = ("N18.6", "Z99.2")


def settle_replaced(chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
    """Keep the artificial joint or the diseased one, and no end-stage kidneys beside a transplant that works."""
    for status, diseases in _JOINTS:
        for code in [c for c in settled.lines if c.startswith(status)]:
            for disease in [c for c in settled.lines if c.startswith(diseases)]:
                if _same_joint(code, disease, codebook) and {code, disease} <= settled.lines.keys():
                    _choose(chart, settled, code, disease)
    if _KIDNEY_TRANSPLANT in settled.lines and any(code.startswith(_STAGED) for code in settled.lines):
        for code in [code for code in settled.lines if code.startswith(_BEFORE_TRANSPLANT)]:
            settled.drop(code, NotCodedReason.HISTORICAL, "I.C.14.a.2: the transplanted kidney took its place.")


def _same_joint(status: str, disease: str, codebook: Codebook) -> bool:
    one, other = title_axes(codebook.title(status)).sides, title_axes(codebook.title(disease)).sides
    return not (one and other) or bool(one & other) or "bilateral" in one | other


def _choose(chart: Chart, settled: CodeSet, status: str, disease: str) -> None:
    if _is_ahead(chart, settled, status):
        settled.drop(status, NotCodedReason.NOT_ASSESSED, "The operation is planned or of this encounter.")
    else:
        settled.drop(disease, NotCodedReason.HISTORICAL, "I.C.21.c.3: the joint has been replaced.")


def _is_ahead(chart: Chart, settled: CodeSet, status: str) -> bool:
    """True when no sentence places the operation in the past, or one places it ahead."""
    if any(code.startswith(_AFTERCARE) for code in settled.lines):
        return False
    numbers = {m.sentence for m in settled.mentions_of(settled.lines[status])}
    texts = [chart.text_of(sentence) for sentence in chart.sentences if sentence.number in numbers]
    return any(_AHEAD.search(text) for text in texts) or not any(_BEHIND.search(text) for text in texts)
