"""CodiEsp: Spanish clinical cases with ICD-10-CM codes of the 2018 edition.

Two forms are read: one object a line (`id`, `text_es`, `text_en_mt`, `gold`), and a folder of the published corpus
(`text_files/`, `text_files_en/`, `devD.tsv`, `devX.tsv`). The evidence stands in the Spanish text only; the machine
translation drops content, so recall is what it can be measured by. Setting, date and order of the codes are not in it.
Codes that have ended since are kept: `evals.gold_check` lists them. Source: CodiEsp v4, CLEF eHealth 2020, CC BY 4.0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ConfigDict

from evals.loaders.gold_set import (
    CaseId,
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
from evals.loaders.text_file import file_within, whole_text
from medcoding.coded_encounter import CodedEncounter, FinalCode, Provenance
from medcoding.codes import CodeSystem, parse_code
from medcoding.encounter import Document, Setting
from medcoding.errors import InputError
from medcoding.parsing import read_lines
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record

_ORIGIN: Final = "CodiEsp"
_DIAGNOSIS: Final = "DIAGNOSTICO"
_DIAGNOSES: Final = "*D.tsv"
_TEXT_FOLDERS: Final = {"es": "text_files", "en": "text_files_en"}
_NOT_THERE: Final = "quotes that are not the words at their place"


class SpanishQuote(Record):
    """Words of the Spanish text and where they stand."""

    text: str
    pos: str
    """`start end`, several separated by semicolons where the words are not in a row."""


class CaseCode(Record):
    """A code and its evidence."""

    model_config = ConfigDict(extra="ignore")

    code: str
    evidence_es: tuple[SpanishQuote, ...] = ()


class ClinicalCase(Record):
    """One case of the corpus."""

    model_config = ConfigDict(extra="ignore")

    id: CaseId
    text_es: str
    text_en_mt: str
    gold: tuple[CaseCode, ...]


class CaseTables(NamedTuple):
    """The tables of one part of the corpus: codes by case, and the quotes of a case's code."""

    codes: dict[str, dict[str, None]]
    """In order, each once."""
    quotes: dict[tuple[str, str], list[SpanishQuote]]


def read_codiesp(path: Path, options: GoldOptions) -> GoldSet:
    """Every case; a case that does not fit is refused by its id. Raises `InputError` when none is left."""
    left_out: Counter[str] = Counter()
    if path.is_dir() and any(path.glob(_DIAGNOSES)):
        cases = _published_cases(path, options, left_out)
    else:
        cases = _json_cases(sorted(path.glob("*.jsonl")) if path.is_dir() else [path])
    scope = GoldScope(order=False, poa=False, evidence=options.language == "es")
    about = SetDescription(f"{path.name} ({options.language})", GoldForm.CODIESP, scope, ("setting", "date_of_service"))
    return gold_set(about, (_outcome(case, options, left_out) for case in cases), left_out)


def _json_cases(files: Iterable[Path]) -> Iterator[ClinicalCase | RefusedCase]:
    for file in files:
        for number, read in read_lines(ClinicalCase, file):
            if isinstance(read, InputError):
                yield RefusedCase(case_id=f"{file.name}:{number}", why=str(read))
            else:
                yield read


def _published_cases(
    folder: Path, options: GoldOptions, left_out: Counter[str]
) -> Iterator[ClinicalCase | RefusedCase]:
    tables = _tables(folder, left_out)
    texts = folder / _TEXT_FOLDERS[options.language]
    for case_id, codes in tables.codes.items():
        file = file_within(texts, f"{case_id}.txt")
        if file is None or not case_id:
            why = f"{case_id} has no text in {texts.name}; unpack the corpus whole."
            yield RefusedCase(case_id=case_id, why=why)
            continue
        text = whole_text(file)
        gold = tuple(CaseCode(code=c, evidence_es=tuple(tables.quotes.get((case_id, c), ()))) for c in codes)
        yield ClinicalCase(id=case_id, text_es=text, text_en_mt=text, gold=gold)  # the one asked for is read


