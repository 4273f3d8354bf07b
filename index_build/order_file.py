"""The official order file of any year: every code, whether it is billable, and its title.

Fixed width, published each year by CDC/NCHS and CMS: order number in columns 1–5, code 7–13, billable flag 15, short
title 17–76, long title from 78. It holds no notes and no blocks; those are taken from an edition that has them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from medcoding.codebook import CodebookEntry, Edition, InstructionalNotes
from medcoding.codes import ICD10CM_SHAPE
from medcoding.errors import InputError

_YEAR: Final = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


class OrderFile(NamedTuple):
    """An edition as its order file gives it."""

    edition: Edition
    entries: list[CodebookEntry]


def fiscal_year(path: Path) -> int:
    """The fiscal year in a file's name (`icd10cm_order_2025.txt`), in force from October of the year before."""
    years = _YEAR.findall(path.name)
    if not years:
        raise InputError(
            f"The name of {path.name} holds no year; keep the official name, such as icd10cm_order_2025.txt."
        )
    return int(years[-1])


def read_order_file(path: Path, model: Iterable[CodebookEntry], *, with_notes: bool) -> OrderFile:
    """Read an order file. Chapters and blocks come from the entries of `model`, and `with_notes` its notes too.

    Raises `InputError` naming the first line that does not fit.
    """
    year = fiscal_year(path)
    known = {entry.code: entry for entry in model}
    lines = list(_lines(path))
    codes = {line.code for line in lines}
    above = [entry for entry in known.values() if entry.kind in {"chapter", "block"}]
    entries = [_entry(line, codes, known, with_notes=with_notes) for line in lines]
    return OrderFile(_edition(path, year), above + entries)


class _Line(NamedTuple):
    code: str
    billable: bool
    title: str


def _lines(path: Path) -> Iterator[_Line]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        code, flag, title = _dotted(line[6:13].strip()), line[14:15], line[77:].strip() or line[16:76].strip()
        if not (line[:5].isdigit() and flag in {"0", "1"} and title and ICD10CM_SHAPE.fullmatch(code)):
            raise InputError(f"Line {number} of {path.name} is not a line of an ICD-10-CM order file; check the file.")
        yield _Line(code, flag == "1", title)


def _dotted(code: str) -> str:
    return code if len(code) <= 3 else f"{code[:3]}.{code[3:]}"


def _entry(line: _Line, codes: set[str], known: dict[str, CodebookEntry], *, with_notes: bool) -> CodebookEntry:
    same = known.get(line.code)
    return CodebookEntry(
        code=line.code,
        parent=_parent(line.code, codes, known),
        kind="subcategory" if "." in line.code else "category",
        title=line.title,
        billable=line.billable,
        status="official",
        notes=same.notes if same and with_notes else InstructionalNotes(),
    )


def _parent(code: str, codes: set[str], known: dict[str, CodebookEntry]) -> str | None:
    """The longest code of the file that begins this one, for a category the block that holds it."""
    for length in range(len(code) - 1, 2, -1):
        prefix = code[:length].rstrip(".")
        if prefix in codes:
            return prefix
    blocks = (name for name, entry in known.items() if entry.kind == "block")
    return next((name for name in blocks if name[:3] <= code[:3] <= name[4:7]), None)


def _edition(path: Path, year: int) -> Edition:
    return Edition(
        name=f"FY{year}",
        effective_from=datetime.date(year - 1, 10, 1),
        effective_to=datetime.date(year, 9, 30),
        status="official",
        source=f"Official ICD-10-CM order file {path.name}",
    )
