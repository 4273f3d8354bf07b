"""HCPCS Level II: the quarterly fixed-width file of CMS (`HCPC2026_JUL_ANWEB.txt`) and tables with a heading.

Fixed width, one record of 320 characters a line. Where each field stands is read from the record layout that lies
beside the file (`HCPC2026_recordlayout.txt`); without it the places below are used, unchanged for many years. A long
description goes on over continuation lines. Dental (D) codes and CPT are other owners' and are counted, never stored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import Final, NamedTuple

from index_build.readers.table import UNPRINTABLE, Column, NamedFile, Table, find_table, parse_day, text_lines
from medcoding.codes import CPT_SHAPE, HCPCS_SHAPE, CodeSystem
from medcoding.errors import InputError
from medcoding.procedures import LeftOut, Modifier, ProcedureCode, ProcedureContent, ProcedureRelease

DENTAL: Final = "dental codes (D0000 to D9999) belong to the American Dental Association"
CPT: Final = "CPT codes and modifiers belong to the American Medical Association; give a licensed CPT file"
REPEATED: Final = "repeated, the same in every field"


class Place(NamedTuple):
    """First and last column of a field, counted from 1."""

    first: int
    last: int

    def of(self, line: str) -> str:
        """The field's text, trimmed."""
        return line[self.first - 1 : self.last].strip()


PLACES: Final[Mapping[str, Place]] = {
    "code": Place(1, 5),
    "sequence": Place(6, 10),
    "record": Place(11, 11),
    "long": Place(12, 91),
    "short": Place(92, 119),
    "added": Place(269, 276),
    "changed": Place(277, 284),
    "ended": Place(285, 292),
}
"""Places of the fields in every layout from 2008 to 2026."""

_LAYOUT_NAMES: Final = {
    "code": "healthcare common procedure coding system code",
    "sequence": "hcpcs sequence number",
    "record": "hcpcs record identification code",
    "long": "hcpcs long description",
    "short": "hcpcs short description",
    "added": "hcpcs code added date",
    "changed": "hcpcs action effective date",
    "ended": "hcpcs termination date",
}
_LAYOUT_FIELD: Final = re.compile(
    r"^[ \t]*[0-9]{1,3}\.[ \t]+(\S.{2,160}?)\s+[0-9]{1,3}[ \t]+([0-9]{1,3})[ \t]+([0-9]{1,3})[ \t]+(?:CHAR|NUM|DATE)\b",
    re.MULTILINE | re.DOTALL,
)
_FIRST_LINES: Final = {"3": False, "7": True}
"""Record identification of a record's first line -> whether it is a modifier's."""
_CONTINUATION: Final = {"4": "3", "8": "7"}
_FEW_STRAYS: Final = 0.02
_SEQUENCE: Final = re.compile(r"[0-9]{5}")
_BLANK: Final = " \t\x1a"
"""The last line of an old text file may be its end mark alone."""

_DENTAL_SHAPE: Final = re.compile(r"D[0-9]{4}")
_MODIFIER_SHAPE: Final = re.compile(r"[A-Z0-9]{2}")
_RELEASE: Final = re.compile(r"HCPC(20[0-9]{2})_([A-Z]{3})", re.IGNORECASE)

_COLUMNS: Final = {
    "code": Column(re.compile(r"^(hcpcs?|code|hcpcs?[ _]codes?|mod|modifier)$")),
    "long": Column(re.compile(r"^(long[ _]?desc|desc)")),
    "short": Column(re.compile(r"^short[ _]?desc"), optional=True),
    "added": Column(re.compile(r"^(add|effective)"), optional=True),
    "changed": Column(re.compile(r"^act(ion)? eff"), optional=True),
    "ended": Column(re.compile(r"^(term|end)"), optional=True),
}


def read_hcpcs(source: NamedFile, layout: NamedFile | None = None) -> ProcedureContent:
    """Read one release in either form. Raises `InputError` naming the first line that does not fit."""
    found = find_table(source, _COLUMNS)
    shelf = _Shelf(source.name)
    for entry in _table_entries(found) if found else _fixed_width_entries(source, read_layout(layout)):
        shelf.put(entry)
    content = shelf.content()
    _check_order([code.code for code in content.codes], source.name)
    if not content.codes:
        raise InputError(f"{source.name} holds no HCPCS Level II code; give the file whose name ends in ANWEB.")
    return content


def _check_order(codes: Sequence[str], name: str) -> None:
    """Lists run in order of code. One that does but for a step or two was damaged; a shuffled one is the user's own."""
    strays = [later for earlier, later in pairwise(codes) if later <= earlier]
    if 0 < len(strays) <= _FEW_STRAYS * len(codes):
        raise InputError(f"{name} lists {strays[0]} out of order; download the official file again.")


def read_layout(layout: NamedFile | None) -> Mapping[str, Place]:
    """Places of the fields as a record layout gives them; the known ones where none is given."""
    if layout is None:
        return PLACES
    text = "\n".join(line for _, line in text_lines(layout))
    named = {
        " ".join(name.lower().split()): Place(int(first), int(last))
        for name, first, last in _LAYOUT_FIELD.findall(text)
        if 0 < int(first) <= int(last)
    }
    missing = [words for words in _LAYOUT_NAMES.values() if words not in named]
    if missing:
        raise InputError(
            f"{layout.name} gives no place for '{missing[0]}'; give the record layout published with the file."
        )
    return {field: named[words] for field, words in _LAYOUT_NAMES.items()}