def _tables(folder: Path, left_out: Counter[str]) -> CaseTables:
    diagnoses, explained = sorted(folder.glob(_DIAGNOSES)), sorted(folder.glob("*X.tsv"))
    if len(diagnoses) != 1:
        raise InputError(f"{folder} does not hold one table of diagnoses (for instance devD.tsv); give one part of it.")
    tables = CaseTables({}, {})
    for case_id, code, *_ in _cells(diagnoses[0], 2):
        tables.codes.setdefault(case_id, {})[code] = None
    for case_id, label, code, text, pos, *_ in (row for file in explained for row in _cells(file, 5)):
        if label == _DIAGNOSIS:
            tables.quotes.setdefault((case_id, code), []).append(SpanishQuote(text=text, pos=pos))
        else:
            left_out["evidence of procedures (ICD-10-PCS)"] += 1
    return tables


def _cells(file: Path, least: int) -> Iterator[list[str]]:
    """Rows of a table without quotation marks, a heading or a row that is too short left out."""
    for number, line in enumerate(whole_text(file).splitlines(), start=1):
        cells = line.split("\t")
        if len(cells) < least:
            raise InputError(f"Line {number} of {file.name} has fewer than {least} cells; unpack the corpus again.")
        if not (number == 1 and cells[0].lower() == "articleid"):
            yield cells


def _outcome(case: ClinicalCase | RefusedCase, options: GoldOptions, left_out: Counter[str]) -> Outcome:
    if isinstance(case, RefusedCase):
        return case
    try:
        return _encounter(case, options, left_out)
    except InputError as refusal:
        return RefusedCase(case_id=case.id, why=f"{case.id} cannot be taken: {refusal}")


def _encounter(case: ClinicalCase, options: GoldOptions, left_out: Counter[str]) -> CodedEncounter:
    spanish = options.language == "es"
    document = Document(document_id="case", text=case.text_es if spanish else case.text_en_mt)
    setting = options.setting or Setting.INPATIENT
    evidence: dict[str, tuple[EvidenceQuote, ...]] = {}
    for line in case.gold:
        code = parse_code(line.code)
        quotes = _quotes(line, document, left_out) if spanish else ()
        evidence[code] = (*evidence.get(code, ()), *quotes)
    return CodedEncounter(
        case_id=case.id,
        setting=setting,
        date_of_service=options.date_of_service,
        documents=(document,),
        codes=tuple(
            FinalCode(
                system=CodeSystem.ICD10CM,
                code=code,
                role=role_by_place(CodeSystem.ICD10CM, code, number, setting),
                sequence=number,
                evidence=quotes,
            )
            for number, (code, quotes) in enumerate(evidence.items(), start=1)
        ),
        provenance=Provenance(origin=_ORIGIN, certified_coder=options.certified_coder),
    )


def _quotes(line: CaseCode, document: Document, left_out: Counter[str]) -> Iterator[EvidenceQuote]:
    """One quote a stretch; words that differ from the text at their place are left out and counted."""
    for said in line.evidence_es:
        stretches = tuple(_stretches(said.pos))
        words = " ".join(document.text[start:end] for start, end in stretches)
        real = all(start < end <= len(document.text) for start, end in stretches)
        if not stretches or not real or _plain(words) != _plain(said.text):
            left_out[_NOT_THERE] += 1
            continue
        for start, end in stretches:
            yield EvidenceQuote(document_id=document.document_id, start=start, end=end, text=document.text[start:end])


def _stretches(pos: str) -> Iterator[tuple[int, int]]:
    for stretch in pos.split(";"):
        numbers = stretch.split()
        if len(numbers) == 2 and all(n.isdecimal() for n in numbers) and numbers[0] != numbers[1]:  # some are empty
            yield int(numbers[0]), int(numbers[1])


def _plain(words: str) -> str:
    return " ".join(words.split())
