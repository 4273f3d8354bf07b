"""Measured facts that lead to a code of their own: body mass index and weeks of gestation."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_BMI: Final = re.compile(r"\b(?:BMI|body mass index)\b[^\d\n]{0,24}(\d{2}(?:\.\d+)?)(?![\d.]*\d)", re.IGNORECASE)
_WEEKS: Final = re.compile(
    r"\b(\d{1,2})\s?(?:w(?:ee)?ks?(?:\s?(?:and\s)?\+?\s?\d(?:\s?d(?:ays?)?)?)?|w(?:\s?\d(?:\s?d)?)?)\b"
    r"(?=[^.\n]{0,40}(?:gestation|pregnan|ultrasound|by lmp|ega|iup|g\d))"
    r"|\b(?:at|EGA|GA)\s(\d{1,2})\s?w\s?\d\s?d\b|\b(\d{1,2})w[0-6]d\b",
    re.IGNORECASE,
)
_ADULT_BMI_BANDS: Final = (
    (20.0, "Z68.1"), (40.0, ""), (45.0, "Z68.41"), (50.0, "Z68.42"), (60.0, "Z68.43"), (70.0, "Z68.44"),
)  # fmt: skip
_LOW_BAND_PARTS: Final = datetime.date(2026, 10, 1)
_WEIGHT_DIAGNOSES: Final = ("E66", "E40", "E41", "E43", "E44", "E46", "R63", "R64", "F50")
_PREGNANCY: Final = ("O", "Z34")
_ADULT_AGE: Final = 20


class Measurement(NamedTuple):
    """A number in a sentence, the code it leads to, and what must be coded for it to count."""

    start: int
    end: int
    code: str
    needs: tuple[str, ...]


def measurements(text: str, age: int | None, day: datetime.date) -> Iterator[Measurement]:
    """Measurements in one sentence (guidelines I.B.14 and I.C.15.a.7; categories Z68 and Z3A)."""
    for match in _BMI.finditer(text):
        if age is None or age >= _ADULT_AGE:
            yield Measurement(match.start(), match.end(), bmi_code(float(match.group(1)), day), _WEIGHT_DIAGNOSES)
    for match in _WEEKS.finditer(text):
        weeks = int(next(group for group in match.groups() if group))
        if code := weeks_code(weeks):
            yield Measurement(match.start(), match.end(), code, _PREGNANCY)


def bmi_code(bmi: float, day: datetime.date) -> str:
    """Adult body mass index in kg/m² to its Z68 code; the lowest band parts at 18.5 from FY2027 on."""
    if bmi < 20 and day >= _LOW_BAND_PARTS:
        return "Z68.18" if bmi < 18.5 else "Z68.19"
    for limit, code in _ADULT_BMI_BANDS:
        if bmi < limit:
            return code or f"Z68.{int(bmi)}"
    return "Z68.45"


def weeks_code(weeks: int) -> str:
    """Completed weeks of gestation to their Z3A code, empty where there is none."""
    if weeks < 8:
        return "Z3A.01"
    if weeks <= 42:
        return f"Z3A.{weeks:02d}"
    return "Z3A.49" if weeks <= 45 else ""
