"""Findings of an external audit: for each encounter what was proposed, what went out, what the auditor would code.

JSON lines (`AuditFinding`) or CSV. A code may be written short: `E11.22`, with its indicator `E11.22@Y`, of another
system `hcpcs:J1815`. The order of the codes is their sequence; the first is the principal or first-listed one.
"""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, model_validator

from evals.loaders.text_file import opened_text
from medcoding.codes import CodeSystem, PresentOnAdmission, parse_code
from medcoding.encounter import Day, Patient, Setting
from medcoding.errors import InputError
from medcoding.parsing import load_lines, parse_record
from medcoding.record import Record

_TABLES: Final = {".csv": ",", ".tsv": "\t"}
_MONTH_OR_DAY: Final = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_LISTS: Final = ("proposed", "final", "audited", "procedures")
_OF_PATIENT: Final = {"patient_id": "id", "age": "age", "sex": "sex"}
_MORE: Final = "\0"
"""Where the csv module puts cells beyond the last column."""


class Lane(StrEnum):
    """Who released the codes."""

    AUTO = "auto"
    CODER = "coder"


class DisagreementKind(StrEnum):
    """What an auditor changed."""

    SPECIFICITY = "specificity"
    SEQUENCING = "sequencing"
    MISSING = "missing"
    UNSUPPORTED = "unsupported"
    POA = "POA"


def _written_short(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    system, _, rest = value.rpartition(":")
    code, _, poa = rest.partition("@")
    return {"system": system or CodeSystem.ICD10CM, "code": code, "poa": poa or None}


def _day_or_month(value: Any) -> Any:
    """A day, or the first of a month; what is neither is left for the field to refuse."""
    if not isinstance(value, str) or not _MONTH_OR_DAY.fullmatch(value):
        return value
    try:
        return datetime.date.fromisoformat(value if value.count("-") == 2 else f"{value}-01")
    except ValueError:
        return value


class AuditedCode(Record):
    """One code of one side."""

    system: CodeSystem = CodeSystem.ICD10CM
    code: str
    """In its printed form, whether or not it exists."""
    poa: PresentOnAdmission | None = None

    @model_validator(mode="before")
    @classmethod
    def _printed(cls, value: Any) -> Any:
        facts = _written_short(value)
        if isinstance(facts, dict) and isinstance(facts.get("code"), str):
            try:
                return facts | {"code": parse_code(facts["code"], CodeSystem(facts.get("system", CodeSystem.ICD10CM)))}
            except (InputError, ValueError):
                raise ValueError("is not written like a code of its system") from None
        return facts


class AuditReason(Record):
    """Why the auditor changed one code, in the auditor's words."""

    code: str
    """The code that was taken away or put in."""
    reason: str = ""
    kind: DisagreementKind | None = None
    """Derived from the codes where the auditor does not say."""


class AuditFinding(Record):
    """One audited encounter."""

    case_id: Annotated[str, Field(min_length=1, max_length=200)]
    date: Annotated[Day, BeforeValidator(_day_or_month)]
    """Discharge for inpatient stays, else the date of service; `YYYY-MM` stands for the first of the month."""
    setting: Setting
    specialty: str | None = None
    lane: Lane
    patient: Patient = Patient()
    proposed: tuple[AuditedCode, ...]
    """What the product answered."""
    final: tuple[AuditedCode, ...]
    """What went out."""
    audited: tuple[AuditedCode, ...]
    """What the auditor would have coded."""
    reasons: tuple[AuditReason, ...] = ()
    procedures: tuple[str, ...] = ()
    """ICD-10-PCS of an inpatient stay: they decide its MS-DRG, and the product does not propose them."""
    discharge_status: Annotated[str, Field(pattern=r"^\d{2}$")] = "01"
    """Two digits as on the claim; 20 died."""

    @property
    def month(self) -> str:
        """`YYYY-MM`."""
        return f"{self.date:%Y-%m}"


COLUMNS: Final = (*(name for name in AuditFinding.model_fields if name != "patient"), *_OF_PATIENT)
"""Of a table: lists separated by blanks, reasons as `E11.22 specificity: what the record says; …`."""
_REQUIRED: Final = ("case_id", "date", "setting", "lane", "proposed", "final", "audited")


def read_findings(path: Path) -> tuple[AuditFinding, ...]:
    """Every finding, in order of date and case.

    Raises `InputError` at the first line that does not fit, at a case that stands twice, and where there is none.
    """
    delimiter = _TABLES.get(path.suffix.lower())
    findings = tuple(_rows(path, delimiter)) if delimiter else load_lines(AuditFinding, path)
    if not findings:
        raise InputError(f"{path.name} holds no finding; give one audited encounter on each line.")
    seen: set[str] = set()
    for finding in findings:
        if finding.case_id in seen:
            raise InputError(f"The case_id {finding.case_id} stands twice in {path.name}; keep one finding a case.")
        seen.add(finding.case_id)
    return tuple(sorted(findings, key=lambda f: (f.date, f.case_id)))


def _rows(path: Path, delimiter: str) -> Iterator[AuditFinding]:
    with opened_text(path) as lines:
        reader = csv.DictReader(lines, delimiter=delimiter, restkey=_MORE, strict=True)
        headings = reader.fieldnames or ()
        missing = [column for column in _REQUIRED if column not in headings]
        if missing:
            raise InputError(f"{path.name} lacks the column {missing[0]}; add it to the heading.")
        for cells in reader:
            where = f"Line {reader.line_num} of {path.name}"
            if _MORE in cells:
                raise InputError(f"{where} has more cells than the heading; quote cells that hold a delimiter.")
            yield parse_record(AuditFinding, json.dumps(_facts(cells, where)), where)


def _facts(cells: dict[str, str | None], where: str) -> dict[str, Any]:
    """A row as the record's fields; columns of other names are left alone."""
    given = {name: cell.strip() for name, cell in cells.items() if name in COLUMNS and cell and cell.strip()}
    patient: dict[str, Any] = {field: given.pop(column) for column, field in _OF_PATIENT.items() if column in given}
    if patient.get("age", "").isdecimal():
        patient["age"] = int(patient["age"])
    facts: dict[str, Any] = {**given, "patient": patient}
    for name in _LISTS:
        facts[name] = given.get(name, "").split()
    facts["reasons"] = [_reason(item, where) for item in given.get("reasons", "").split(";") if item.strip()]
    return facts


def _reason(item: str, where: str) -> dict[str, str]:
    head, colon, reason = item.partition(":")
    code, *kind = head.split()
    if not colon or len(kind) > 1:
        raise InputError(f"{where} is not valid: reasons are written `code kind: reason`, separated by semicolons.")
    return {"code": code, "reason": reason.strip(), **({"kind": kind[0]} if kind else {})}
