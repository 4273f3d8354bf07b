"""ACI-Bench: US visit notes without codes. They measure coverage and speed; the set says that it has no gold.

One object a line (`id`, `dataset`, `note`), or the distribution's own CSV (`dataset`, `encounter_id`, `dialogue`,
`note`). Source: Yim et al. 2023, CC BY 4.0.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from evals.loaders.gold_set import (
    NOTHING,
    AssumedFact,
    CaseId,
    GoldForm,
    GoldOptions,
    GoldSet,
    Outcome,
    RefusedCase,
    SetDescription,
    gold_set,
)
from evals.loaders.text_file import opened_text
from medcoding.coded_encounter import CodedEncounter, Provenance
from medcoding.encounter import Document, Setting
from medcoding.errors import InputError
from medcoding.parsing import parse_record, read_lines
from medcoding.record import Record

_ORIGIN: Final = "ACI-BENCH"


class VisitNote(Record):
    """One visit of the set."""

    model_config = ConfigDict(extra="ignore")

    id: CaseId
    note: Annotated[str, Field(min_length=1)]


def read_aci_bench(path: Path, options: GoldOptions) -> GoldSet:
    """Every visit as an encounter without codes. Raises `InputError` when none can be read."""
    notes = _csv_notes(path) if path.suffix.lower() == ".csv" else _json_notes(path)
    outcomes = (note if isinstance(note, RefusedCase) else _encounter(note, options) for note in notes)
    assumed: tuple[AssumedFact, ...] = ("setting", "date_of_service")
    return gold_set(SetDescription(path.name, GoldForm.ACI_BENCH, NOTHING, assumed), outcomes, {})


def _json_notes(path: Path) -> Iterator[VisitNote | RefusedCase]:
    for number, read in read_lines(VisitNote, path):
        yield RefusedCase(case_id=f"line {number}", why=str(read)) if isinstance(read, InputError) else read


def _csv_notes(path: Path) -> Iterator[VisitNote | RefusedCase]:
    with opened_text(path) as lines:
        for number, row in enumerate(csv.DictReader(lines), start=1):
            visit = json.dumps({"id": row.get("encounter_id"), "note": row.get("note")})
            try:
                yield parse_record(VisitNote, visit, f"Row {number} of {path.name}")
            except InputError as refusal:
                yield RefusedCase(case_id=f"row {number}", why=str(refusal))


def _encounter(note: VisitNote, options: GoldOptions) -> Outcome:
    return CodedEncounter(
        case_id=note.id,
        setting=options.setting or Setting.OUTPATIENT,
        date_of_service=options.date_of_service,
        documents=(Document(document_id="note", text=note.note),),
        codes=(),
        provenance=Provenance(origin=_ORIGIN, certified_coder=False),
    )
