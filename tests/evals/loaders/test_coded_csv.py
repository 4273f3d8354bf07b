"""One row a code."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

import pytest

from evals.loaders.coded_csv import COLUMNS, read_csv
from evals.loaders.gold_set import GoldOptions, GoldSet
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting, Sex
from medcoding.errors import InputError
from tests.evals.loaders.invented import GOUT

FACTS: Final = {"case_id": "c1", "setting": "outpatient", "date_of_service": "2026-11-02", "text": GOUT}
GOUT_ROW: Final = FACTS | {"system": "icd10cm", "code": "M10.9"}
DIABETES_ROW: Final = {"case_id": "c1", "system": "icd10cm", "code": "e119"}


def _table(folder: Path, *rows: dict[str, Any], name: str = "gold.csv", columns: tuple[str, ...] = COLUMNS) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _read(folder: Path, *rows: dict[str, Any]) -> GoldSet:
    return read_csv(_table(folder, *rows), GoldOptions())


def test_rows_of_a_case_are_one_encounter(tmp_path: Path) -> None:
    """Facts of the first row hold for the others; codes get their dot, order and role."""
    rich = GOUT_ROW | {"specialty": "rheumatology", "age": 66, "sex": "F", "evidence_start": 12, "evidence_end": 22}
    (found,) = _read(tmp_path, rich, DIABETES_ROW).encounters
    assert (found.setting, found.specialty, found.patient.age, found.patient.sex) == (
        Setting.OUTPATIENT, "rheumatology", 66, Sex.F,
    )  # fmt: skip
    assert [(c.code, c.sequence, c.role) for c in found.codes] == [
        ("M10.9", 1, CodeRole.FIRST_LISTED),
        ("E11.9", 2, CodeRole.SECONDARY),
    ]
    assert [q.text for q in found.codes[0].evidence] == ["acute gout"]
    assert found.documents[0].text == GOUT


def test_sequence_decides_over_the_order_of_rows(tmp_path: Path) -> None:
    """And what a row says of its code is kept."""
    second = GOUT_ROW | {"sequence": 2, "role": "secondary", "poa": "N"}
    service = DIABETES_ROW | {"system": "hcpcs", "code": "j0725", "sequence": 3, "units": 4, "modifiers": "JZ RT"}
    inpatient = {"setting": "inpatient", "discharge_date": "2026-11-04"}
    first = DIABETES_ROW | {"sequence": 1, "poa": "Y"}
    (found,) = _read(tmp_path, second | inpatient, service, first).encounters
    assert [(c.code, c.role, c.poa) for c in found.codes] == [
        ("E11.9", CodeRole.PRINCIPAL, "Y"),
        ("M10.9", CodeRole.SECONDARY, "N"),
        ("J0725", CodeRole.SECONDARY, None),
    ]
    assert (found.codes[2].system, found.codes[2].units, found.codes[2].modifiers) == (
        CodeSystem.HCPCS, 4, ("JZ", "RT"),
    )  # fmt: skip


def test_text_may_lie_beside_the_table(tmp_path: Path) -> None:
    """Several documents, each in its own file; a row without a code only adds one."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_bytes(b"Gout.\r\nStable.")
    (tmp_path / "b.txt").write_text("Diabetes.", encoding="utf-8")
    first = GOUT_ROW | {"text": "", "text_file": "notes/a.txt", "document_id": "a", "document_type": "progress_note"}
    second = {"case_id": "c1", "text_file": "b.txt", "document_id": "b"}
    (found,) = _read(tmp_path, first, second).encounters
    assert [(d.document_id, d.type, d.text) for d in found.documents] == [
        ("a", "progress_note", "Gout.\r\nStable."),
        ("b", None, "Diabetes."),
    ]
    assert len(found.codes) == 1


def test_a_case_may_have_no_code(tmp_path: Path) -> None:
    """An encounter to which nothing is to be coded is gold too."""
    found = _read(tmp_path, GOUT_ROW, FACTS | {"case_id": "c2"})
    assert [len(e.codes) for e in found.encounters] == [1, 0]


def test_a_code_in_several_rows_collects_its_quotes(tmp_path: Path) -> None:
    """One code, two places that support it."""
    rows = [GOUT_ROW | {"evidence_start": s, "evidence_end": e} for s, e in ((12, 22), (18, 22))]
    (found,) = _read(tmp_path, *rows).encounters
    assert [q.text for q in found.codes[0].evidence] == ["acute gout", "gout"]


def test_tabs_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    """Spreadsheets write both."""
    path = _table(tmp_path, GOUT_ROW, name="gold.tsv")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_csv(path, GoldOptions()).encounters) == 1


