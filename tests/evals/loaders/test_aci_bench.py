"""Visit notes without codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.loaders.aci_bench import read_aci_bench
from evals.loaders.gold_set import NOTHING, GoldOptions
from medcoding.encounter import Setting
from medcoding.errors import InputError
from tests.evals.loaders.invented import DAY


def test_notes_become_encounters_without_gold(tmp_path: Path) -> None:
    """The set says so, and which facts were assumed."""
    rows = [{"id": f"train:D{n}", "dataset": "aci", "note": f"Gout {n}."} for n in (1, 2)]
    (tmp_path / "notes.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = read_aci_bench(tmp_path / "notes.jsonl", GoldOptions(setting=Setting.ED))
    assert (found.has_gold, found.scope, found.assumed) == (False, NOTHING, ("setting", "date_of_service"))
    assert [(e.case_id, e.setting, e.date_of_service, e.codes) for e in found.encounters] == [
        ("train:D1", Setting.ED, DAY, ()),
        ("train:D2", Setting.ED, DAY, ()),
    ]


def test_the_published_table_is_read_too(tmp_path: Path) -> None:
    """Notes span lines there; a row without one is refused by its number."""
    text = 'dataset,encounter_id,dialogue,note\naci,D1,"[doctor] hi","CC\n\nGout, left foot."\naci,D2,hello,\n'
    (tmp_path / "train.csv").write_text(text, encoding="utf-8")
    found = read_aci_bench(tmp_path / "train.csv", GoldOptions())
    assert found.encounters[0].documents[0].text == "CC\n\nGout, left foot."
    assert [r.case_id for r in found.refused] == ["row 2"]


def test_a_line_without_a_note_is_refused(tmp_path: Path) -> None:
    """And named by its number."""
    (tmp_path / "notes.jsonl").write_text('{"id": "D1"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="note: Field required"):
        read_aci_bench(tmp_path / "notes.jsonl", GoldOptions())


def test_the_published_notes(shared_data: Path) -> None:
    """67 of training and 20 of validation."""
    found = read_aci_bench(shared_data / "notes" / "aci_bench_train_valid.jsonl", GoldOptions())
    assert (len(found.encounters), found.refused, found.has_gold) == (87, (), False)
