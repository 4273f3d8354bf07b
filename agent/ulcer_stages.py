"""The stage of a pressure ulcer that stands apart from its name (guidelines I.C.12.a and I.B.14).

The ulcer is named by the provider; its stage may be told by a nurse, a line further down.
"""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from medcoding.chart import Chart
from medcoding.codebook import Codebook

_ULCERS: Final = "L89"
_OPEN: Final = "9"
_STAGE: Final = re.compile(
    r"\bstage\s?(?:(?P<number>[1-4])|(?P<roman>IV|I{1,3}))\b(?!\s?(?:[AB]\b|CKD|cancer"
    r"|kidney))",
    re.IGNORECASE,
)
_ROMAN: Final = {"I": "1", "II": "2", "III": "3", "IV": "4"}
_UNSTAGEABLE: Final = re.compile(
    r"\bunstageable\b|\b(?:covered|obscured) (?:by|with) (?:\w+ ){0,2}(?:eschar"
    r"|slough)\b",
    re.IGNORECASE,
)
_DEEP_TISSUE: Final = re.compile(r"\bdeep[- ]tissue (?:pressure )?injury\b|\bDTI\b|\bDTPI\b", re.IGNORECASE)
_OF_SOMETHING_ELSE: Final = re.compile(
    r"\b(?:CKD|kidney|cancer|carcinoma|lung|colon|breast|prostate|melanoma|lymphoma|COPD|GOLD|heart failure|HF"
    r"|cirrhosis"
    r"|hypertension|Parkinson\w*|sarcoidosis|labor|sleep|retinopathy|glaucoma|endometriosis|prior|previous\w*"
    r"|healed)\b",
    re.IGNORECASE,
)


def settle_ulcer_stages(chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
    """One ulcer without a stage takes the only stage that the record tells."""
    ulcers = [code for code in settled.lines if code.startswith(_ULCERS)]
    if len(ulcers) != 1 or not ulcers[0].endswith(_OPEN):
        return
    stages = {stage for sentence in chart.sentences for stage in _stages(chart.text_of(sentence))}
    if len(stages) == 1:
        found = f"{ulcers[0][:-1]}{stages.pop()}"
        if codebook.is_billable(found):
            settled.rename(ulcers[0], found, "I.B.14: the record tells the stage elsewhere.")


def _stages(text: str) -> set[str]:
    """Last characters of category L89 for the stages that a sentence tells of an ulcer."""
    if _OF_SOMETHING_ELSE.search(text):
        return set()
    told = {m.group("number") or _ROMAN[m.group("roman").upper()] for m in _STAGE.finditer(text)}
    others = {"0": _UNSTAGEABLE, "6": _DEEP_TISSUE}
    return told | {character for character, words in others.items() if words.search(text)}
