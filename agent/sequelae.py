"""What an old stroke left behind: deficits and stroke are one code of category I69 (guidelines I.B.10, I.C.9.d)."""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.proposal import NotCodedReason, ProposedCode

_STROKE: Final = (
    r"(?:stroke|CVA|(?:cerebral|brain|MCA|PCA|ACA|ischemic|hemispheric|lacunar|thalamic|pontine|cerebellar"
    r"|brainstem) infarct\w*"
    r"|infarct(?:ion)?|(?:intra)?(?:cerebral|cranial) (?:hemorrhage|bleed)|ICH|SAH|subarachnoid hemorrhage)"
)
_PAST_BEFORE: Final = (
    r"(?:\b(?:old|prior|previous|past|remote|history of|hx of|h/o|s/p|status post|since (?:a|an|the|his|her)"
    r"|after (?:a|an|the|his|her)?"
    r"|left from|residu\w+ (?:of|from)|sequelae? of|late effects? of|following|from (?:a|an|the|his"
    r"|her))\b\s+(?:\w+\s+){0,3})"
)
_PAST_BEHIND: Final = (
    r"(?:[^.;\n]{0,40}?(?:\bago\b|\bin (?:19|20)\d\d\b|\((?:19|20)\d\d\)|\b(?:19|20)\d\d\b"
    r"|\blast (?:year|spring|summer|fall|winter)\b))"
)
_OLD_STROKE: Final = re.compile(
    rf"{_PAST_BEFORE}{_STROKE}\b|\b{_STROKE}\b{_PAST_BEHIND}|\bpost-?stroke\b|\b(?:the )?same (?:infarct|stroke)\b",
    re.IGNORECASE,
)
_LEFT: Final = re.compile(
    r"\b(?:residual\w*|sequela\w*|persist\w+|left with|left from|since|old|chronic|from (?:a|an|the)|after"
    r"|following|late effects?"
    r"|deficits?|same infarct)\b",
    re.IGNORECASE,
)
_SUBARACHNOID: Final = re.compile(r"\b(?:subarachnoid|SAH)\b", re.IGNORECASE)
_BLEED: Final = re.compile(
    r"\b(?:intracerebral hemorrhage|ICH|cerebral (?:hemorrhage|bleed)|hemorrhagic stroke)\b", re.IGNORECASE
)
_ANOTHER_CAUSE: Final = re.compile(
    r"\b(?:childhood|congenital|since birth|infancy|cerebral palsy|multiple sclerosis|spinal|tumou?r|traumatic)\b",
    re.IGNORECASE,
)
_ACUTE: Final = ("I60", "I61", "I62", "I63")
_PAST_STROKE: Final = "Z86.73"
_ANY_SEQUELA: Final = "I69"
_PALSY: Final = {"G81": "5", "G83.1": "4", "G83.2": "3"}
"""Hemiplegia, and monoplegia of a leg or an arm, with the fifth character that I69 has for them."""

_DEFICITS: Final = (
    ("R47.01", "20", False),
    ("R47.02", "21", False),
    ("R47.1", "22", False),
    ("R47.82", "23", False),
    ("R13.1", "91", True),
    ("R29.810", "92", False),
    ("R27.0", "93", False),
    ("R41.3", "11", False),
    ("R41.840", "10", False),
    ("R41.4", "12", False),
    ("R48.2", "90", False),
)
"""Deficit, the end of its code in I69, and whether its own code is reported too (use additional code)."""


def settle_sequelae(chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
    """Deficits that an old stroke left go to I69; a history without deficits does not stand beside them."""
    text = "\n".join(document.text for document in chart.encounter.documents)
    old = _OLD_STROKE.search(text)
    if not old and _PAST_STROKE not in settled.lines:
        return
    acute = any(code.startswith(_ACUTE) for code in settled.lines)
    kind = _kind(text[max(0, old.start() - 30) : old.end() + 30] if old else "")
    for code in list(settled.lines):
        line = settled.lines.get(code)
        if line is None or _has_another_cause(chart, line) or (acute and not _told_with_it(chart, line)):
            continue
        _move(code, kind, settled, codebook)
    if any(code.startswith(_ANY_SEQUELA) for code in settled.lines) and _PAST_STROKE in settled.lines and not acute:
        settled.drop(_PAST_STROKE, NotCodedReason.DUPLICATE, "I.C.9.d.3: the stroke left deficits.")


def _move(code: str, kind: str, settled: CodeSet, codebook: Codebook) -> None:
    why = "I.C.9.d.1: what the stroke left is reported with it."
    for palsy, character in _PALSY.items():
        found = f"I69.{kind}{character}{_side(code)}"
        if code.startswith(palsy) and codebook.is_billable(found):
            settled.rename(code, found, why)
            return
    for deficit, end, stays in _DEFICITS:
        found = f"I69.{kind}{end}"
        if code.startswith(deficit) and codebook.is_billable(found):
            if stays:
                settled.add_before(code, found, why)
            else:
                settled.rename(code, found, why)
            return


def _side(code: str) -> str:
    """The last character of a palsy: 1 and 3 right, 2 and 4 left, dominant first; 9 where the side is open."""
    last = code[-1]
    return "9" if last == "0" else last


def _kind(words: str) -> str:
    if _SUBARACHNOID.search(words):
        return "0"
    return "1" if _BLEED.search(words) else "3"


def _has_another_cause(chart: Chart, line: ProposedCode) -> bool:
    """`A left hemiplegia of childhood` is no consequence of a stroke at sixty."""
    return any(_ANOTHER_CAUSE.search(text) for text in _texts(chart, line))


def _texts(chart: Chart, line: ProposedCode) -> list[str]:
    places = [(quote.document_id, quote.start) for quote in line.evidence]
    return [
        chart.text_of(sentence)
        for sentence in chart.sentences
        if any(d == sentence.document_id and sentence.span.start <= at < sentence.span.end for d, at in places)
    ]


def _told_with_it(chart: Chart, line: ProposedCode) -> bool:
    """Beside a new stroke only what a sentence traces to the old one: `aphasia from an infarction in 2021`."""
    texts = _texts(chart, line)
    return bool(texts) and all(_OLD_STROKE.search(text) and _LEFT.search(text) for text in texts)
