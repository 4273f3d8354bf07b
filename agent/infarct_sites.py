"""Cerebral infarctions by mechanism, vessel and side, told in several words (category I63)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from medcoding.encounter import Setting

_INFARCT: Final = re.compile(r"\b(?:infarct(?:ion)?|ischemic stroke|stroke)\b", re.IGNORECASE)
_NOT_NEW: Final = re.compile(
    r"\b(?:old|prior|previous|chronic|remote|history|residual|since|ago|no|not|without|ruled out|excluded"
    r"|in (?:19|20)\d\d"
    r"|sequela\w*|myocardial|mother|father|brother|sister|possible|\d+ (?:weeks|months|years))\b",
    re.IGNORECASE,
)
_EMBOLIC: Final = re.compile(r"\b(?:cardio)?embol(?:ic|us|ism)\b", re.IGNORECASE)
_THROMBOTIC: Final = re.compile(r"\bthrombo(?:tic|sis)\b", re.IGNORECASE)
_VESSELS: Final = (
    (re.compile(r"\bMCA\b|\bmiddle cerebral\b", re.IGNORECASE), "1"),
    (re.compile(r"\bACA\b|\banterior cerebral\b", re.IGNORECASE), "2"),
    (re.compile(r"\bPCA\b|\bposterior cerebral\b", re.IGNORECASE), "3"),
)
_OF_VESSEL: Final = r"(?=[^.;\n]{0,12}\b(?:MCA|ACA|PCA|middle|anterior|posterior)\b)"
_RIGHT: Final = re.compile(r"\b(?:right|R)\b" + _OF_VESSEL, re.IGNORECASE)
_LEFT: Final = re.compile(r"\b(?:left|L)\b" + _OF_VESSEL, re.IGNORECASE)


class Infarct(NamedTuple):
    """Words that tell a new infarction, and its code."""

    start: int
    end: int
    code: str


def infarcts(text: str, setting: Setting) -> Iterator[Infarct]:
    """A new infarction whose mechanism and vessel a sentence tells; at most one, and none at an office visit."""
    if setting is Setting.OUTPATIENT:
        return
    told = _INFARCT.search(text)
    mechanism = "4" if _EMBOLIC.search(text) else "3" if _THROMBOTIC.search(text) else None
    vessel = next((digit for pattern, digit in _VESSELS if pattern.search(text)), None)
    if told is None or mechanism is None or vessel is None or _NOT_NEW.search(text):
        return
    side = "1" if _RIGHT.search(text) else "2" if _LEFT.search(text) else "9"
    yield Infarct(told.start(), told.end(), f"I63.{mechanism}{vessel}{side}")