class _Entry(NamedTuple):
    """A code or modifier as a file gives it, and the line it begins on."""

    number: int
    code: str
    is_modifier: bool
    long: str
    short: str
    days: tuple[str, str, str]
    """Added, changed, ended."""


class _Shelf:
    """What has been read so far, by code; what is left out is counted with its reason."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, ProcedureCode | Modifier] = {}
        self._left_out: Counter[str] = Counter()

    def put(self, entry: _Entry) -> None:
        """Store an entry, or count why it is not stored."""
        if reason := _foreign(entry):
            self._left_out[reason] += 1
            return
        new = _descriptor(entry, self._name)
        known = self._found.setdefault(entry.code, new)
        if known != new:
            raise InputError(
                f"Line {entry.number} of {self._name} gives {entry.code} again with other words or days; "
                "give the file of one release."
            )
        if known is not new:
            self._left_out[REPEATED] += 1

    def content(self) -> ProcedureContent:
        """Everything, as a book is written from it."""
        codes = tuple(found for found in self._found.values() if isinstance(found, ProcedureCode))
        modifiers = tuple(found for found in self._found.values() if isinstance(found, Modifier))
        release = ProcedureRelease(
            system=CodeSystem.HCPCS,
            name=_release_name(self._name),
            source=self._name,
            dated=any(code.effective_from or code.effective_to for code in codes),
            left_out=tuple(LeftOut(reason=reason, count=count) for reason, count in self._left_out.items()),
        )
        return ProcedureContent(release, codes, modifiers)


def _foreign(entry: _Entry) -> str | None:
    """Why an entry belongs to another owner; None when it does not."""
    if entry.is_modifier:
        return CPT if entry.code.isdigit() else None
    if _DENTAL_SHAPE.fullmatch(entry.code):
        return DENTAL
    return CPT if CPT_SHAPE.fullmatch(entry.code) else None


def _descriptor(entry: _Entry, name: str) -> ProcedureCode | Modifier:
    shape = _MODIFIER_SHAPE if entry.is_modifier else HCPCS_SHAPE
    if not shape.fullmatch(entry.code):
        raise _misfit(entry.number, name)
    try:
        first, changed, last = map(parse_day, entry.days)
    except ValueError:
        raise InputError(
            f"Line {entry.number} of {name} holds no date where one belongs; give the file and its layout as published."
        ) from None
    fields = {
        "code": entry.code,
        "long_descriptor": entry.long,
        "short_descriptor": entry.short,
        "effective_from": first,
        "changed_on": changed,
        "effective_to": last,
    }
    if entry.is_modifier:
        return Modifier.model_validate(fields)
    return ProcedureCode.model_validate({"system": CodeSystem.HCPCS, **fields})


def _table_entries(table: Table) -> Iterator[_Entry]:
    """Rows of a table; a two-character code is a modifier."""
    for number, cells in table.rows():
        code, days = cells["code"].upper(), (cells["added"], cells["changed"], cells["ended"])
        yield _Entry(number, code, len(code) == 2, _line(cells["long"]), _line(cells["short"]), days)


def _fixed_width_entries(source: NamedFile, places: Mapping[str, Place]) -> Iterator[_Entry]:
    """Records of the fixed-width file, each with its continuation lines joined."""
    record: list[_Line] = []
    for line in _lines(source, places):
        if line.record in _FIRST_LINES:
            if record:
                yield _joined(record)
            record = [line]
        elif record and (record[0].record, record[0].code) == (_CONTINUATION.get(line.record), line.code):
            record.append(line)
        else:
            raise _misfit(line.number, source.name)
    if record:
        yield _joined(record)


class _Line(NamedTuple):
    number: int
    record: str
    code: str
    long: str
    short: str
    days: tuple[str, str, str]


def _lines(source: NamedFile, places: Mapping[str, Place]) -> Iterator[_Line]:
    for number, line in text_lines(source):
        if not line.strip(_BLANK):
            continue
        at = {field: place.of(line) for field, place in places.items()}
        whole = _SEQUENCE.fullmatch(at["sequence"]) and at["code"] and at["long"]
        if not whole or "\t" in line or UNPRINTABLE.search(line):
            raise _misfit(number, source.name)
        days = (at["added"], at["changed"], at["ended"])
        yield _Line(number, at["record"], at["code"].upper(), at["long"], at["short"], days)


def _joined(lines: list[_Line]) -> _Entry:
    """A record's lines as one entry; the lines of a description break between words."""
    first = lines[0]
    words = _line(" ".join(line.long for line in lines))
    return _Entry(first.number, first.code, _FIRST_LINES[first.record], words, _line(first.short), first.days)


def _misfit(number: int, name: str) -> InputError:
    return InputError(
        f"Line {number} of {name} is not a line of a HCPCS Level II file; give the file as CMS publishes it."
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _release_name(name: str) -> str:
    """`2026 JUL` from an official name, else the name without its ending."""
    official = _RELEASE.search(name)
    return f"{official[1]} {official[2].upper()}" if official else PurePath(name).stem
