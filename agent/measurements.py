"""Measured facts that lead to a code of their own: body mass index, weeks of gestation, scales, habits in numbers."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_BMI: Final = re.compile(
    r"\b(?:BMI|body mass index)\b[^\d\n]{0,24}(\d{2}(?:\.\d+)?)(?![\d.]*\d|(?:st|nd|rd|"
    r"th)?\s?%)(?:\s?-\s?\d{2}(?:\.\d)?)?",
    re.IGNORECASE,
)
_BMI_PERCENTILE: Final = re.compile(
    r"\b(?:BMI|body mass index)\b[^\d\n]{0,24}(\d{1,3})(?:st|nd|rd|th)?\s?(?:%|percent)\s?-?(?:ile|"
    r"tile)?(?: for age)?",
    re.IGNORECASE,
)
_WEEKS: Final = re.compile(
    r"\b(\d{1,2})\s?(?:w(?:ee)?ks?(?:\s?(?:and\s)?\+?\s?\d(?:\s?d(?:ays?)?)?)?|w(?:\s?\d(?:\s?d)?)?)\b"
    r"(?=[^.\n]{0,40}(?:gestation|pregnan|ultrasound|by lmp|ega|iup|g\d))"
    r"|\b(?:at|EGA|GA)\s(\d{1,2})\s?w\s?\d\s?d\b|\b(\d{1,2})\s?w(?:ks?|eeks?)?\s?[0-6]\s?d(?:ays?)?\b",
    re.IGNORECASE,
)
_WITH_DAYS: Final = re.compile(r"\d\s?w(?:ks?|eeks?)?\s?[0-6]\s?d", re.IGNORECASE)
_WEEKS_AND_DAYS: Final = re.compile(r"(?<![\d/+.-])([1-4]?\d)\s?\+\s?[0-6](?![\d/])")
_PLAIN_WEEKS: Final = re.compile(r"\b([1-4]?\d)(?:\s\d/7|\s[1-6]/7)?\s?-?\s?w(?:ee)?ks?\b", re.IGNORECASE)
_WITH_CHILD: Final = re.compile(
    r"\bpregnan\w*|\bG\d{1,2}\s?P\d|\bgravid\w*|\bIUP\b|\bgestation\w*|\bEGA\b|\bGA\b|\bprenatal|\bantenatal|"
    r"\bobstetric|"
    r"\bfetal|\bfetus|\btrimester|\bcesarean|\bc-section|\bvaginal (?:bleeding|delivery|birth)|\bcontractions?|"
    r"\bMFM\b|"
    r"\bpreeclampsia|\blabor\b|\bdelivered\b|\bprom\b|\bpprom\b|\bleak(?:age|ing)",
    re.IGNORECASE,
)
_NOT_GESTATION: Final = re.compile(
    r"^\s?(?:ago|old|later|apart|out|post|after|for|course|duration|history|x\b|of (?:pain|cough|therapy|"
    r"treatment|age)|prior|since|postpartum|after)",
    re.IGNORECASE,
)
_NOT_GESTATION_BEFORE: Final = re.compile(
    r"\b(?:in|for|x|every|q|next|last|past|over|within|POD|after|about|times|born(?: at)?)\s?$", re.IGNORECASE
)
_NIHSS: Final = re.compile(r"\bNIHSS?\b[^\d\n]{0,24}(\d{1,2})\b(?!/)", re.IGNORECASE)
_SMOKES: Final = re.compile(
    r"\b(?:smok(?:es|ing|ed)|smoker)\b[^.;\n\d]{0,16}(?:~|about |approximately )?(?:\d+(?:[./-]\d+)*|one|two|"
    r"half(?: a)?|1/2|a)\s?"
    r"(?:ppd|packs?(?: (?:per|a|/) ?day|/day)?|pk/?d|cigs?\b|cigarettes)(?: (?:per|a) day|/day)?"
    r"|\b\d+(?:[./]\d+)?\s?ppd\b(?! ?x? ?\d* ?(?:until|quit))",
    re.IGNORECASE,
)
_QUIT: Final = re.compile(r"\b(?:quit|former|ex-|stopped|used to|previously|never|until|denies)\b", re.IGNORECASE)
_ADULT_BMI_BANDS: Final = (
    (20.0, "Z68.1"), (40.0, ""), (45.0, "Z68.41"), (50.0, "Z68.42"), (60.0, "Z68.43"), (70.0, "Z68.44"),
)  # fmt: skip
_LOW_BAND_PARTS: Final = datetime.date(2026, 10, 1)
_PERCENTILE_BANDS: Final = ((5, "Z68.51"), (85, "Z68.52"), (95, "Z68.53"))
_WEIGHT_DIAGNOSES: Final = ("E66", "E40", "E41", "E43", "E44", "E46", "R63", "R64", "F50")
_PREGNANCY: Final = ("O", "Z34", "Z33")
_ANYTHING: Final = ("",)
"""Weeks with their days (`31w4d`) are said of nothing but a pregnancy, whatever is coded (guideline I.C.21.c.11)."""

_STROKE: Final = ("I63",)
_ADULT_AGE: Final = 20
_WORST_NIHSS: Final = 42


class Measurement(NamedTuple):
    """A number in a sentence, the code it leads to, and what must be coded for it to count."""

    start: int
    end: int
    code: str
    needs: tuple[str, ...]


def measurements(text: str, age: int | None, day: datetime.date) -> Iterator[Measurement]:
    """Measurements in one sentence (guidelines I.B.14 and I.C.15.a.7; categories Z68, Z3A and R29.7)."""
    yield from _body_mass(text, age, day)
    yield from _gestation(text) if age != 0 else ()
    for match in _NIHSS.finditer(text):
        if int(match.group(1)) <= _WORST_NIHSS:
            yield Measurement(match.start(), match.end(), f"R29.7{int(match.group(1)):02d}", _STROKE)
    for match in _SMOKES.finditer(text):
        if not _QUIT.search(text):
            yield Measurement(match.start(), match.end(), "F17.210", ())


def _body_mass(text: str, age: int | None, day: datetime.date) -> Iterator[Measurement]:
    for match in _BMI_PERCENTILE.finditer(text):
        yield Measurement(match.start(), match.end(), percentile_code(int(match.group(1))), _WEIGHT_DIAGNOSES)
    for match in _BMI.finditer(text):
        if age is None or age >= _ADULT_AGE:
            code = bmi_code(float(match.group(1)), day)
            yield Measurement(match.start(), match.end(), code, _WEIGHT_DIAGNOSES)


def _gestation(text: str) -> Iterator[Measurement]:
    """Weeks of gestation; plain weeks and `37+5` only where the sentence speaks of a pregnancy."""
    seen: list[tuple[int, int]] = []
    patterns = [_WEEKS, *((_WEEKS_AND_DAYS, _PLAIN_WEEKS) if _WITH_CHILD.search(text) else ())]
    for match in (m for pattern in patterns for m in pattern.finditer(text)):
        group = match.lastindex or 0
        weeks, span = int(match.group(group)), (match.start(group), match.end())
        if any(span[0] < end and start < span[1] for start, end in seen) or _tells_a_time(text, match):
            continue
        if code := weeks_code(weeks):
            seen.append(span)
            yield Measurement(span[0], span[1], code, _ANYTHING if _WITH_DAYS.search(match.group()) else _PREGNANCY)


def _tells_a_time(text: str, match: re.Match[str]) -> bool:
    """True for `6 weeks ago`, `in 2 weeks`, `x 3 weeks`: weeks that are no age of gestation."""
    behind = _NOT_GESTATION.match(text[match.end() :])
    return bool(behind or _NOT_GESTATION_BEFORE.search(text[: match.start()]))


def bmi_code(bmi: float, day: datetime.date) -> str:
    """Adult body mass index in kg/m² to its Z68 code; the lowest band parts at 18.5 from FY2027 on."""
    if bmi < 20 and day >= _LOW_BAND_PARTS:
        return "Z68.18" if bmi < 18.5 else "Z68.19"
    for limit, code in _ADULT_BMI_BANDS:
        if bmi < limit:
            return code or f"Z68.{int(bmi)}"
    return "Z68.45"


def percentile_code(percentile: int) -> str:
    """Body mass index of a child by its percentile for age to its Z68 code."""
    return next((code for limit, code in _PERCENTILE_BANDS if percentile < limit), "Z68.54")


def weeks_code(weeks: int) -> str:
    """Completed weeks of gestation to their Z3A code, empty where there is none."""
    if weeks < 8:
        return "Z3A.01"
    if weeks <= 42:
        return f"Z3A.{weeks:02d}"
    return "Z3A.49" if weeks <= 45 else ""
