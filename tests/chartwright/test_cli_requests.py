"""`chartwright requests`: export and import of offline batches, told in one sentence, refused in one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.batch_service import answered, asked, bad, first_choice, good, hasty, written
from tests.chartwright.test_cli import CANARY, Command, refused, sent

MODEL = ("--model", "coder")


@pytest.fixture
def chartwright(
    tmp_path: Path, index_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command with an installation secret, away from the machine's own settings."""
    for name in os.environ:
        if name.startswith("CHARTWRIGHT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHARTWRIGHT_SECRET", "kept until the import")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path, index_dir, capsys)


@pytest.fixture
def visits(chartwright: Command) -> str:
    """Two encounters and a line that is none."""
    notes = (f"Assessment: Gout of the left knee. {CANARY}", "Assessment:\n1. Hypertension\n2. Right knee pain")
    lines = [sent("c1", notes[0]), f'{{"case_id": "odd", "note": "{CANARY}"}}', sent("c2", notes[1])]
    return chartwright.file("visits.jsonl", "".join(f"{line}\n" for line in lines))


def test_a_batch_goes_out_and_comes_back(chartwright: Command, visits: str) -> None:
    """Export, two rounds of answers, import: results in order, each run told in one line, and no note text told."""
    run = chartwright("requests", "export", visits, "requests.jsonl", *MODEL)
    assert (run.code, run.out) == (0, ""), run.err
    count = len(asked(chartwright.folder / "requests.jsonl"))
    assert f"{count} questions written to requests.jsonl; of the encounters 1 cannot be coded" in run.err
    written(chartwright.folder / "a.jsonl", answered(chartwright.folder / "requests.jsonl", hasty))
    files = ["a.jsonl"]
    run = chartwright("requests", "import", visits, *files, "out.jsonl", "--next", "next.jsonl", *MODEL)
    assert run.code == 0, run.err
    assert "2 coded, 1 failed; results in out.jsonl" in run.err
    assert f"questions: {count} answered, {count} open (in next.jsonl)" in run.err
    written(chartwright.folder / "b.jsonl", answered(chartwright.folder / "next.jsonl", hasty))
    run = chartwright("requests", "import", visits, "b.jsonl", *files, "out.jsonl", "--next", "next.jsonl", *MODEL)
    assert f"questions: {2 * count} answered, 0 open\n" in run.err
    assert (chartwright.folder / "next.jsonl").read_bytes() == b""
    results = [json.loads(line) for line in (chartwright.folder / "out.jsonl").read_text("utf-8").splitlines()]
    assert [line["case_id"] for line in results] == ["c1", "odd", "c2"]
    assert [code["source"] for code in results[0]["codes"]] == ["llm"]
    assert results[0]["stamp"]["model"] == "coder"
    assert CANARY not in run.err


def test_what_was_odd_about_the_answers_is_counted(chartwright: Command, visits: str) -> None:
    """Errors, broken, doubled and foreign lines, in the closing sentence."""
    chartwright("requests", "export", visits, "requests.jsonl", *MODEL)
    rows = answered(chartwright.folder / "requests.jsonl", first_choice)
    refused_id = asked(chartwright.folder / "requests.jsonl")[0]["custom_id"]
    rows = [bad(refused_id, 413), *rows[1:], rows[1], good("chartwright-unknown", "{}"), CANARY, "{"]
    written(chartwright.folder / "a.jsonl", rows)
    run = chartwright("requests", "import", visits, "a.jsonl", "out.jsonl", *MODEL)
    assert run.code == 0
    assert "; answers: 1 with an error, 2 broken, 1 doubled, 1 to other questions\n" in run.err
    assert CANARY not in run.err


def test_answers_of_another_secret_are_named_as_such(
    chartwright: Command, visits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None fits: the marks around the notes are others now."""
    chartwright("requests", "export", visits, "requests.jsonl", *MODEL)
    written(chartwright.folder / "a.jsonl", answered(chartwright.folder / "requests.jsonl"))
    monkeypatch.setenv("CHARTWRIGHT_SECRET", "another")
    run = chartwright("requests", "import", visits, "a.jsonl", "out.jsonl", *MODEL)
    assert run.code == 0
    assert "No answer fits a question; import with the secret" in run.err


@pytest.mark.parametrize("command", [("export", "r.jsonl"), ("import", "a.jsonl", "out.jsonl")])
def test_without_a_secret_nothing_is_asked(
    command: tuple[str, ...], chartwright: Command, visits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret made for one process marks notes that no other process can ask about."""
    chartwright.file("a.jsonl", "")
    for secret in ("", None):
        if secret is None:
            monkeypatch.delenv("CHARTWRIGHT_SECRET")
        else:
            monkeypatch.setenv("CHARTWRIGHT_SECRET", secret)
        run = chartwright("requests", command[0], visits, *command[1:], *MODEL)
        refused(run, 2, "set CHARTWRIGHT_SECRET")
    assert not (chartwright.folder / command[-1]).exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("export", "visits.jsonl", "r.jsonl"), "give --model"),
        (("export", "none.jsonl", "r.jsonl", *MODEL), "none.jsonl cannot be read"),
        (("export", "visits.jsonl", "visits.jsonl", *MODEL), "visits.jsonl would be overwritten"),
        (("export", "visits.jsonl", "note.txt", *MODEL), "note.txt exists and holds something else"),
        (("import", "visits.jsonl", "out.jsonl", *MODEL), "after them, the file that the results go to"),
        (("import", "visits.jsonl", "a.jsonl", "b.jsonl", *MODEL), "b.jsonl exists and holds something else"),
        (("import", "visits.jsonl", "a.jsonl", "a.jsonl", *MODEL), "a.jsonl would be overwritten"),
        (("import", "visits.jsonl", "a.jsonl", "o.jsonl", "--next", "a.jsonl", *MODEL), "a.jsonl would be overwritten"),
        (("import", "visits.jsonl", "none.jsonl", "o.jsonl", *MODEL), "none.jsonl cannot be read"),
        (("import", "visits.jsonl", "a.jsonl", "nowhere/o.jsonl", *MODEL), "cannot be written"),
    ],
)
def test_mixed_up_arguments_cost_no_file(
    command: tuple[str, ...], words: str, chartwright: Command, visits: str
) -> None:
    """Each refusal is one sentence, and every file is as it was."""
    for name in ("a.jsonl", "b.jsonl"):
        chartwright.file(name, good("chartwright-unknown", "{}"))
    chartwright.file("note.txt", CANARY)
    before = {path.name: path.read_bytes() for path in chartwright.folder.iterdir()}
    run = chartwright("requests", *command)
    assert run.err.splitlines()[-1].startswith("chartwright: ")
    assert words in run.err
    assert (run.code, run.out) == (2, "")
    assert {path.name: path.read_bytes() for path in chartwright.folder.iterdir()} == before
