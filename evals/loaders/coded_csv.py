"""Coded encounters as CSV: one row a code.

Facts of the encounter may stand in every row of a case or only in its first. Text stands in a column or in files beside
the table. A row without a code adds its document. Offsets of evidence count code points of the text.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from evals.loaders.gold_set import (
    CaseId,
    GoldForm,
    GoldOptions,
    GoldSet,
    Outcome,
    RefusedCase,
    SetDescription,
    gold_set,
    role_by_place,
)
from evals.loaders.text_file import file_within, opened_text, whole_text
from medcoding.coded_encounter import CodedEncounter, FinalCode, Provenance
from medcoding.codes import CodeRole, CodeSystem, PresentOnAdmission, parse_code
from medcoding.encounter import Day, Document, Encounter, Patient, Setting, Sex
from medcoding.errors import InputError
from medcoding.parsing import parse_record
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record

_DELIMITERS: Final = {".tsv": "\t"}
_ORIGIN: Final = "facility"
_ONLY_DOCUMENT: Final = "note"
_MORE: Final = "\0"
"""Where the csv module puts cells beyond the last column."""


class CodedRow(Record):
    """One row. Every field is a column of the same name; all but the first are optional columns or cells."""

    case_id: CaseId
    setting: Setting | None = None
    date_of_service: Day | None = None
    discharge_date: Day | None = None
    visit_type: str | None = None
    specialty: str | None = None
    facility: str | None = None
    tenant: str | None = None
    payer: str | None = None
    patient_id: str | None = None
    age: Annotated[int, Field(ge=0, le=130)] | None = None
    sex: Sex | None = None
    document_id: CaseId | None = None
    document_type: str | None = None
    author: str | None = None
    author_role: str | None = None
    document_date: Day | None = None
    text: str | None = None
    text_file: str | None = None
    """Path of a text file, relative to the folder of the table and inside it."""
    system: CodeSystem | None = None
    code: str | None = None
    sequence: Annotated[int, Field(ge=1)] | None = None
    """The order of the rows where it is not given."""
    role: CodeRole | None = None
    """By place and chapter where it is not given."""
    poa: PresentOnAdmission | None = None
    modifiers: str | None = None
    """Separated by blanks."""
    units: Annotated[int, Field(ge=1)] | None = None
    evidence_start: int | None = None
    evidence_end: int | None = None
    """Of the words in the row's document that support the code, half open."""


COLUMNS: Final = tuple(CodedRow.model_fields)
_REQUIRED: Final = ("case_id", "setting", "date_of_service", "system", "code")
_OF_ENCOUNTER: Final = (
    "setting", "date_of_service", "discharge_date", "visit_type", "specialty", "facility", "tenant", "payer",
    "patient_id", "age", "sex",
)  # fmt: skip


class _NumberedRow(NamedTuple):
    line: int
    """On which the row ends, counted from 1 with the heading."""
    row: CodedRow | InputError


def read_csv(path: Path, options: GoldOptions) -> GoldSet:
    """Every case whose rows fit together; the others are refused with the line of the first fault.

    Raises `InputError` when a column is missing or no case is left.
    """
    left_out: Counter[str] = Counter()
    cases: dict[str, list[_NumberedRow]] = {}
    for case_id, numbered in _rows(path, left_out):
        cases.setdefault(case_id, []).append(numbered)
    outcomes = (_outcome(case_id, rows, path, options) for case_id, rows in cases.items())
    return gold_set(SetDescription(path.name, GoldForm.CSV), outcomes, left_out)


def _rows(path: Path, left_out: Counter[str]) -> Iterator[tuple[str, _NumberedRow]]:
    with opened_text(path) as lines:
        reader = csv.DictReader(lines, delimiter=_DELIMITERS.get(path.suffix.lower(), ","), restkey=_MORE, strict=True)
        left_out.update(_unknown_columns(reader.fieldnames or (), path.name))
        for cells in reader:
            line = reader.line_num
            case_id = (cells.get("case_id") or "").strip() or f"line {line}"
            yield case_id, _NumberedRow(line, _row(cells, f"Line {line} of {path.name}"))


def _unknown_columns(headings: Any, name: str) -> dict[str, int]:
    missing = [column for column in _REQUIRED if column not in headings]
    if "text" not in headings and "text_file" not in headings:
        missing.append("text or text_file")
    if missing:
        raise InputError(f"{name} has no column {', '.join(missing)}; name it in the first line.")
    if len(set(headings)) < len(headings):
        raise InputError(f"{name} has two columns of one name; name each once.")
    unknown = sum(heading not in COLUMNS for heading in headings)
    return {"columns that no coded encounter has": unknown} if unknown else {}


def _row(cells: Mapping[str, Any], place: str) -> CodedRow | InputError:
    """The cells that say something; a row with more cells than columns has slipped and is refused."""
    if _MORE in cells:
        return InputError(f"{place} has more cells than columns; put quotation marks around text with commas.")
    said = {name: cells[name] if name == "text" else cells[name].strip() for name in COLUMNS if cells.get(name)}
    try:
        return parse_record(CodedRow, json.dumps({name: cell for name, cell in said.items() if cell.strip()}), place)
    except InputError as refusal:
        return refusal


def _outcome(case_id: str, rows: list[_NumberedRow], path: Path, options: GoldOptions) -> Outcome:
    try:
        return _encounter([(n, _sound(row)) for n, row in rows], path, options)
    except InputError as refusal:
        return RefusedCase(case_id=case_id, why=str(refusal))


