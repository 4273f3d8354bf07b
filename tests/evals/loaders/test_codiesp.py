"""Spanish clinical cases, from lines of JSON and from the published folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from evals.loaders.codiesp import read_codiesp
from evals.loaders.gold_set import GoldOptions, GoldScope
from medcoding.codes import CodeRole
from medcoding.encounter import Setting
from medcoding.errors import InputError
from tests.evals.loaders.invented import DAY

SPANISH: Final = "Mujer con gota aguda en el pie izquierdo.\nDiabetes tipo 2."
ENGLISH: Final = "Woman with acute gout.\n"
CASE: Final[dict[str, Any]] = {
    "id": "S1",
    "split": "dev",
    "text_es": SPANISH,
    "text_en_mt": ENGLISH,
    "gold": [
        {"code": "M10.9", "status_fy2027": "", "evidence_es": [{"text": "gota izquierdo", "pos": "10 14;31 40"}]},
        {"code": "e11.9", "evidence_es": [{"text": "Diabetes tipo 2", "pos": "42 57"}]},
    ],
}  # fmt: skip
SPAIN: Final = GoldOptions(language="es")


def _lines(folder: Path, *cases: dict[str, Any]) -> Path:
    path = folder / "dev.jsonl"
    path.write_text("\n".join(map(json.dumps, cases)), encoding="utf-8")
    return path


def _corpus(folder: Path) -> Path:
    for name, text in (("text_files", SPANISH), ("text_files_en", ENGLISH)):
        (folder / name).mkdir()
        (folder / name / "S1.txt").write_text(text, encoding="utf-8", newline="")
    (folder / "devD.tsv").write_text("S1\tm10.9\nS1\te11.9\nS1\tm10.9\n", encoding="utf-8")
    (folder / "devP.tsv").write_text("S1\tbw40zzz\n", encoding="utf-8")
    (folder / "devX.tsv").write_text(
        "S1\tDIAGNOSTICO\tm10.9\tgota izquierdo\t10 14;31 40\n"
        "S1\tDIAGNOSTICO\te11.9\tDiabetes tipo 2\t42 57\n"
        "S1\tPROCEDIMIENTO\tbw40zzz\tecografía\t0 5\n",
        encoding="utf-8",
    )
    return folder


def test_the_spanish_text_has_evidence(tmp_path: Path) -> None:
    """Words that are not in a row are a quote each; codes are written in capitals."""
    found = read_codiesp(_lines(tmp_path, CASE), SPAIN)
    assert (found.name, found.scope) == ("dev.jsonl (es)", GoldScope(order=False, poa=False))
    (case,) = found.encounters
    assert (case.documents[0].text, case.setting, case.date_of_service) == (SPANISH, Setting.INPATIENT, DAY)
    assert [(c.code, c.role, [q.text for q in c.evidence]) for c in case.codes] == [
        ("M10.9", CodeRole.PRINCIPAL, ["gota", "izquierdo"]),
        ("E11.9", CodeRole.SECONDARY, ["Diabetes tipo 2"]),
    ]


def test_the_translation_has_codes_only(tmp_path: Path) -> None:
    """Evidence is unscored; setting and date are the caller's, and said to be assumed."""
    found = read_codiesp(_lines(tmp_path, CASE), GoldOptions(setting=Setting.OUTPATIENT))
    assert found.scope == GoldScope(order=False, poa=False, evidence=False)
    assert found.assumed == ("setting", "date_of_service")
    assert found.encounters[0].documents[0].text == ENGLISH
    assert [(c.code, c.evidence) for c in found.encounters[0].codes] == [("M10.9", ()), ("E11.9", ())]
    assert found.encounters[0].setting is Setting.OUTPATIENT


@pytest.mark.parametrize("language", ["es", "en"])
def test_both_forms_give_the_same_gold(language: Any, tmp_path: Path) -> None:
    """Only the procedures of the published tables are left out, and counted."""
    (tmp_path / "corpus").mkdir()
    options = GoldOptions(language=language)
    published = read_codiesp(_corpus(tmp_path / "corpus"), options)
    assert published.encounters == read_codiesp(_lines(tmp_path, CASE), options).encounters
    assert [(left.reason, left.count) for left in published.left_out] == [("evidence of procedures (ICD-10-PCS)", 1)]


def test_a_quote_may_end_the_text(tmp_path: Path) -> None:
    """And empty stretches, which the corpus has, are no part of it."""
    end = len(SPANISH)
    quote = {"text": "tipo 2.", "pos": f"{end - 7} {end};{end} {end}"}
    found = read_codiesp(_lines(tmp_path, CASE | {"gold": [{"code": "e11.9", "evidence_es": [quote]}]}), SPAIN)
    assert [q.text for q in found.encounters[0].codes[0].evidence] == ["tipo 2."]


@pytest.mark.parametrize(
    ("words", "pos"),
    [("gota", "11 15"), ("gota", "10 999"), ("", "14 10"), ("gota", "x y"), ("gota", ""), ("", "10 10")],
)
def test_a_quote_that_is_not_there_is_counted(words: str, pos: str, tmp_path: Path) -> None:
    """The code stays: it is gold without that evidence."""
    quote = {"text": words, "pos": pos}
    found = read_codiesp(_lines(tmp_path, CASE | {"gold": [{"code": "m10.9", "evidence_es": [quote]}]}), SPAIN)
    assert found.encounters[0].codes[0].evidence == ()
    assert found.left_out[0].reason == "quotes that are not the words at their place"


def test_a_case_that_does_not_fit_is_refused_by_its_id(tmp_path: Path) -> None:
    """Without its text; the others are taken."""
    other = CASE | {"id": "S2", "gold": [{"code": "not a code"}]}
    found = read_codiesp(_lines(tmp_path, CASE, other, {"id": "S3", "text_es": "zqxcanary"}), SPAIN)
    assert [e.case_id for e in found.encounters] == ["S1"]
    assert [r.case_id for r in found.refused] == ["S2", "dev.jsonl:3"]
    assert "zqxcanary" not in found.model_dump_json()


def test_a_text_that_is_missing_is_named(tmp_path: Path) -> None:
    """The corpus was not unpacked whole."""
    (_corpus(tmp_path) / "text_files" / "S1.txt").unlink()
    with pytest.raises(InputError, match="S1 has no text in text_files"):
        read_codiesp(tmp_path, SPAIN)


@pytest.mark.parametrize(("table", "text"), [("devD.tsv", "S1\n"), ("devX.tsv", "S1\tDIAGNOSTICO\tm10.9\n")])
def test_a_short_row_is_named(table: str, text: str, tmp_path: Path) -> None:
    """By its line."""
    (_corpus(tmp_path) / table).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"Line 1 of {table} has fewer than"):
        read_codiesp(tmp_path, SPAIN)


def test_two_parts_in_one_folder_are_refused(tmp_path: Path) -> None:
    """Which one was meant cannot be known."""
    (_corpus(tmp_path) / "trainD.tsv").write_text("S1\ti10\n", encoding="utf-8")
    with pytest.raises(InputError, match="does not hold one table of diagnoses"):
        read_codiesp(tmp_path, SPAIN)


def test_the_published_cases(shared_data: Path) -> None:
    """750 cases with 8,316 codes; three quotes of 10,640 are not the words at their place."""
    found = read_codiesp(shared_data / "gold" / "codiesp", SPAIN)
    assert (len(found.encounters), found.refused) == (750, ())
    assert sum(len(e.codes) for e in found.encounters) == 8_316
    assert [left.count for left in found.left_out] == [3]
