"""MDACE: MIMIC-III charts with code evidence by professional coders.

The annotations are JSON files, one a chart, with offsets into notes of MIMIC-III, which every user has to obtain; the
texts come from the user's own NOTEEVENTS.csv, streamed, or stand in the files where the user injected them. Dates in
MIMIC are shifted, so the date of service is assumed; order and present on admission are not in it. ICD-10-PCS and
ICD-9-CM are left out and counted. Source: Cheng et al., ACL 2023. Nothing of it ships.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict

from evals.loaders.gold_set import (
    GoldForm,
    GoldOptions,
    GoldScope,
    GoldSet,
    Outcome,
    RefusedCase,
    SetDescription,
    gold_set,
    role_by_place,
)
from evals.loaders.text_file import opened_text
from medcoding.coded_encounter import CodedEncounter, FinalCode, Provenance
from medcoding.codes import CodeSystem, parse_code
from medcoding.encounter import Document, Setting
from medcoding.errors import InputError
from medcoding.parsing import parse_record
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record

_ORIGIN: Final = "MDACE"
_SYSTEMS: Final = {
    "ICD-10-CM": CodeSystem.ICD10CM,
    "HCPCS": CodeSystem.HCPCS,
    "CPT": CodeSystem.CPT,
}
_PROFESSIONAL: Final = "profee"
_ID_COLUMN: Final = "ROW_ID"
_TEXT_COLUMN: Final = "TEXT"


class Annotation(Record):
    """A code and the span of a note that supports it."""

    model_config = ConfigDict(extra="ignore")

    begin: int
    end: int
    code: str
    code_system: str
    covered_text: str | None = None
    """The words, where the user injected them: they prove that the text is the annotated one."""


class ChartNote(Record):
    """One note of a chart."""

    model_config = ConfigDict(extra="ignore")

    note_id: int
    category: str = ""
    annotations: tuple[Annotation, ...] = ()
    text: str | None = None


class AnnotatedChart(Record):
    """One admission."""

    model_config = ConfigDict(extra="ignore")

    hadm_id: int
    notes: tuple[ChartNote, ...]


def read_mdace(path: Path, options: GoldOptions) -> GoldSet:
    """Every chart of a folder such as `data/Inpatient/ICD-10/1.0`, or one file.

    A note without its text, or whose spans do not fit it, is refused by its id with its annotations. Raises
    `InputError` when no chart is left or no text was given.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    charts = [_chart(file) for file in files]
    texts = _texts([chart for chart in charts if isinstance(chart, AnnotatedChart)], options)
    left_out: Counter[str] = Counter()
    setting = options.setting or _setting_of(path)
    about = SetDescription(path.name, GoldForm.MDACE, GoldScope(order=False, poa=False), ("setting", "date_of_service"))
    described = options.model_copy(update={"setting": setting})
    outcomes = (outcome for chart in charts for outcome in _outcomes(chart, texts, described, left_out))
    return gold_set(about, outcomes, left_out)


def _setting_of(path: Path) -> Setting:
    """Professional fees follow section IV of the guidelines, wherever the patient lay."""
    professional = any(part.lower() == _PROFESSIONAL for part in path.resolve().parts)
    return Setting.OUTPATIENT if professional else Setting.INPATIENT


def _chart(file: Path) -> AnnotatedChart | RefusedCase:
    try:
        return parse_record(AnnotatedChart, file.read_bytes(), file.name)
    except InputError as refusal:
        return RefusedCase(case_id=file.stem, why=str(refusal))
    except OSError as error:
        why = f"{file} cannot be read ({error.strerror}); check the path."
        return RefusedCase(case_id=file.stem, why=why)


def _texts(charts: Sequence[AnnotatedChart], options: GoldOptions) -> dict[int, str]:
    """Texts by note id: those in the files, the others from the user's notes, of which only the wanted are kept."""
    texts = {note.note_id: note.text for chart in charts for note in chart.notes if note.text is not None}
    wanted = {note.note_id for chart in charts for note in chart.notes} - texts.keys()
    if not wanted:
        return texts
    if options.notes is None:
        raise InputError(
            "MDACE holds no texts; name your own NOTEEVENTS.csv or NOTEEVENTS.csv.gz of MIMIC-III as its notes."
        )
    return texts | dict(_note_events(options.notes, wanted))


