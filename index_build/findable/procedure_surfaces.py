"""Wordings of procedures, drugs and supplies: the descriptors of the user's own books, and our own names for codes.

Our names ship without any descriptor. One is used only where the user's book holds its code and, for a drug, where the
book's billing unit is still the one the name was written for: a code whose unit has changed may mean something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final, Literal, NamedTuple

from index_build.findable.collection import Findable
from index_build.findable.terms import TERMS_FOLDER, table_rows
from medcoding.codes import CodeSystem
from medcoding.doses import Amount, stated_doses, unit_size
from medcoding.procedures import ProcedureBook, ProcedureCode
from medcoding.record import Record

_DRUGS: Final = "billed_drugs.tsv"
_COUNTED: Final = ("supplies.tsv", "procedures.tsv")
_ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))
_ONCE: Final = frozenset({"dose", "item"})
"""Units that are the whole thing handed over."""

_GIVEN: Final = re.compile(r"^(?:injection|infusion),?\s+", re.IGNORECASE)
_UNIT: Final = re.compile(
    r"[,;]?\s*(?:per|up to)?\s*[\d.,]+\s?(?:mg|mcg|gm?|units?|ml|cc|iu|microgram\w*)\b.*$", re.IGNORECASE
)
_BRACKETS: Final = re.compile(r"\s*\([^()]*\)")

ProcedureWording = Literal["descriptor", "short", "clinical"]
"""A full descriptor or the bare name of its drug; a short one, cut off anywhere; a name of our own."""


class NamedCode(NamedTuple):
    """A name of our own for a code, with what one billing unit is where the name stands for a drug."""

    text: str
    code: str
    unit: Amount | None = None


class ProcedureSurface(Record):
    """One wording, the code it names, and the days it may be used on."""

    text: str
    code: str
    kind: ProcedureWording
    system: CodeSystem
    effective_from: int
    """YYYYMMDD, first day."""
    effective_to: int
    """YYYYMMDD, last day."""

    def findable(self) -> Findable:
        """The point it becomes."""
        return Findable(self.text, self.model_dump(mode="json"))


def named_codes(folder: Path = TERMS_FOLDER) -> Iterator[NamedCode]:
    """Our own names for HCPCS codes of drugs, supplies and services, synonyms one by one."""
    for row in table_rows(folder / _DRUGS):
        unit = None if row["measure"] in _ONCE else _amount(row)
        yield from (NamedCode(text, row["code"], unit) for text in row["drug"].split("|"))
    for table in _COUNTED:
        for row in table_rows(folder / table):
            yield from (NamedCode(text, row["hcpcs"]) for text in row["term"].split("|") if row["hcpcs"])


def findable_procedures(folder: Path, first_day: date) -> Iterator[Findable]:
    """The wordings of every book in a folder of procedure books; nothing where there is none."""
    for system, named in ((CodeSystem.HCPCS, tuple(named_codes())), (CodeSystem.CPT, ())):
        path = folder / f"{system}.sqlite"
        if path.is_file():
            yield from (s.findable() for s in procedure_surfaces(ProcedureBook(path), named, first_day))


def procedure_surfaces(book: ProcedureBook, named: Iterable[NamedCode], first_day: date) -> Iterator[ProcedureSurface]:
    """Every wording of a book; codes that ended before `first_day` are left out."""
    for entry in book.entries():
        if entry.effective_to is None or entry.effective_to >= first_day:
            yield from (_surface(entry, text, kind) for text, kind in _descriptors(entry))
    for name in named:
        known = book.entry(name.code)
        if known and (known.effective_to is None or known.effective_to >= first_day) and _is_still(name, known):
            yield _surface(known, name.text, "clinical")


def _is_still(name: NamedCode, entry: ProcedureCode) -> bool:
    size = unit_size(entry.long_descriptor)
    return name.unit is None or size is None or size == name.unit


def _descriptors(entry: ProcedureCode) -> Iterator[tuple[str, ProcedureWording]]:
    """The descriptors, and of a drug its bare name: a record says `ketorolac`, not what a unit of it is."""
    long, short = entry.long_descriptor, entry.short_descriptor
    bare = _UNIT.sub("", _GIVEN.sub("", _BRACKETS.sub("", long))).strip(" ,;") if unit_size(long) else ""
    yield from ((text, "descriptor") for text in dict.fromkeys((long, bare)) if text)
    if short and short not in {long, bare}:
        yield short, "short"


def _surface(entry: ProcedureCode, text: str, kind: ProcedureWording) -> ProcedureSurface:
    first, last = entry.effective_from or _ALWAYS[0], entry.effective_to or _ALWAYS[1]
    return ProcedureSurface(
        text=text, code=entry.code, kind=kind, system=entry.system, effective_from=_day(first), effective_to=_day(last)
    )


def _amount(row: dict[str, str]) -> Amount:
    (stated,) = stated_doses(f"{row['amount']} {row['measure']}")
    return stated.amount


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
