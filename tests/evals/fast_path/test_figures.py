"""The figures of the fast encoder: the same gold for every way, joined notes, ways that learn."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from evals.fast_path.accuracy import OTHERS, measure_accuracy
from evals.fast_path.baselines import Learned, by_bm25, by_regression, frequent, taken_from
from evals.fast_path.codiesp import measure_codiesp_labels
from evals.fast_path.speed import joined, words_of
from medcoding.errors import InputError
from tests.flow.notes import encounter
from tests.training.encoder.coded_notes import coded

SPANISH = {
    "I10": ("hipertensión arterial", "hipertenso conocido"),
    "M10.9": ("gota", "artritis gotosa"),
    "N39.0": ("infección urinaria", "infección del tracto urinario"),
}
LEARNED = Learned(
    notes=["gota en el pie", "gota y dolor", "hipertensión arterial", "hipertensión arterial y tos"],
    codes=[frozenset({"M10.9"}), frozenset({"M10.9"}), frozenset({"I10"}), frozenset({"I10", "R05.9"})],
)


def test_every_way_is_scored_on_the_same_gold(index_dir: Path) -> None:
    """Rules and encoder find both problems of a plain visit; specialties with few encounters are told together."""
    gold = [coded(f"c{n}", "I10", "M10.9", specialty="family medicine") for n in range(4)]
    gold.append(coded("c9", "E78.5", specialty="cardiology"))
    report = measure_accuracy(gold, index_dir, None, lambda *_: None)
    assert report.encounters == 5
    assert set(report.ways) == {"rules", "encoder"}
    for way in report.ways.values():
        assert way.micro_f1.value is not None
        assert way.micro_f1.value > 0.8
        assert set(way.f1_by_specialty) == {"family medicine", OTHERS}


def test_no_gold_is_refused(index_dir: Path) -> None:
    """A figure over nothing is no figure."""
    with pytest.raises(InputError):
        measure_accuracy([], index_dir, None, lambda *_: None)


def test_joined_encounters_have_the_words_asked_for() -> None:
    """Documents of several as those of one, each still found by an id of its own."""
    short = [encounter("Gout of the left knee. " * 40, case_id=f"c{n}") for n in range(10)]
    long = joined(short, 500)
    assert long
    for one in long:
        assert words_of(one) >= 500
        assert len({document.document_id for document in one.documents}) == len(one.documents)


def test_bm25_takes_the_codes_of_the_nearest_notes() -> None:
    """Two of four notes speak of gout; their code leads."""
    (rated,) = by_bm25(LEARNED, ["acude por gota"])
    assert max(rated, key=lambda code: rated[code]) == "M10.9"


def test_regression_rates_codes_with_two_examples() -> None:
    """A code of one note is left out; the others are rated by their words."""
    (rated,) = by_regression(LEARNED, ["hipertensión arterial"])
    assert set(rated) == {"I10", "M10.9"} == set(frequent(LEARNED.codes))
    assert rated["I10"] > rated["M10.9"]


def test_the_bound_is_the_one_that_scores_best() -> None:
    """Among the strengths that were given."""
    rated = [{"I10": 0.9, "R05.9": 0.2}]
    assert taken_from(rated, [frozenset({"I10"})], lambda bound: 1.0 if bound > 0.5 else 0.0) == 0.9


def test_labels_learn_spanish_from_quotes(tmp_path: Path, index_dir: Path) -> None:
    """Cases in another language than the dictionary's: labels code them, the English dictionary does not."""
    for part, number in (("train", 40), ("dev", 12)):
        lines = (json.dumps(_case(part, at), ensure_ascii=False) for at in range(number))
        (tmp_path / f"{part}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = measure_codiesp_labels(
        tmp_path / "train.jsonl", tmp_path / "dev.jsonl", "es", index_dir, tmp_path / "work", lambda *_: None
    )
    assert report.labels == 3
    assert report.ways["label attention"].micro_f1 > 0.8
    assert report.ways["label attention"].micro_f1 > report.ways["dictionary"].micro_f1
    assert set(report.ways) == {"dictionary", "BM25", "logistic regression", "label attention"}


def _case(part: str, at: int) -> dict[str, object]:
    """A Spanish case of two problems with their quotes."""
    codes = [list(SPANISH)[at % 3], list(SPANISH)[(at + 1) % 3]]
    words = [SPANISH[code][(at + place) % 2] for place, code in enumerate(codes)]
    day = dt.date(2020, 1, 1) + dt.timedelta(days=at)
    text = f"Paciente de {30 + at} años visto el {day}.\nPresenta {words[0]} hoy.\nTambién {words[1]}, estable.\n"
    quotes = [{"text": word, "pos": f"{text.index(word)} {text.index(word) + len(word)}"} for word in words]
    gold = [{"code": code, "evidence_es": [quote]} for code, quote in zip(codes, quotes, strict=True)]
    return {"id": f"{part}-{at}", "text_es": text, "text_en_mt": text, "gold": gold}
