"""The official conversion table: each code that began after October 2015, when, and what was coded before it.

Published as text (tabs or runs of blanks between the columns) and as a workbook. The column of previous codes is prose:
single codes, ranges, lists, or words where nothing came before.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from index_build.readers.official_text import dotted, misfit, nothing_in, numbered_lines
from medcoding.codebook import Succession
from medcoding.errors import InputError

_KIND: Final = "a row of the ICD-10-CM conversion table"
_COLUMNS: Final = re.compile(r"\t|\s{2,}")
_HEADING: Final = re.compile(r"current code", re.IGNORECASE)
_CODE: Final = r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?"
_PREVIOUS: Final = re.compile(rf"\b({_CODE})(?:\s*[-–]\s*({_CODE}|[0-9A-Z]{{1,4}})\b)?")
_YEAR: Final = re.compile(r"20\d\d")
_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2,4})")
_SERIAL: Final = re.compile(r"4\d{4}")
_DAY_ZERO: Final = datetime.date(1899, 12, 30)
_NO_CODE_BEFORE: Final = re.compile(r"none|n/?a|new", re.IGNORECASE)
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST_RANGE: Final = 1_000
_ZIP: Final = b"PK"


class _Row(NamedTuple):
    number: int
    columns: tuple[str, ...]


def read_conversion_table(data: bytes, name: str) -> tuple[Succession, ...]:
    """Previous code, current code, fiscal year of the change. Raises `InputError` naming the first row unlike one.

    `2024` alone means October of that year and so fiscal year 2025. A row that does not say when is left out.
    """
    found: dict[tuple[str, str], Succession] = {}
    started = False
    for row in _workbook_rows(data, name) if data.startswith(_ZIP) else _text_rows(data, name):
        if started:
            found.update(((s.old, s.new), s) for s in _successions(row, name))
        started = started or bool(_HEADING.search(" ".join(row.columns)))
    if not found:
        raise nothing_in(name, "conversions")
    return tuple(found.values())


def _text_rows(data: bytes, name: str) -> Iterator[_Row]:
    for number, line in numbered_lines(data, name):
        divider = "\t" if "\t" in line else _COLUMNS
        yield _Row(number, tuple(c.strip().strip('"').strip() for c in re.split(divider, line.strip(" "), maxsplit=2)))


def _workbook_rows(data: bytes, name: str) -> Iterator[_Row]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
    except Exception as error:  # noqa: BLE001 - a damaged workbook raises whatever its parser meets
        raise InputError(f"{name} is not a readable workbook ({type(error).__name__}); download it again.") from None
    for number, row in enumerate(rows, start=1):
        columns = tuple(_cell(value) for value in row[:3])
        if any(columns):
            yield _Row(number, columns)


def _cell(value: object) -> str:
    if isinstance(value, datetime.datetime | datetime.date):
        return f"{value.month}/{value.day}/{value.year}"
    return "" if value is None else str(value).strip().removesuffix(".0")


def _successions(row: _Row, name: str) -> Iterator[Succession]:
    new, effective, previous = (*row.columns, "", "", "")[:3]
    new, year, old = dotted(new), _fiscal_year(effective), tuple(_previous_codes(previous))
    if not new or (effective and not year) or not (old or _NO_CODE_BEFORE.match(previous)):
        raise misfit(name, row.number, _KIND)
    if year:
        yield from (Succession(old=code, new=new, fiscal_year=year) for code in old if code != new)


def _fiscal_year(effective: str) -> int | None:
    if _YEAR.fullmatch(effective):
        return int(effective) + 1
    day = _day(effective)
    return day.year + (day.month >= 10) if day else None


def _day(effective: str) -> datetime.date | None:
    """A date as written, or as the workbook counts it (45017 is 2023-04-01)."""
    if _SERIAL.fullmatch(effective):
        return _DAY_ZERO + datetime.timedelta(days=int(effective))
    if not (match := _DATE.fullmatch(effective)):
        return None
    month, day, year = map(int, match.groups())
    try:
        return datetime.date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return None


def _previous_codes(text: str) -> Iterable[str]:
    for first, last in _PREVIOUS.findall(text):
        yield from _range(first, last) if last else (first,)


def _range(first: str, last: str) -> list[str]:
    """Codes from first to last, counted in the official order of digits and letters; both ends where that is long."""
    end = last if len(last) >= len(first) else first[: len(first) - len(last)] + last
    if len(end) != len(first):
        return [first, last]
    stem = next((n for n, (a, b) in enumerate(zip(first, end, strict=True)) if a != b), len(first))
    low, high = first[stem:], end[stem:]
    if len(low) == 1 and low in _ALPHABET and high in _ALPHABET:
        return [first[:stem] + c for c in _ALPHABET[_ALPHABET.index(low) : _ALPHABET.index(high) + 1]]
    if low.isdecimal() and high.isdecimal() and 0 < int(high) - int(low) < _LONGEST_RANGE:
        return [f"{first[:stem]}{n:0{len(low)}}" for n in range(int(low), int(high) + 1)]
    return [first, end]
