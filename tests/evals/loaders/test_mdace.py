"""MDACE charts with the user's own notes; every text here is invented."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest

from evals.loaders.gold_set import GoldOptions, GoldScope, GoldSet
from evals.loaders.mdace import read_mdace
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting
from medcoding.errors import InputError
from tests.evals.loaders.invented import GOUT

HEADING: Final = ("ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CATEGORY", "TEXT")
SECOND: Final = 'Radiology: "tophi", foot.\n\nGout again.'


def _span(text: str, words: str, code: str, **changes: Any) -> dict[str, Any]:
    begin = text.index(words)
    return {"begin": begin, "end": begin + len(words), "code": code, "code_system": "ICD-10-CM"} | changes


def _chart(*notes: tuple[int, list[dict[str, Any]]], hadm_id: int = 7) -> dict[str, Any]:
    listed = [{"note_id": n, "category": "Discharge summary", "annotations": spans} for n, spans in notes]
    return {"hadm_id": hadm_id, "comment": "", "notes": listed}


FIRST_NOTE: Final = (11, [_span(GOUT, "gout", "M10.9"), _span(GOUT, "Type 2 diabetes", "E11.9")])
SECOND_NOTE: Final = (
    12,
    [_span(SECOND, "Gout again", "M10.9"), _span(SECOND, "foot", "3E0", code_system="ICD-10-PCS")],
)


def _notes(folder: Path, texts: dict[int, str], *, zipped: bool = False) -> Path:
    path = folder / ("NOTEEVENTS.csv.gz" if zipped else "NOTEEVENTS.csv")
    with gzip.open(path, "wt", newline="") if zipped else path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(HEADING)
        writer.writerows((number, 1, 7, "2150-01-01", "Radiology", text) for number, text in texts.items())
    return path


def _read(folder: Path, *charts: dict[str, Any], texts: dict[int, str] | None = None, zipped: bool = False) -> GoldSet:
    home = folder / "Inpatient" / "1.0"
    home.mkdir(parents=True, exist_ok=True)
    for chart in charts:
        (home / f"{chart['hadm_id']}-ICD-10.json").write_text(json.dumps(chart), encoding="utf-8")
    given = {10: "zqxcanary", 11: GOUT, 12: SECOND} if texts is None else texts
    return read_mdace(home, GoldOptions(notes=_notes(folder, given, zipped=zipped)))


@pytest.mark.parametrize("zipped", [False, True])
def test_spans_become_codes_with_evidence(zipped: bool, tmp_path: Path) -> None:
    """One encounter a chart, a code once with its quotes of every note; only wanted notes are kept."""
    found = _read(tmp_path, _chart(FIRST_NOTE, SECOND_NOTE), zipped=zipped)
    (chart,) = found.encounters
    assert (chart.case_id, chart.setting) == ("7", Setting.INPATIENT)
    assert [(d.document_id, d.type, d.text) for d in chart.documents] == [
        ("11", "Discharge summary", GOUT),
        ("12", "Discharge summary", SECOND),
    ]
    assert [(c.code, c.role, [(q.document_id, q.text) for q in c.evidence]) for c in chart.codes] == [
        ("M10.9", CodeRole.PRINCIPAL, [("11", "gout"), ("12", "Gout again")]),
        ("E11.9", CodeRole.SECONDARY, [("11", "Type 2 diabetes")]),
    ]
    assert (found.scope, found.assumed) == (GoldScope(order=False, poa=False), ("setting", "date_of_service"))
    assert [(left.reason, left.count) for left in found.left_out] == [("annotations with codes of ICD-10-PCS", 1)]


def test_professional_fees_are_coded_as_outpatient_services(tmp_path: Path) -> None:
    """The folder says which; CPT codes of the annotations keep their system."""
    home = tmp_path / "Profee" / "ICD-10"
    home.mkdir(parents=True)
    chart = _chart((11, [_span(GOUT, "gout", "M10.9"), _span(GOUT, "foot", "9ZZZ1", code_system="CPT")]))
    (home / "7.json").write_text(json.dumps(chart), encoding="utf-8")
    (found,) = read_mdace(home, GoldOptions(notes=_notes(tmp_path, {11: GOUT}))).encounters
    assert found.setting is Setting.OUTPATIENT
    assert [(c.system, c.role) for c in found.codes] == [
        (CodeSystem.ICD10CM, CodeRole.FIRST_LISTED),
        (CodeSystem.CPT, CodeRole.SECONDARY),
    ]


def test_texts_that_were_put_into_the_files_are_used(tmp_path: Path) -> None:
    """Then no table is needed."""
    chart = _chart((11, [_span(GOUT, "gout", "M10.9", covered_text="gout")]))
    chart["notes"][0]["text"] = GOUT
    (tmp_path / "7.json").write_text(json.dumps(chart), encoding="utf-8")
    assert read_mdace(tmp_path / "7.json", GoldOptions()).encounters[0].codes[0].evidence[0].text == "gout"


@pytest.mark.parametrize(
    ("span", "fault"),
    [
        (_span(GOUT, "gout", "M10.9", covered_text="zqxcanary"), "Note 12 has other words at its spans"),
        (_span(GOUT, "gout", "M10.9", end=9_999), "Note 12 has a span beyond its text"),
        (_span(GOUT, "gout", "M10.9", begin=-4), "Note 12 has a span beyond its text"),
        (_span(GOUT, "gout", "M10.9", begin=30), "Note 12 has a span beyond its text"),
    ],
)
def test_a_note_that_is_not_the_annotated_one_is_refused(span: dict[str, Any], fault: str, tmp_path: Path) -> None:
    """By its id alone, with its annotations; the chart is made of the others."""
    found = _read(tmp_path, _chart(FIRST_NOTE, (12, [span])))
    assert [d.document_id for d in found.encounters[0].documents] == ["11"]
    assert [r.case_id for r in found.refused] == ["7/12"]
    assert fault in found.refused[0].why
    assert "zqxcanary" not in found.model_dump_json()


def test_a_note_that_is_not_in_the_table_is_refused(tmp_path: Path) -> None:
    """An excerpt of the table does not make half a gold silently."""
    found = _read(tmp_path, _chart(FIRST_NOTE, SECOND_NOTE), texts={11: GOUT})
    assert [r.why for r in found.refused] == ["Note 12 is not in the table of note events; name the whole table."]


def test_rows_that_are_no_notes_are_passed_over(tmp_path: Path) -> None:
    """A row cut short, or without a number."""
    (tmp_path / "7.json").write_text(json.dumps(_chart(FIRST_NOTE)), encoding="utf-8")
    table = tmp_path / "NOTEEVENTS.csv"
    table.write_text(f'TEXT,row_id\n11\nwords,eleven\n"{GOUT}",11\n', encoding="utf-8")
    assert read_mdace(tmp_path / "7.json", GoldOptions(notes=table)).encounters[0].documents[0].text == GOUT


def test_an_empty_span_supports_nothing(tmp_path: Path) -> None:
    """The code stays."""
    found = _read(tmp_path, _chart((11, [_span(GOUT, "gout", "M10.9", begin=5, end=5)])))
    assert [(c.code, c.evidence) for c in found.encounters[0].codes] == [("M10.9", ())]


@pytest.mark.parametrize(
    ("chart", "fault"),
    [
        (_chart((11, [_span(GOUT, "gout", "gout??")])), "is not written like a code of icd10cm"),
        (_chart(FIRST_NOTE, FIRST_NOTE), "It holds a note twice"),
        ({"hadm_id": 7, "notes": "zqxcanary"}, "7-ICD-10.json is not valid: notes: "),
    ],
)
def test_a_chart_that_does_not_fit_is_refused(chart: dict[str, Any], fault: str, tmp_path: Path) -> None:
    """And the others are taken."""
    found = _read(tmp_path, chart, _chart(FIRST_NOTE, hadm_id=8))
    assert [e.case_id for e in found.encounters] == ["8"]
    assert fault in found.refused[0].why
    assert "zqxcanary" not in found.model_dump_json()


def test_without_notes_the_mend_is_named(tmp_path: Path) -> None:
    """MDACE holds no texts."""
    (tmp_path / "7.json").write_text(json.dumps(_chart(FIRST_NOTE)), encoding="utf-8")
    with pytest.raises(InputError, match=r"MDACE holds no texts; name your own NOTEEVENTS\.csv"):
        read_mdace(tmp_path, GoldOptions())


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("NOTEEVENTS.csv", b"a,b\n1,2\n", "NOTEEVENTS.csv has no columns ROW_ID and TEXT"),
        ("NOTEEVENTS.csv.gz", b"not packed", r"NOTEEVENTS.csv.gz is damaged \(BadGzipFile\)"),
        ("NOTEEVENTS.csv.gz", gzip.compress(b"ROW_ID,TEXT\n" * 9)[:-12], r"NOTEEVENTS.csv.gz is damaged \(EOFError\)"),
        ("NOTEEVENTS.csv", b"ROW_ID,TEXT\n1,\xff\n", "NOTEEVENTS.csv is not UTF-8 text"),
        ("none.csv", None, r"none.csv cannot be read \(No such file"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(name: str, data: bytes | None, fault: str, tmp_path: Path) -> None:
    """In one sentence."""
    (tmp_path / "7.json").write_text(json.dumps(_chart(FIRST_NOTE)), encoding="utf-8")
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=fault):
        read_mdace(tmp_path / "7.json", GoldOptions(notes=tmp_path / name))