def test_other_columns_are_counted(tmp_path: Path) -> None:
    """Exports carry more than is needed."""
    path = _table(tmp_path, GOUT_ROW | {"DRG": "554"}, columns=(*COLUMNS, "DRG"))
    assert [(left.reason, left.count) for left in read_csv(path, GoldOptions()).left_out] == [
        ("columns that no coded encounter has", 1)
    ]


def test_the_caller_says_who_coded(tmp_path: Path) -> None:
    """The table cannot."""
    found = read_csv(_table(tmp_path, GOUT_ROW), GoldOptions(certified_coder=True))
    assert found.encounters[0].provenance.certified_coder


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"poa": "zqxcanary"}, "Line 3 of gold.csv is not valid: poa: Input should be 'Y', 'N', 'U', 'W' or '1'."),
        ({"age": "zqxcanary"}, "Line 3 of gold.csv is not valid: age: "),
        ({"date_of_service": "11/02/2026"}, "Line 3 of gold.csv is not valid: date_of_service: "),
        ({"setting": "clinic"}, "Line 3 of gold.csv is not valid: setting: Input should be 'outpatient',"),
        ({"setting": ""}, "Line 3 of gold.csv leaves setting open; fill it in the case's first row."),
        ({"text": ""}, "documents: "),
        ({"code": "zqxcanary"}, "Line 3 of gold.csv is not valid: code is not written like a code of icd10cm."),
        ({"system": ""}, "Line 3 of gold.csv names a code without its system; write icd10cm, hcpcs or cpt."),
        ({"system": "icd10pcs"}, "Line 3 of gold.csv is not valid: system: "),
        ({"evidence_start": 5}, "Line 3 of gold.csv is not valid: evidence_start and evidence_end are no words"),
        ({"evidence_start": 5, "evidence_end": 999}, "evidence_start and evidence_end are no words"),
        ({"text": "", "text_file": "../secret.txt"}, "names a text_file that is not beside it"),
        ({"text_file": "a.txt"}, "Line 3 of gold.csv has a text and a text_file; keep one."),
        ({"discharge_date": "2026-11-01"}, "discharge_date lies before date_of_service"),
        ({"document_id": "d" * 201}, "Line 3 of gold.csv is not valid: document_id: "),
        ({"text": "", "text_file": "n" * 999}, "names a text_file that is not beside it"),
        ({"case_id": ""}, "Line 3 of gold.csv is not valid: case_id: "),
    ],
)
def test_a_row_that_does_not_fit_is_named_by_line_and_column(
    change: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    """Its case is refused without its content; the others are taken."""
    found = _read(tmp_path, GOUT_ROW | {"case_id": "sound"}, GOUT_ROW | change)
    assert [e.case_id for e in found.encounters] == ["sound"]
    assert fault in found.refused[0].why
    assert "zqxcanary" not in found.model_dump_json()


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ({"setting": "ed"}, "Line 3 of gold.csv gives its case another setting than a line above; keep one."),
        ({"text": "Other."}, "Line 3 of gold.csv gives a document another text than a line above; use document_id."),
        ({"sequence": 2}, "Line 2 of gold.csv begins a case numbered in part; give each code a sequence."),
    ],
)
def test_rows_that_disagree_are_refused(second: dict[str, Any], fault: str, tmp_path: Path) -> None:
    """Which one was meant cannot be known."""
    with pytest.raises(InputError) as refused:
        _read(tmp_path, GOUT_ROW, DIABETES_ROW | second)
    assert str(refused.value) == fault


def test_a_code_with_two_places_is_refused(tmp_path: Path) -> None:
    """It can be first or second, not both."""
    with pytest.raises(InputError, match=r"Line 3 of gold\.csv gives its case a code a second time"):
        _read(tmp_path, GOUT_ROW | {"sequence": 1}, GOUT_ROW | {"sequence": 2})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("case_id,code\n", "gold.csv has no column setting, date_of_service, system, text or text_file;"),
        ("", "gold.csv has no column case_id"),
        ("case_id,setting,date_of_service,system,code,text,text\n", "gold.csv has two columns of one name"),
        (
            "case_id,setting,date_of_service,system,code,text\nc1,ed,2026-11-02,icd10cm,M10.9,Gout, left\n",
            "Line 2 of gold.csv has more cells than columns",
        ),
        ('case_id,setting,date_of_service,system,code,text\nc1,ed,2026-11-02,icd10cm,M10.9,"Gout', "is damaged"),
    ],
)
def test_a_table_that_is_none_is_refused(text: str, fault: str, tmp_path: Path) -> None:
    """With what is missing."""
    (tmp_path / "gold.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_csv(tmp_path / "gold.csv", GoldOptions())
    assert fault in str(refused.value)
