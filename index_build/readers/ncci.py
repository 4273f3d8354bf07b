"""NCCI tables from the user's download: PTP edits and MUE values, as text in columns or as workbooks.

CMS publishes PTP edits in several files a setting (`ccipra-v322r0-f1.TXT` practitioner, `ccioph-…` outpatient
hospital) and MUE values in one (`MCR_MUE_PractitionerServices_Eff_10-01-2026.csv`), each with a copyright preamble and
a heading over several lines. Rows are streamed; nothing is held whole. Dental codes are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import dropwhile
from typing import Final, NamedTuple, cast

from index_build.readers.table import Column, NamedFile, Row, Table, find_table, parse_day
from medcoding.codes import CPT_SHAPE, HCPCS_SHAPE
from medcoding.errors import InputError
from medcoding.ncci import Adjudication, NcciSetting, PtpRow, UnlikelyUnits

_PTP: Final = {
    "one": Column(re.compile(r"^col(umn)?[ _]?(1|one)\b")),
    "two": Column(re.compile(r"^col(umn)?[ _]?(2|two)\b")),
    "early": Column(re.compile(r"existence"), optional=True),
    "first": Column(re.compile(r"^eff")),
    "last": Column(re.compile(r"^del")),
    "indicator": Column(re.compile(r"^modifier")),
    "rationale": Column(re.compile(r"rationale"), optional=True),
}
_MUE: Final = {
    "code": Column(re.compile(r"^(hcpcs ?/ ?cpt|cpt ?/ ?hcpcs|hcpcs|cpt)( codes?)?$")),
    "units": Column(re.compile(r"mue values?$")),
    "adjudication": Column(re.compile(r"adjudication indicator|^mai$")),
    "rationale": Column(re.compile(r"rationale"), optional=True),
}
_SETTINGS: Final = (
    (re.compile(r"prac|ccipra|pra[-_ ]", re.IGNORECASE), NcciSetting.PRACTITIONER),
    (re.compile(r"hosp|ccioph|oph[-_ ]", re.IGNORECASE), NcciSetting.OUTPATIENT_HOSPITAL),
    (re.compile(r"dme|supplier", re.IGNORECASE), NcciSetting.DME),
)
_INDICATORS: Final = {"0": 0, "1": 1, "9": 9}
_DENTAL_SHAPE: Final = re.compile(r"D[0-9]{4}")


class PtpTable(NamedTuple):
    """One file of PTP edits, found but not yet read."""

    setting: NcciSetting
    table: Table

    def rows(self) -> Iterator[PtpRow]:
        """Its edits. Raises `InputError` naming the first line that does not fit."""
        for row in _below_heading(self.table, "one"):
            if _is_code(row, "one", self.table) and _is_code(row, "two", self.table):
                yield _edit(row, self.table.source.name)


class MueTable(NamedTuple):
    """One file of MUE values, found but not yet read."""

    setting: NcciSetting
    table: Table

    def rows(self) -> Iterator[UnlikelyUnits]:
        """Its values. Raises `InputError` naming the first line that does not fit or contradicts another."""
        found: dict[str, UnlikelyUnits] = {}
        for row in _below_heading(self.table, "code"):
            if _is_code(row, "code", self.table):
                new = _units(row, self.setting, self.table.source.name)
                if found.setdefault(new.code, new) != new:
                    raise InputError(
                        f"Line {row.number} of {self.table.source.name} gives {new.code} again with other units; "
                        "give the table of one quarter."
                    )
        yield from found.values()


def find_ncci_table(source: NamedFile, setting: NcciSetting | None = None) -> PtpTable | MueTable:
    """Say what a file is; the setting is read from its heading or name where it is not given.

    Raises `InputError` when it is neither kind of table, or when nothing says whose claims it is for.
    """
    ptp = find_table(source, _PTP)
    if ptp:
        return PtpTable(setting or _setting(source.name), ptp)
    mue = find_table(source, _MUE)
    if mue:
        return MueTable(setting or _setting(f"{mue.headings['units']} {source.name}", source.name), mue)
    raise InputError(
        f"{source.name} is neither a table of PTP edits (Column 1, Column 2) nor of MUE values; give it as published."
    )


def _setting(words: str, name: str = "") -> NcciSetting:
    for pattern, setting in _SETTINGS:
        if pattern.search(words):
            return setting
    raise InputError(
        f"The name of {name or words} does not say practitioner or hospital; keep the official name, such as "
        "ccipra-v322r0-f1.txt."
    )


def _below_heading(table: Table, code: str) -> Iterator[Row]:
    """Rows from the first that begins with a code; those between are the rest of the heading."""
    return dropwhile(lambda row: not _known(row.cells[code].upper()), table.rows())


@lru_cache(maxsize=65_536)
def _known(code: str) -> bool:
    return any(shape.fullmatch(code) for shape in (HCPCS_SHAPE, CPT_SHAPE, _DENTAL_SHAPE))


def _is_code(row: Row, field: str, table: Table) -> bool:
    """False for a dental code, which is passed over; anything else that is no code is refused."""
    code = row.cells[field].upper()
    if not _known(code):
        raise _misfit(row, table.source.name)
    return not code.startswith("D")


def _edit(row: Row, name: str) -> PtpRow:
    cells = row.cells
    indicator = _INDICATORS.get(cells["indicator"])
    first, last = _day(row, "first", name), _day(row, "last", name)
    if indicator is None or not first:
        raise _misfit(row, name)
    early = cells["early"] == "*"
    return PtpRow(cells["one"].upper(), cells["two"].upper(), first, last, indicator, early, cells["rationale"])


def _units(row: Row, setting: NcciSetting, name: str) -> UnlikelyUnits:
    cells = row.cells
    adjudication = cells["adjudication"][:1]
    if not (cells["units"].isascii() and cells["units"].isdigit() and len(cells["units"]) < 10):
        raise _misfit(row, name)
    if adjudication not in {"1", "2", "3"}:
        raise _misfit(row, name)
    return UnlikelyUnits(
        setting=setting,
        code=cells["code"].upper(),
        units=int(cells["units"]),
        adjudication=cast("Adjudication", int(adjudication)),
        rationale=cells["rationale"],
    )


def _day(row: Row, field: str, name: str) -> int:
    """YYYYMMDD, 0 where there is none."""
    try:
        day = parse_day(row.cells[field])
    except ValueError:
        raise _misfit(row, name) from None
    return day.year * 10_000 + day.month * 100 + day.day if day else 0


def _misfit(row: Row, name: str) -> InputError:
    return InputError(f"Line {row.number} of {name} is not a line of an NCCI table; give the file as CMS publishes it.")
