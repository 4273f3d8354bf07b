"""The newborn's own record: shortness of gestation, weight at birth, and conditions that chapter 16 has codes for.

Guidelines I.C.16.a.1 (chapter 16 for conditions of the perinatal period), I.C.16.d (birth weight and weeks),
I.C.16.f (sepsis of the newborn).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.code_set import CodeSet
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.proposal import NotCodedReason

_BORN_AT: Final = re.compile(
    r"\b(?:born|birth|preterm|premature\w*|prematurity|gestation\w*|GA|EGA|by dates|infant|newborn|neonate|boy"
    r"|girl)\b",
    re.IGNORECASE,
)
_BORN_RIGHT_BEFORE: Final = re.compile(r"\b(?:born|delivered)(?: \w+){0,3}? at\s$|\bborn\s(?:at\s)?$", re.IGNORECASE)
_WEEKS: Final = re.compile(
    r"\b(\d{2})\s?(?:w(?:ee)?ks?)?\s?(?:w\s?)?(?:[+ ]?\s?[0-6]\s?d(?:ays?)?|[0-6]/7|\s?w(?:ee)?ks?\b"
    r"|-week)",
    re.IGNORECASE,
)
_WEIGHT: Final = re.compile(r"(?<![\d.])(\d[,.]?\d{2,3}|\d{3})\s?(?:g|grams?)\b(?!/)", re.IGNORECASE)
_WEIGHT_AT_BIRTH: Final = re.compile(r"\b(?:birth ?weight|BW)\b[^.;\n\d]{0,12}$", re.IGNORECASE)
_SHORT: Final = re.compile(r"\b(?:preterm|premature|prematurity|LBW|VLBW|ELBW|low birth weight|SGA)\b", re.IGNORECASE)
_NEVER_SHORT: Final = 37
_LOW_WEIGHT_G: Final = 2500
_SHORTEST: Final = ((23, "P07.21"), (24, "P07.22"), (25, "P07.23"), (26, "P07.24"), (27, "P07.25"), (28, "P07.26"))
_WEIGHTS: Final = (
    (500, "P07.01"), (750, "P07.02"), (1000, "P07.03"), (1250, "P07.14"), (1500, "P07.15"), (1750, "P07.16"),
    (2000, "P07.17"), (_LOW_WEIGHT_G, "P07.18"),
)  # fmt: skip
_FIRST_DAYS: Final = re.compile(
    r"\bnewborn|\bneonat\w*|\bNICU\b|\bDOL\b|\bday \d+ of life|\bbirth (?:record|weight)\b"
    r"|\b(?:aged? )?(\d{1,2})[- ]days?[- ]?(?:old)?\b",
    re.IGNORECASE,
)
_PERINATAL_DAYS: Final = 28
_SEPSIS: Final = (
    ("A41.51", "P36.4"), ("A41.0", "P36.2"), ("A41.1", "P36.39"), ("A41.2", "P36.30"), ("A40.1", "P36.0"),
    ("A40", "P36.19"), ("A41.4", "P36.5"), ("A41.9", "P36.9"), ("A41", "P36.8"),
)  # fmt: skip
_BY_CHAPTER_16: Final = (
    *_SEPSIS, ("J96.0", "P28.5"), ("J96.9", "P28.5"), ("E16.2", "P70.4"), ("R56.9", "P90"), ("R17", "P59.9"),
    ("N39.0", "P39.3"), ("R06.03", "P22.9"),
)  # fmt: skip
"""Conditions of other chapters, and their codes where a newborn has them."""

_COMMUNITY: Final = re.compile(r"\bcommunity[- ]acquired\b", re.IGNORECASE)
"""What a newborn caught outside keeps the code of its own chapter (guideline I.C.16.a.5)."""

_DISTRESS_SYNDROME: Final = re.compile(r"\brespiratory distress syndrome\b|\bRDS\b|\bhyaline membrane", re.IGNORECASE)
_DISTRESS: Final = "P22.9"
_SYNDROME: Final = "P22.0"
_OPEN_SEPSIS: Final = "P36.9"
_OTHER_SEPSIS: Final = "P36.8"
_ORGANISMS: Final = ("B95", "B96")
_FEVER: Final = "P81.9"


class AtBirth(NamedTuple):
    """Words that tell the weeks or the weight at birth, and their code."""

    start: int
    end: int
    code: str


def at_birth(text: str, age: int | None) -> Iterator[AtBirth]:
    """Short gestation and low weight told in one sentence (category P07, guideline I.C.16.d)."""
    for match in _WEEKS.finditer(text):
        told = age == 0 and _BORN_AT.search(text)
        weeks = int(match.group(1))
        if (told or _BORN_RIGHT_BEFORE.search(text[: match.start()])) and (code := weeks_at_birth(weeks)):
            yield AtBirth(match.start(), match.end(), code)
    for match in _WEIGHT.finditer(text):
        grams = int(re.sub(r"[,.]", "", match.group(1)))
        if _is_birth_weight(text, match, age) and (code := weight_at_birth(grams)):
            yield AtBirth(match.start(), match.end(), code)


def weeks_at_birth(weeks: int) -> str:
    """Completed weeks to the code of the short gestation, empty from 37 weeks on."""
    if weeks >= _NEVER_SHORT or weeks < 20:
        return ""
    short = next((code for limit, code in _SHORTEST if weeks < limit), None)
    return short or f"P07.3{weeks - 27}"


def weight_at_birth(grams: int) -> str:
    """Grams to the code of the low weight, empty from 2500 g on."""
    return next((code for limit, code in _WEIGHTS if 300 <= grams < limit), "")


def _is_birth_weight(text: str, match: re.Match[str], age: int | None) -> bool:
    """True beside `birth weight`, and in a sentence about a short gestation."""
    if _WEIGHT_AT_BIRTH.search(text[: match.start()]):
        return True
    weeks = any(weeks_at_birth(int(m.group(1))) for m in _WEEKS.finditer(text))
    return bool(age is not None and age <= 2 and weeks and _BORN_AT.search(text) and _SHORT.search(text))


def settle_newborn(chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
    """In the first four weeks chapter 16 speaks for the conditions that it has codes for (guideline I.C.16.a.1)."""
    if chart.encounter.patient.age != 0:
        return
    text = "\n".join(document.text for document in chart.encounter.documents)
    if not any(int(told.group(1) or 0) <= _PERINATAL_DAYS for told in _FIRST_DAYS.finditer(text)):
        return
    table = _BY_CHAPTER_16[len(_SEPSIS) :] if _COMMUNITY.search(text) else _BY_CHAPTER_16
    for code in list(settled.lines):
        twin = next((perinatal for other, perinatal in table if code.startswith(other)), None)
        if twin and codebook.is_billable(twin) and code in settled.lines:
            settled.rename(code, twin, "I.C.16.a.1: a condition of the perinatal period.")
    if _DISTRESS in settled.lines and _DISTRESS_SYNDROME.search(text):
        settled.rename(_DISTRESS, _SYNDROME, "I.C.16.a.1: the syndrome is documented.")
    if _OPEN_SEPSIS in settled.lines and any(code.startswith(_ORGANISMS) for code in settled.lines):
        settled.rename(_OPEN_SEPSIS, _OTHER_SEPSIS, "I.C.16.f: the organism is documented and has no code of its own.")
    if _FEVER in settled.lines and any(code.startswith("P36") for code in settled.lines):
        settled.drop(_FEVER, NotCodedReason.INTEGRAL, "Fever belongs to the sepsis (I.B.5).")