def _sound(row: CodedRow | InputError) -> CodedRow:
    if isinstance(row, InputError):
        raise row
    return row


def _encounter(rows: list[tuple[int, CodedRow]], path: Path, options: GoldOptions) -> CodedEncounter:
    facts = _facts(rows, path.name)
    documents = _documents(rows, path)
    line, first = rows[0]
    for required in ("setting", "date_of_service"):
        if required not in facts:
            raise InputError(f"Line {line} of {path.name} leaves {required} open; fill it in the case's first row.")
    patient = Patient(id=facts.pop("patient_id", None), age=facts.pop("age", None), sex=facts.pop("sex", None))
    values = {"case_id": first.case_id, "patient": patient, "documents": tuple(documents.values()), **facts}
    encounter = _checked(values, f"The case of line {line} of {path.name}")
    return CodedEncounter(
        **{name: getattr(encounter, name) for name in Encounter.model_fields},
        codes=_codes(rows, encounter, path.name),
        provenance=Provenance(origin=_ORIGIN, certified_coder=options.certified_coder),
    )


def _checked(values: Mapping[str, Any], what: str) -> Encounter:
    """The encounter, or a refusal that names the fields: the record's own checks hold here too."""
    return parse_record(Encounter, Encounter.model_construct(**values).model_dump_json(), what)


def _facts(rows: list[tuple[int, CodedRow]], name: str) -> dict[str, Any]:
    """What the rows say of the encounter. Raises `InputError` where two of them disagree."""
    facts: dict[str, Any] = {}
    for line, row in rows:
        for field in _OF_ENCOUNTER:
            said = getattr(row, field)
            if said is not None and facts.setdefault(field, said) != said:
                raise InputError(f"Line {line} of {name} gives its case another {field} than a line above; keep one.")
    return facts


def _documents(rows: list[tuple[int, CodedRow]], path: Path) -> dict[str, Document]:
    """The documents by id, in order. A text may be repeated in every row or stand in the first one only."""
    documents: dict[str, Document] = {}
    for line, row in rows:
        text = _text(line, row, path)
        document_id = row.document_id or _ONLY_DOCUMENT
        if text is None:
            continue
        if document_id not in documents:
            documents[document_id] = Document(
                document_id=document_id,
                text=text,
                type=row.document_type,
                author=row.author,
                author_role=row.author_role,
                date=row.document_date,
            )
        elif documents[document_id].text != text:
            raise InputError(
                f"Line {line} of {path.name} gives a document another text than a line above; use document_id."
            )
    return documents


def _text(line: int, row: CodedRow, path: Path) -> str | None:
    if row.text_file is None:
        return row.text
    if row.text is not None:
        raise InputError(f"Line {line} of {path.name} has a text and a text_file; keep one.")
    file = file_within(path.parent, row.text_file)
    if file is None:
        raise InputError(f"Line {line} of {path.name} names a text_file that is not beside it; put the file there.")
    return whole_text(file)


def _codes(rows: list[tuple[int, CodedRow]], encounter: Encounter, name: str) -> tuple[FinalCode, ...]:
    """The codes in order. Rows of the same code and place are one code with several quotes."""
    coded = [(line, row) for line, row in rows if row.code]
    numbered = [row for _, row in coded if row.sequence]
    if numbered and len(numbered) < len(coded):
        raise InputError(f"Line {coded[0][0]} of {name} begins a case numbered in part; give each code a sequence.")
    codes: dict[tuple[CodeSystem, str], FinalCode] = {}
    for line, row in sorted(coded, key=lambda entry: entry[1].sequence or 0):
        place = f"Line {line} of {name}"
        found = _code(row, len(codes) + 1, encounter, place)
        same = codes.get((found.system, found.code))
        if same and row.sequence != same.sequence and row.sequence:
            raise InputError(f"{place} gives its case a code a second time; keep one.")
        codes[found.system, found.code] = _with_evidence(same, found) if same else found
    return tuple(codes.values())


def _with_evidence(first: FinalCode, again: FinalCode) -> FinalCode:
    return first.model_copy(update={"evidence": (*first.evidence, *again.evidence)})


def _code(row: CodedRow, place: int, encounter: Encounter, where: str) -> FinalCode:
    if row.system is None or row.code is None:
        raise InputError(f"{where} names a code without its system; write icd10cm, hcpcs or cpt.")
    try:
        code = parse_code(row.code, row.system)
    except InputError:
        raise InputError(f"{where} is not valid: code is not written like a code of {row.system}.") from None
    sequence = row.sequence or place
    return FinalCode(
        system=row.system,
        code=code,
        role=row.role or role_by_place(row.system, code, sequence, encounter.setting),
        sequence=sequence,
        poa=row.poa,
        modifiers=tuple((row.modifiers or "").split()),
        units=row.units,
        evidence=_evidence(row, encounter, where),
    )


def _evidence(row: CodedRow, encounter: Encounter, where: str) -> tuple[EvidenceQuote, ...]:
    start, end = row.evidence_start, row.evidence_end
    if start is None and end is None:
        return ()
    wanted = row.document_id or encounter.documents[0].document_id
    text = next((d.text for d in encounter.documents if d.document_id == wanted), "")
    if start is None or end is None or not 0 <= start < end <= len(text):
        raise InputError(f"{where} is not valid: evidence_start and evidence_end are no words of the document.")
    return (EvidenceQuote(document_id=wanted, start=start, end=end, text=text[start:end]),)
