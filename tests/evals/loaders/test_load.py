"""The one way in: forms told from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from evals.loaders.gold_set import GoldForm, GoldOptions
from evals.loaders.load import READERS, load_gold
from evals.mutations import mutations
from medcoding.errors import InputError
from tests.evals.loaders.invented import GOUT, bundle, claim, coded, line

CHART: Final = {
    "hadm_id": 7,
    "notes": [{"note_id": 1, "text": GOUT, "annotations": [{"begin": 0, "end": 10, "code": "M10.9",
                                                            "code_system": "ICD-10-CM"}]}],
}  # fmt: skip
SPANISH: Final = {"id": "s1", "text_es": "Gota.", "text_en_mt": "Gout.", "gold": [{"code": "m10.9"}]}
CSV: Final = "case_id,setting,date_of_service,text,system,code\nc1,ed,2026-11-02,Gout.,icd10cm,M10.9\n"
FILES: Final = {
    "visits.jsonl": (coded(line("M10.9")).model_dump_json(), GoldForm.JSONL),
    "bundles.ndjson": (json.dumps(bundle(claim("M10.9"))), GoldForm.FHIR),
    "bundle.json": (json.dumps(bundle(claim("M10.9")), indent=1), GoldForm.FHIR),
    "7-ICD-10.json": (json.dumps(CHART), GoldForm.MDACE),
    "dev.jsonl": (json.dumps(SPANISH), GoldForm.CODIESP),
    "notes.jsonl": (json.dumps({"id": "n1", "dataset": "aci", "note": GOUT}), GoldForm.ACI_BENCH),
    "train.csv": ("dataset,encounter_id,dialogue,note\naci,D1,hello,Gout.\n", GoldForm.ACI_BENCH),
    "codes.csv": (CSV, GoldForm.CSV),
}


@pytest.mark.parametrize("name", FILES)
def test_the_form_is_told_from_the_file(name: str, tmp_path: Path) -> None:
    """Each form has a name or a key that no other has."""
    text, form = FILES[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = load_gold(tmp_path / name)
    assert (found.form, len(found.encounters)) == (form, 1)
    assert found.has_gold is (form is not GoldForm.ACI_BENCH)


def test_a_folder_is_told_from_its_files(tmp_path: Path) -> None:
    """By the first one that can be gold."""
    (tmp_path / "README").write_text("about", encoding="utf-8")
    (tmp_path / "7-ICD-10.json").write_text(json.dumps(CHART), encoding="utf-8")
    assert load_gold(tmp_path).form is GoldForm.MDACE


def test_the_form_that_was_asked_for_wins(tmp_path: Path) -> None:
    """A file that was named oddly can still be read."""
    (tmp_path / "export.txt").write_text(CSV, encoding="utf-8")
    assert load_gold(tmp_path / "export.txt", GoldForm.CSV).encounters[0].codes[0].code == "M10.9"


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("none.jsonl", None, "none.jsonl does not exist"),
        ("note.txt", "Gout.", "The form of note.txt cannot be told; name one of jsonl, csv, fhir"),
        ("empty.jsonl", "", "The form of empty.jsonl cannot be told"),
    ],
)
def test_what_cannot_be_told_is_refused(name: str, text: str | None, fault: str, tmp_path: Path) -> None:
    """With the forms that there are."""
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=fault):
        load_gold(tmp_path / name)


def test_every_form_has_a_reader() -> None:
    """And no reader is for another form."""
    assert set(READERS) == set(GoldForm)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_in_part_or_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    """Cut, doubled, flipped, recoded: no other error ever comes of it."""
    text, form = FILES[name]
    sentences = []
    for damage in mutations(text.encode(), 150):
        (tmp_path / name).write_bytes(damage.data)
        try:
            sentences += [refused.why for refused in load_gold(tmp_path / name, form).refused]
        except InputError as refusal:
            sentences.append(str(refusal))
    assert len(sentences) > 50
    assert [sentence for sentence in sentences if not sentence.endswith(".") or len(sentence) > 400] == []


@pytest.mark.parametrize("form", GoldForm)
@pytest.mark.parametrize("data", [b"", b"zqxcanary", b"\xff\xfe\x00zqxcanary", b'{"a":' * 9_000, b"[1]\n{}\nnull\n"])
def test_rubbish_is_one_sentence_in_every_form(form: GoldForm, data: bytes, tmp_path: Path) -> None:
    """Never a traceback, never the content."""
    (tmp_path / "file.json").write_bytes(data)
    with pytest.raises(InputError) as refused:
        load_gold(tmp_path / "file.json", form, GoldOptions(notes=tmp_path / "file.json"))
    assert "zqxcanary" not in str(refused.value)
    assert str(refused.value).endswith(".")
