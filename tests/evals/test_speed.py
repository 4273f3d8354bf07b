"""The contract and speed measurement over notes that nobody here wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chartwright.cli import _exit_code
from evals.speed import SpeedReport, measure, note_encounters
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from tests.flow.notes import encounter

NOTES = ("Assessment: Hypertension.", "Denies cough.", "Assessment:\n1. UTI\n2. GERD")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A file of bare notes and one encounter."""
    lines = [json.dumps({"note": note}) for note in NOTES]
    lines.append(encounter("Assessment: Gout.", case_id="whole", setting="inpatient").model_dump_json())
    path = tmp_path / "notes.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_bare_notes_become_outpatient_visits(notes: Path) -> None:
    """Numbered by line; whole encounters stay as they are."""
    read = note_encounters(notes, 10)
    assert [e.case_id for e in read] == ["1", "2", "3", "whole"]
    assert [e.setting.value for e in read] == ["outpatient"] * 3 + ["inpatient"]
    assert [e.documents[0].text for e in read[:3]] == list(NOTES)


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_no_more_notes_are_read_than_asked_for(limit: int, notes: Path) -> None:
    """A large file costs what is used of it."""
    assert len(note_encounters(notes, limit)) == limit


@pytest.mark.parametrize("line", ['{"case": "zqxcanary"}', '{"zqxcanary'])
def test_a_line_that_is_no_encounter_is_named(line: str, tmp_path: Path) -> None:
    """By number, without its text."""
    path = tmp_path / "notes.jsonl"
    path.write_text(f'{{"note": "Gout."}}\n{line}\n', encoding="utf-8")
    with pytest.raises(InputError, match="Line 2 is not valid") as refused:
        note_encounters(path, 5)
    assert "zqxcanary" not in str(refused.value)


@pytest.fixture(scope="module")
def report(index_dir: Path) -> SpeedReport:
    """What a run over three notes reports."""
    return measure([encounter(note, case_id=str(n)) for n, note in enumerate(NOTES)], index_dir)


def test_the_contract_is_counted(report: SpeedReport) -> None:
    """Three notes, three codes, no crash, every quote verbatim, every code in the book."""
    assert (report.notes, report.crashes, report.codes, report.codes_per_note) == (3, 0, 3, 1.0)
    assert (report.spans_verbatim, report.codes_outside_codebook) == (1.0, 0)
    assert report.evidence_spans >= 4


def test_times_are_in_order(report: SpeedReport) -> None:
    """Half are faster than the median, none slower than the slowest."""
    assert 0 < report.p50_ms <= report.p95_ms <= report.max_ms
    assert report.start_s > 0
    assert report.peak_memory_mb > 0


def test_one_note_has_a_median_too(index_dir: Path) -> None:
    """Quantiles of a single time are that time."""
    one: list[Encounter] = [encounter(NOTES[0])]
    measured = measure(one, index_dir)
    assert measured.p50_ms == measured.p95_ms == measured.max_ms


def test_the_command_prints_the_report(notes: Path, index_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON on standard output."""
    assert _exit_code(["eval", "speed", str(notes), "--limit", "1", "--index-dir", str(index_dir)]) == 0
    assert SpeedReport.model_validate_json(capsys.readouterr().out).notes == 1


def test_a_missing_file_is_refused_in_one_sentence(
    tmp_path: Path, index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for every command: exit code 2 and the path."""
    assert _exit_code(["eval", "speed", str(tmp_path / "none.jsonl"), "--index-dir", str(index_dir)]) == 2
    assert "none.jsonl cannot be read" in capsys.readouterr().err
