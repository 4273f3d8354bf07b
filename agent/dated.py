"""Dates beside a mention: `PE in 2018`, `MI 2015`, `fracture 6 years ago` are past."""

from __future__ import annotations

import datetime
import re
from typing import Final

_YEAR: Final = re.compile(
    r"[ \t]*[,(-]?[ \t]*(?:(?:back )?in|on|of|from|at|dated|around|circa|~)?[ \t]*"
    r"(?:(?:early|late|mid|the|spring|summer|fall|autumn|winter|jan\w*|feb\w*|mar\w*|apr\w*|may|jun\w*|jul\w*|aug\w*|"
    r"sep\w*|oct\w*|nov\w*|dec\w*|age \d+,?)[ ,]*){0,3}(?:\d{1,2}/(?:\d{1,2}/)?)?((?:19|20)\d\d|['’]\d\d)\b",
    re.IGNORECASE,
)
_AGO: Final = re.compile(
    r"[ \t]*[,(-]?[ \t]*(?:about|approximately|over|more than|almost|nearly|some|at least|~|>)?[ \t]*"
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|several|many|a few|a couple of|twenty)[ -]+"
    r"(?:years?|yrs?|decades?)[ -]+(?:ago|back|prior|earlier)\b",
    re.IGNORECASE,
)
_AT_AN_AGE: Final = re.compile(
    r"[ \t]*[,(-]?[ \t]*(?:at (?:age |the age of )?\d{1,2}\b(?! ?(?:%|mg|am|pm|:|/|weeks|wks|w\d|\+|mm|cm|months|"
    r"mos))"
    r"|age \d{1,2}\b|in (?:his|her) (?:\d0s|teens|twenties|thirties|forties|fifties|sixties)|as an? (?:child|kid|"
    r"baby|"
    r"infant|teen\w*|adolescent|toddler|young (?:man|woman|adult))|in (?:childhood|infancy|adolescence)"
    r"|last (?:year|spring|summer|fall|autumn|winter)|earlier this year|(?:\d+|several|a few|two|three|four|"
    r"six) months ago)\b",
    re.IGNORECASE,
)
_BEGINS: Final = re.compile(
    r"\b(?:since|from|dx'?d?|diagnosed|onset|began|started|known|first|found|noted)[^.;,]{0,12}$", re.IGNORECASE
)
"""Such a date is the beginning of what lasts: `RA since 2009`, `diagnosed 2015`."""


def is_long_past(text: str, start: int, end: int, day: datetime.date) -> str | None:
    """The words by which a date right behind `text[start:end]` places it in an earlier year, None without any."""
    return next(filter(None, (_placed(pattern, text, start, end, day) for pattern in (_YEAR, _AGO, _AT_AN_AGE))), None)


def _placed(pattern: re.Pattern[str], text: str, start: int, end: int, day: datetime.date) -> str | None:
    match = pattern.match(text, end)
    if match is None or _BEGINS.search(text, start, match.start(1) if pattern is _YEAR else match.end()):
        return None
    past = pattern is not _YEAR or _year(match.group(1), day) < day.year
    return match.group().strip(" ,(-") if past else None


def _year(written: str, day: datetime.date) -> int:
    if len(written) == len("2024"):
        return int(written)
    short = int(written[-2:])
    return (2000 if short <= day.year % 100 else 1900) + short