def _note_events(path: Path, wanted: set[int]) -> Iterator[tuple[int, str]]:
    """Texts of the wanted notes; the table is streamed until all are found."""
    missing = set(wanted)
    with opened_text(path) as lines:
        reader = csv.reader(lines)
        headings = [heading.upper() for heading in next(reader, [])]
        if not {_ID_COLUMN, _TEXT_COLUMN} <= set(headings):
            raise InputError(f"{path.name} has no columns ROW_ID and TEXT; name MIMIC-III's table of note events.")
        number, text = headings.index(_ID_COLUMN), headings.index(_TEXT_COLUMN)
        for row in reader:
            if len(row) > max(number, text) and row[number].isdecimal() and int(row[number]) in missing:
                missing.discard(int(row[number]))
                yield int(row[number]), row[text]
                if not missing:
                    return


def _outcomes(
    chart: AnnotatedChart | RefusedCase, texts: Mapping[int, str], options: GoldOptions, left_out: Counter[str]
) -> Iterator[Outcome]:
    """The refused notes of a chart, then the chart made of the others."""
    if isinstance(chart, RefusedCase):
        yield chart
        return
    faults = {note.note_id: _fault(note, texts.get(note.note_id)) for note in chart.notes}
    for note_id, fault in faults.items():
        if fault:
            yield RefusedCase(case_id=f"{chart.hadm_id}/{note_id}", why=f"Note {note_id} {fault}.")
    sound = [note for note in chart.notes if not faults[note.note_id]]
    if sound:
        try:
            yield _encounter(chart.hadm_id, sound, texts, options, left_out)
        except (InputError, ValueError) as refusal:
            why = str(refusal) if isinstance(refusal, InputError) else "It holds a note twice; unpack MDACE again."
            yield RefusedCase(case_id=str(chart.hadm_id), why=f"Chart {chart.hadm_id} cannot be taken: {why}")


def _fault(note: ChartNote, text: str | None) -> str:
    """What keeps a note from being taken; never its words."""
    if text is None:
        return "is not in the table of note events; name the whole table"
    for span in note.annotations:
        if not 0 <= span.begin <= span.end <= len(text):
            return "has a span beyond its text; use the texts of MIMIC-III as published"
        if span.covered_text is not None and text[span.begin : span.end] != span.covered_text:
            return "has other words at its spans than were annotated; use the texts of MIMIC-III as published"
    return ""


def _encounter(
    hadm_id: int,
    notes: Sequence[ChartNote],
    texts: Mapping[int, str],
    options: GoldOptions,
    left_out: Counter[str],
) -> CodedEncounter:
    setting = options.setting or Setting.INPATIENT
    evidence: dict[tuple[CodeSystem, str], list[EvidenceQuote]] = {}
    for note in notes:
        for span in note.annotations:
            system = _SYSTEMS.get(span.code_system.upper())
            if system is None:
                left_out[_other_system(span.code_system)] += 1
                continue
            quotes = evidence.setdefault((system, parse_code(span.code, system)), [])
            quotes.extend(_quotes(note.note_id, span, texts[note.note_id]))
    values: dict[str, Any] = {"case_id": str(hadm_id), "setting": setting, "date_of_service": options.date_of_service}
    return CodedEncounter(
        **values,
        documents=tuple(
            Document(document_id=str(note.note_id), text=texts[note.note_id], type=note.category or None)
            for note in notes
        ),
        codes=tuple(
            FinalCode(
                system=system,
                code=code,
                role=role_by_place(system, code, number, setting),
                sequence=number,
                evidence=tuple(quotes),
            )
            for number, ((system, code), quotes) in enumerate(evidence.items(), start=1)
        ),
        provenance=Provenance(origin=_ORIGIN, certified_coder=options.certified_coder),
    )


def _quotes(note_id: int, span: Annotation, text: str) -> Iterator[EvidenceQuote]:
    """The span as a quote; an empty one supports nothing."""
    if span.begin < span.end:
        words = text[span.begin : span.end]
        yield EvidenceQuote(document_id=str(note_id), start=span.begin, end=span.end, text=words)


def _other_system(name: str) -> str:
    known = name.upper() in {"ICD-10-PCS", "ICD-9-CM", "ICD-9-PCS"}
    return f"annotations with codes of {name.upper()}" if known else "annotations with codes of another system"
