"""CPT, from the licensee's own file: `Consolidated_Code_List.txt`, or any table of codes and descriptors.

CPT belongs to the American Medical Association and never ships. The licensed file is text in columns, with a heading
(`CPT Code`, `Long`, `Medium`, `Short`, …) below a preamble of licence words; a list of two columns needs no heading.
Its one date is the descriptor's own, so the file says nothing about when a code began or ended. No error says anything
that a descriptor holds.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from index_build.readers.table import Column, NamedFile, Row, find_table, parse_day
from medcoding.codes import CPT_SHAPE, CodeSystem
from medcoding.errors import InputError
from medcoding.procedures import LeftOut, ProcedureCode, ProcedureContent, ProcedureRelease

REPEATED: Final = "repeated, with the same descriptor"

_CONSOLIDATED: Final = {
    "code": Column(re.compile(r"^(cpt|code|cpt[ _]code|procedure[ _]code)$")),
    "long": Column(re.compile(r"^(long|long[ _]desc.*|desc.*)$")),
    "medium": Column(re.compile(r"^medium"), optional=True),
    "short": Column(re.compile(r"^short"), optional=True),
    "effective": Column(re.compile(r"effective date"), optional=True),
}
_HEADLESS: Final = {
    "code": Column(re.compile(r"^[0-9][0-9a-z]{4}$")),
    "long": Column(re.compile(r"^(?![0-9][0-9a-z]{4}$).*[a-z]{3}")),
}
"""A list without a heading begins with a code and its words."""


def read_cpt(source: NamedFile) -> ProcedureContent:
    """Read the licensee's file. Raises `InputError` when it is none, or naming the first line that does not fit."""
    found: dict[str, ProcedureCode] = {}
    repeated = 0
    for row in _rows(source):
        new = _code(row, source.name)
        known = found.setdefault(new.code, new)
        if known.long_descriptor != new.long_descriptor:
            raise InputError(
                f"Line {row.number} of {source.name} gives {new.code} a second descriptor; give the file of one year."
            )
        repeated += known is not new
    if not found:
        raise InputError(f"{source.name} holds no CPT code; give the licensee's Consolidated_Code_List.txt.")
    release = ProcedureRelease(
        system=CodeSystem.CPT,
        name=PurePath(source.name).stem,
        source=source.name,
        dated=False,
        left_out=(LeftOut(reason=REPEATED, count=repeated),) if repeated else (),
    )
    return ProcedureContent(release, tuple(found.values()))


def _rows(source: NamedFile) -> list[Row]:
    table = find_table(source, _CONSOLIDATED)
    if table:
        return list(table.rows())
    headless = find_table(source, _HEADLESS)
    if headless and headless.heading_row == 0:
        return list(headless._replace(heading_row=-1).rows())
    raise InputError(
        f"{source.name} has no column 'CPT Code' beside a descriptor; give the licensee's Consolidated_Code_List.txt."
    )


def _code(row: Row, name: str) -> ProcedureCode:
    cells = row.cells
    code = cells["code"].upper()
    if not (CPT_SHAPE.fullmatch(code) and cells["long"]):
        raise InputError(f"Line {row.number} of {name} is not a CPT code with its descriptor; give the file unchanged.")
    try:
        effective = parse_day(cells.get("effective", ""))
    except ValueError:
        raise InputError(f"Line {row.number} of {name} holds a date that is none; give the file unchanged.") from None
    return ProcedureCode(
        system=CodeSystem.CPT,
        code=code,
        long_descriptor=" ".join(cells["long"].split()),
        short_descriptor=" ".join((cells.get("short") or cells.get("medium") or "").split()),
        changed_on=effective,
    )
