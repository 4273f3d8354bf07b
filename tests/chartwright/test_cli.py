"""The command: answers on standard output, one sentence on standard error, documented exit codes."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chartwright.cli import _exit_code, main
from medcoding.codebook import Codebook
from medcoding.result import CodingResult
from tests.agent.exchange.bundles import bundle
from tests.books import index_with_books
from tests.model_server import completion, serving

CANARY = "zqxcanary"
NOTE = f"HPI: Denies chest pain. {CANARY}\nAssessment:\n1. Hypertension\n2. Right knee pain\n"
VISIT = ("--setting", "outpatient", "--dos", "2026-11-02")


class Run(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


class Command:
    """Runs `chartwright` in this process, on the small index, in a folder of its own."""

    def __init__(self, folder: Path, index_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.index_dir = index_dir
        self._capsys = capsys

    def __call__(self, *arguments: str, index_dir: Path | None = None) -> Run:
        """Run with the index named."""
        return self.bare(*arguments, "--index-dir", str(index_dir or self.index_dir))

    def bare(self, *arguments: str) -> Run:
        """Run with exactly these arguments."""
        self._capsys.readouterr()
        code = _exit_code(list(arguments))
        out, err = self._capsys.readouterr()
        return Run(code, out, err)

    def file(self, name: str, content: bytes | str) -> str:
        """A file in the folder."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


@pytest.fixture
def chartwright(
    tmp_path: Path, index_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command, away from the machine's own settings."""
    for name in os.environ:
        if name.startswith("CHARTWRIGHT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path, index_dir, capsys)


def sent(case_id: str, text: str = NOTE, **changes: Any) -> str:
    """A JSON encounter."""
    document = {"document_id": "d1", "text": text}
    visit = {"case_id": case_id, "setting": "outpatient", "date_of_service": "2026-11-02", "documents": [document]}
    return json.dumps(visit | changes)


def refused(run: Run, code: int, *words: str) -> None:
    """Exit code, one sentence on standard error that names the mend, nothing on standard output, no note text."""
    assert run.code == code, run.err
    assert not run.out
    assert run.err.startswith("chartwright: ")
    assert run.err.endswith(".\n")
    assert run.err.count("\n") == 1
    assert "Traceback" not in run.err
    assert CANARY not in run.err
    for word in words:
        assert word in run.err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.txt", "", "empty.txt holds no text"),
        ("blank.txt", " \n\t\n", "blank.txt holds no text"),
        ("scan.pdf", b"%PDF-1.7" + bytes(range(256)), "scan.pdf is not UTF-8 text"),
        ("zip.docx", b"PK\x03\x04" + b"\x00\x01" * 99, "zip.docx looks like a binary file"),
        ("long.txt", f"{CANARY} gout " * 340_000, "the limit is 5,000,000; split the encounter or raise"),
        ("wide.txt", f"{CANARY} gout " * 80_000, "characters of text and the limit is 1,000,000"),
        ("bad.json", f'{{"case_id": "{CANARY}", ', "bad.json is not valid JSON (line 1, column"),
        ("odd.json", f'{{"note": "{CANARY}"}}', "odd.json is not valid: case_id: Field required"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(
    name: str, content: bytes | str, words: str, chartwright: Command
) -> None:
    """Empty, binary, too long, not JSON, not an encounter: the caller's to mend, exit code 2."""
    refused(chartwright("code", chartwright.file(name, content), *VISIT), 2, words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("code", "none.txt", *VISIT), "none.txt cannot be read (No such file or directory); check the path"),
        (("code", ".", *VISIT), "cannot be read (Is a directory)"),
        (("code", "note.txt"), "add --setting and --dos"),
        (("code", "note.txt", "--setting", "ward", "--dos", "2026-11-02"), "'ward' is not one of"),
        (("code", "note.txt", "--setting", "ed", "--dos", "2026-02-31"), "'2026-02-31'"),
        (("code", "note.txt", "--setting", "ed", "--dos", "02.11.2026"), "'02.11.2026' does not match"),
        (("code", "note.txt", *VISIT, "--age", "200"), "equal to 130. See 'chartwright --help'"),
        (("code", "note.txt", *VISIT, "--sex", "X"), "--sex"),
        (("code", "note.txt", *VISIT, "--colour", "red"), "--colour"),
        (("code",), "Missing argument 'FILE...'"),
        (("why", "hypertension", "note.txt", *VISIT), "not written like a code"),
        (("why", "I10", "none.txt", *VISIT), "none.txt cannot be read"),
        (("lookup", "Q99.99"), "Q99.99 does not exist in FY2027; the nearest entry is Q99.9"),
        (("lookup", "ZZZ"), "ZZZ does not exist"),
        (("lookup", "hypertension"), "not written like a code"),
        (("lookup", "M72.2", "--dos", "2026-13-01"), "--dos"),
        (
            ("lookup", "S23.420A"),
            "S23.420A ended with FY2026 and does not exist in FY2027; the nearest entry is S23.42",
        ),
        (("lookup", "M67.A02", "--edition", "FY2026"), "it begins with FY2027 on 2026-10-01"),
        (("lookup", "I10", "--edition", "FY1999"), "name one of FY2026, FY2027"),
        (("lookup", "I10", "--system", "snomed"), "'snomed' is not one of"),
        (("lookup", "D2740", "--system", "hcpcs"), "American Dental Association"),
        (("lookup", "I10", "--system", "hcpcs"), "not written like a code of hcpcs"),
        (("browse", "S82.9999"), "S82.9999 does not exist in FY2027; the nearest entry is S82.9"),
        (("browse", "qwerty"), "try 'chartwright search'"),
        (("browse", "I10", "--depth", "10"), "--depth"),
        (("batch", "none.jsonl", "out.jsonl"), "none.jsonl cannot be read"),
        (("batch", "note.txt", "note.txt"), "overwrite its own input"),
        (("code", "note.txt", *VISIT, "--html", "nowhere/page.html"), "page.html cannot be written"),
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(
    arguments: Sequence[str], words: str, chartwright: Command
) -> None:
    """What is wrong and what would be right, exit code 2."""
    chartwright.file("note.txt", NOTE)
    refused(chartwright(*arguments), 2, words)


def test_an_unknown_command_is_refused(chartwright: Command) -> None:
    """With the way to the help."""
    refused(chartwright.bare("frobnicate"), 2, "No such command 'frobnicate'", "chartwright --help")


def test_a_missing_index_says_how_to_build_it(chartwright: Command) -> None:
    """A dependency, exit code 3."""
    note = chartwright.file("note.txt", NOTE)
    for arguments in (("code", note, *VISIT), ("lookup", "I10"), ("search", "gout")):
        refused(chartwright(*arguments, index_dir=chartwright.folder / "none"), 3, "run 'chartwright index build'")


def test_a_damaged_index_is_an_integrity_failure(chartwright: Command) -> None:
    """Exit code 4, with the part that is damaged."""
    root, whole = chartwright.folder / "index", (chartwright.index_dir / "current").resolve()
    shutil.copytree(whole / "codebook", root / "current" / "codebook")
    shutil.copy(whole / "manifest.json", root / "current")
    note = chartwright.file("note.txt", NOTE)
    refused(chartwright("code", note, *VISIT, index_dir=root), 4, "is damaged or missing", "chartwright index build")
    (root / "current" / "manifest.json").write_text("{", encoding="utf-8")
    refused(chartwright("code", note, *VISIT, index_dir=root), 4, "manifest is damaged")


@pytest.mark.parametrize("address", ["not-an-address", "ftp://127.0.0.1/v1", "http://", "127.0.0.1:8000"])
def test_a_malformed_model_address_is_the_operators_to_mend(
    address: str, chartwright: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the setting, exit code 2, even where a fallback is allowed."""
    monkeypatch.setenv("CHARTWRIGHT_LLM__BASE_URL", address)
    refused(chartwright("code", chartwright.file("n.txt", NOTE), *VISIT), 2, "CHARTWRIGHT_LLM__BASE_URL")


@pytest.mark.parametrize(
    ("name", "value"), [("CHARTWRIGHT_LLM__TIMEOUT_S", "soon"), ("CHARTWRIGHT_LIMITS__MAX_BYTES", "many")]
)
def test_a_wrong_setting_is_named(name: str, value: str, chartwright: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2."""
    monkeypatch.setenv(name, value)
    refused(chartwright("code", chartwright.file("n.txt", NOTE), *VISIT), 2, f"The setting {name} is wrong")


def unreachable(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """A model server that nobody runs."""
    monkeypatch.setenv("CHARTWRIGHT_LLM__BASE_URL", f"http://127.0.0.1:{port}/v1")
    monkeypatch.setenv("CHARTWRIGHT_LLM__ATTEMPTS", "1")
    monkeypatch.setenv("CHARTWRIGHT_LLM__BACKOFF_S", "0")


def test_an_unreachable_model_is_stood_in_for(
    chartwright: Command, monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    """Exit code 0; every code, the encoder's and the rules', says that it stands in for the model."""
    unreachable(monkeypatch, dead_port)
    run = chartwright("code", chartwright.file("n.txt", NOTE), *VISIT, "--json")
    assert run.code == 0
    for line in CodingResult.model_validate_json(run.out).codes:
        assert line.source in {"encoder", "rules"}
        assert "stands in for the language model, which did not answer" in line.confidence_reasons


def test_without_a_fallback_an_unreachable_model_is_an_error(
    chartwright: Command, monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    """Exit code 3."""
    unreachable(monkeypatch, dead_port)
    refused(chartwright("code", chartwright.file("n.txt", NOTE), *VISIT, "--no-fallback"), 3, "model server")


def test_a_model_server_is_used(chartwright: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its choice is the answer, and the stamp names it."""
    answer = completion('{"evidence":[1],"reason":"it fits","missing":null,"choice":"1"}')
    with serving(answer, models=("coder-7b",)) as server:
        monkeypatch.setenv("CHARTWRIGHT_LLM__BASE_URL", server.url)
        run = chartwright("code", chartwright.file("n.txt", NOTE), *VISIT, "--json", "--model", "coder-7b")
    result = CodingResult.model_validate_json(run.out)
    assert [(line.code, line.source.value) for line in result.codes] == [("I10", "llm"), ("M25.561", "llm")]
    assert result.stamp.model == "coder-7b"


CHOICE = completion('{"evidence":[1],"reason":"it fits","missing":null,"choice":"1"}')
SUMMARY = completion('{"summary":"The provider documents “Hypertension”.","quotes":["q1"],"guidelines":[]}')
ANSWER = completion('{"answer":"The record does not say.","quotes":[],"guidelines":[],"says":"silent"}')
SHORT = "Assessment:\n1. Hypertension\n"


def test_explanations_follow_the_codes(chartwright: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a terminal each is a plain line below the codes, with what it cites."""
    with serving(CHOICE, SUMMARY) as server:
        monkeypatch.setenv("CHARTWRIGHT_LLM__BASE_URL", server.url)
        run = chartwright("code", chartwright.file("n.txt", SHORT), *VISIT)
    assert (run.code, run.err) == (0, "")
    codes, _, words = run.out.rpartition("╯")
    assert "Essential (primary) hypertension" in codes
    assert words.strip() == "I10 The provider documents “Hypertension”. [quote 1]"


def test_json_is_complete_at_the_end(chartwright: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, explanations and their tokens in it."""
    with serving(CHOICE, SUMMARY) as server:
        monkeypatch.setenv("CHARTWRIGHT_LLM__BASE_URL", server.url)
        run = chartwright("code", chartwright.file("n.txt", SHORT), *VISIT, "--json")
    result = CodingResult.model_validate_json(run.out)
    explanation = result.codes[0].rationale.explanation
    assert explanation
    assert (explanation.text, explanation.quotes) == ("The provider documents “Hypertension”.", (0,))
    assert result.cost.tokens_out == 14


def test_explanations_can_be_switched_off(chartwright: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the model only chooses."""
    monkeypatch.setenv("CHARTWRIGHT_LLM__EXPLAIN", "false")
    with serving(CHOICE) as server:
        monkeypatch.setenv("CHARTWRIGHT_LLM__BASE_URL", server.url)
        run = chartwright("code", chartwright.file("n.txt", SHORT), *VISIT, "--json")
    assert CodingResult.model_validate_json(run.out).codes[0].rationale.explanation is None
    assert len(server.requests) == 1


def test_a_question_in_ones_own_words(chartwright: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules' answer, and the model's words beside it."""
    note, question = chartwright.file("n.txt", SHORT), ("--question", "Since when?")
    with serving(CHOICE, ANSWER) as server:
        monkeypatch.setenv("CHARTWRIGHT_LLM__BASE_URL", server.url)
        run = chartwright("why", "I10", note, *VISIT, *question)
    assert "I10 Essential (primary) hypertension · supported" in run.out
    assert "The record does not say." in run.out
    assert "Since when?" in server.requests[-1]["messages"][1]["content"]
    refused(chartwright("why", "I10", note, *VISIT, "--question", CANARY * 60), 2, "longer than 500 characters")


PAYER_RULE = """\
payer: Lantern Health
source: Lantern policy 12
effective_from: 2026-01-01
rules:
  - {id: knee, codes: [M17], severity: advise, requirement: {not_covered: true}, says: Lantern does not pay it.}
"""


def test_payer_rules_are_checked_by_file_and_by_folder(chartwright: Command) -> None:
    """What the setting takes the command takes too; a code that no book holds is named with its rule."""
    path = chartwright.file("lantern.yaml", PAYER_RULE)
    for place in (path, str(chartwright.folder)):
        run = chartwright("payer-rules", place)
        assert (run.code, run.err) == (0, "")
        assert "Lantern Health" in run.out
    refused(chartwright("payer-rules", f"{path}.none"), 2, "correct the path")
    wrong = chartwright.file("wrong.yaml", PAYER_RULE.replace("M17", "QQQ"))
    refused(chartwright("payer-rules", wrong), 2, "rule knee of Lantern Health names QQQ, which no loaded book holds")


def test_json_is_the_contract_and_nothing_else(chartwright: Command) -> None:
    """Standard output is one result, standard error is empty."""
    run = chartwright("code", chartwright.file("visit.txt", NOTE), *VISIT, "--json", "--age", "67", "--sex", "F")
    assert (run.code, run.err) == (0, "")
    assert run.out.count("\n") == 1
    result = CodingResult.model_validate_json(run.out)
    assert [line.code for line in result.codes] == ["I10", "M25.561"]
    assert (result.case_id, result.setting, result.edition) == ("visit", "outpatient", "FY2027")


def test_several_files_are_one_result_a_line(chartwright: Command) -> None:
    """In the order in which they were named; text and JSON mix."""
    files = [chartwright.file("b.json", sent("b")), chartwright.file("a.txt", NOTE)]
    run = chartwright("code", *files, *VISIT, "--json")
    assert [CodingResult.model_validate_json(line).case_id for line in run.out.splitlines()] == ["b", "a"]


def test_standard_input_is_a_file_too(chartwright: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NOTE.encode())))
    run = chartwright("code", "-", *VISIT, "--json")
    assert CodingResult.model_validate_json(run.out).case_id == "stdin"


def test_one_bad_file_stops_before_any_answer(chartwright: Command) -> None:
    """No half of an answer on standard output."""
    refused(chartwright("code", chartwright.file("a.txt", NOTE), "none.txt", *VISIT, "--json"), 2, "none.txt")


def test_a_person_sees_codes_quotes_and_what_was_left_out(chartwright: Command) -> None:
    """With the words, the reason and who must look."""
    run = chartwright("code", chartwright.file("n.txt", NOTE), *VISIT)
    assert run.code == 0
    for words in (
        "I10",
        "M25.561",
        "first-listed",
        "“Hypertension”",
        "Deliberately not coded",
        "negated",
        "a coder must",
    ):
        assert words in run.out


def test_a_note_with_markup_is_shown_as_it_is(chartwright: Command) -> None:
    """Square brackets are the note's own, not colours of the terminal."""
    note = "Assessment:\n1. Hypertension\n2. [bold red]Zieve[/] syndrome [/nonsense]\n"
    run = chartwright("code", chartwright.file("n.txt", note), *VISIT)
    assert run.code == 0
    assert "[/nonsense]" in run.out


def test_the_page_is_written(chartwright: Command) -> None:
    """Beside the answer, as a file of its own."""
    page = chartwright.folder / "page.html"
    run = chartwright("code", chartwright.file("n.txt", NOTE), *VISIT, "--html", str(page), "--json")
    assert run.code == 0
    assert CodingResult.model_validate_json(run.out).codes
    assert "I10" in page.read_text(encoding="utf-8")


def test_fhir_comes_and_goes(chartwright: Command) -> None:
    """A Bundle is recognised by itself; the answer goes out as guidance, claim draft and provenance."""
    out = chartwright.folder / "answer.json"
    run = chartwright("code", chartwright.file("visit.json", json.dumps(bundle())), "--fhir", str(out), "--json")
    assert run.code == 0, run.err
    result = CodingResult.model_validate_json(run.out)
    assert result.case_id == "V-20261102-7"
    resources = [entry["resource"] for entry in json.loads(out.read_text(encoding="utf-8"))["entry"]]
    assert [one["resourceType"] for one in resources] == ["GuidanceResponse", "Claim", "Provenance"]
    claimed = [one["diagnosisCodeableConcept"]["coding"][0]["code"] for one in resources[1]["diagnosis"]]
    assert claimed == [line.code for line in result.codes]


def test_a_fhir_fault_is_one_sentence(chartwright: Command) -> None:
    """It names the element."""
    sent = bundle()
    del sent["entry"][0]["resource"]["period"]
    run = chartwright("code", chartwright.file("visit.json", json.dumps(sent)))
    refused(run, 2, "Bundle.entry[0].resource.period.start is missing")


@pytest.mark.parametrize(
    ("asked", "verdict", "words"),
    [
        ("I10", "supported", "the record says “Hypertension”"),
        ("R07.9", "not_coded", "Left out: negated"),
        ("J18.9", "record_silent", "The record does not say"),
        ("I10.99", "nonexistent", "I10.99 does not exist"),
    ],
)
def test_why_for_and_against(asked: str, verdict: str, words: str, chartwright: Command) -> None:
    """A verdict in every case, exit code 0."""
    run = chartwright("why", asked, chartwright.file("n.txt", NOTE), *VISIT, "--json")
    assert (run.code, run.err) == (0, "")
    answer = json.loads(run.out)
    assert answer["verdict"] == verdict
    assert words in answer["answer"]


def test_why_is_readable(chartwright: Command) -> None:
    """Code, verdict and quote for a person."""
    run = chartwright("why", "i10", chartwright.file("n.txt", NOTE), *VISIT)
    assert "I10 Essential (primary) hypertension · supported" in run.out
    assert "“Hypertension”" in run.out


@pytest.mark.parametrize(
    ("asked", "title"), [("I10", "hypertension"), ("s93401a", "Sprain"), ("M25", "joint"), ("J18", "Pneumonia")]
)
def test_lookup_shows_an_entry(asked: str, title: str, chartwright: Command) -> None:
    """Title, place, and whether it can be billed."""
    run = chartwright("lookup", asked)
    assert run.code == 0
    assert title in run.out
    assert ("header, not billable" in run.out) is (len(asked) == 3 and asked != "I10")


def test_lookup_follows_the_date(chartwright: Command) -> None:
    """M72.2 was a code until 2026-09-30 and is a header since."""
    assert json.loads(chartwright("lookup", "M72.2", "--dos", "2026-09-30", "--json").out)["billable"] is True
    assert json.loads(chartwright("lookup", "M72.2", "--dos", "2026-10-01", "--json").out)["billable"] is False


@pytest.mark.parametrize(("system", "code"), [("hcpcs", "J1885"), ("hcpcs", "LT"), ("cpt", "9ZZZ1")])
def test_without_its_book_a_code_is_not_looked_up(system: str, code: str, chartwright: Command) -> None:
    """A dependency, exit code 3, with the command that loads the book."""
    words = f"No {system.upper()} book is loaded; run 'chartwright index build --{system} FILE'"
    refused(chartwright("lookup", code, "--system", system), 3, words)


def test_lookup_shows_the_books_that_are_loaded(chartwright: Command, fy2027: Codebook) -> None:
    """Index paths and characters for a stem; words and days for a HCPCS code and a modifier."""
    books = index_with_books(chartwright.folder / "books", chartwright.index_dir, fy2027)
    stem = chartwright("lookup", "M79.67", index_dir=books).out
    for words in ("Sore, soreness > foot: M79.67-", "M79.671: 1 right", "inherited notes", "excludes1 at M79"):
        assert words in stem
    assert "present on admission: no list loaded" in chartwright("lookup", "R52").out
    walker = chartwright("lookup", "E0132", "--system", "hcpcs", "--dos", "2030-01-01", index_dir=books).out
    for words in ("Walker of an old make", "last day: 2029-12-31", "not in force on the day asked about"):
        assert words in walker
    assert "left side" in chartwright("lookup", "lt", "--system", "hcpcs", index_dir=books).out
    said = json.loads(chartwright("lookup", "M79.671", "--json", index_dir=books).out)
    assert said["index_paths"][0]["titles"] == ["Sore, soreness", "foot"]


def test_browse_walks_through_the_index(chartwright: Command, fy2027: Codebook) -> None:
    """Letters, a term with what stands below and where it leads, the columns of a table."""
    books = index_with_books(chartwright.folder / "books", chartwright.index_dir, fy2027)
    assert "main terms" in chartwright("browse", index_dir=books).out
    sore = chartwright("browse", "achiness", index_dir=books).out
    assert "foot see Soreness, foot → Alphabetic Index > Sore, soreness > foot" in " ".join(sore.split())
    assert "adverse effect: T39.015-" in chartwright("browse", "aspirin", index_dir=books).out
    said = json.loads(chartwright("browse", "breast", "--depth", "0", "--json", index_dir=books).out)
    assert said["terms"][0]["codes"][0] == {"code": "C50.9-", "column": "malignant primary"}


def test_browse_without_an_index_reads_the_tabular_list(chartwright: Command) -> None:
    """It says so on standard error; a stem needs no index."""
    run = chartwright("browse", "plantar", "wart")
    assert (run.code, "B07.0" in run.out) == (0, True)
    assert "No Alphabetic Index is loaded for FY2027" in run.err
    assert "Diseases of the circulatory system" in chartwright("browse").out
    assert "S82.10 Unspecified fracture" in chartwright("browse", "S82.1", "--depth", "1").out


def test_search_finds_codes_for_words(chartwright: Command) -> None:
    """Abbreviations and several words without quotes; as many as asked for."""
    found = json.loads(chartwright("search", "high", "blood", "pressure", "--json", "--limit", "3").out)
    assert found[0]["code"] == "I10"
    assert len(found) <= 3
    assert "I10" in chartwright("search", "HTN").out


def test_doctor_says_what_is_there(chartwright: Command) -> None:
    """Exit code 0 for a whole installation without a model."""
    run = chartwright("doctor", "--json")
    assert run.code == 0
    assert {c["name"]: c["state"] for c in json.loads(run.out)}["index"] == "ok"


def test_doctor_fails_where_something_is_missing(chartwright: Command) -> None:
    """Exit code 3; what is fine is still shown."""
    run = chartwright("doctor", index_dir=chartwright.folder / "none")
    assert run.code == 3
    assert "packages" in run.out
    assert "chartwright index build" in run.err


def results(path: Path) -> list[dict[str, Any]]:
    """The lines of a batch's output."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_batch_keeps_order_and_failures_in_place(chartwright: Command) -> None:
    """One result a line; the bad line is named by its case id, without its text."""
    lines = [sent("a"), sent("b", setting=CANARY), f"{{{CANARY}", sent("d", "Assessment: Gout.")]
    source, target = chartwright.file("in.jsonl", "\n".join(lines)), chartwright.folder / "out.jsonl"
    run = chartwright("batch", source, str(target))
    assert run.code == 0
    assert not run.out
    assert "2 coded, 2 failed" in run.err
    first, second, third, fourth = results(target)
    assert [line["case_id"] for line in (first, second, third, fourth)] == ["a", "b", None, "d"]
    assert "setting" in second["error"]
    assert CANARY not in second["error"] + third["error"] + run.err
    assert CodingResult.model_validate(first).codes


def test_a_batch_resumes(chartwright: Command) -> None:
    """After a torn line it goes on, and the whole is what one run makes; a third run does nothing."""
    source, target = chartwright.file("in.jsonl", "\n".join(map(sent, "abc"))), chartwright.folder / "out.jsonl"
    chartwright("batch", source, str(target))
    whole = target.read_bytes()
    target.write_bytes(whole[: whole.index(b"\n") + 40])
    assert "2 coded, 0 failed, 1 were there already" in chartwright("batch", source, str(target)).err
    assert [line["case_id"] for line in results(target)] == ["a", "b", "c"]
    assert "0 coded, 0 failed, 3 were there already" in chartwright("batch", source, str(target)).err


def test_a_batch_does_not_touch_another_ones_output(chartwright: Command) -> None:
    """Exit code 2, and the file is as it was."""
    source, target = chartwright.file("in.jsonl", sent("a")), chartwright.file("out.jsonl", '{"case_id": "z"}\n')
    refused(chartwright("batch", source, target), 2, "belongs to another encounter")
    assert Path(target).read_text(encoding="utf-8") == '{"case_id": "z"}\n'


COMMANDS = ("code", "why", "lookup", "search", "browse", "batch", "doctor", "serve", "index", "eval")


def test_help_teaches(chartwright: Command) -> None:
    """First steps, every command, the exit codes."""
    run = chartwright.bare("--help")
    assert run.code == 0
    for words in ("First steps", "chartwright index build", "Exit codes", *COMMANDS):
        assert words in run.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, chartwright: Command) -> None:
    """Without an index, without a model."""
    run = chartwright.bare(command, "--help")
    assert run.code == 0
    assert "Usage" in run.out


def test_no_arguments_show_the_help(chartwright: Command) -> None:
    """Nothing was asked, so nothing was answered: exit code 2."""
    run = chartwright.bare()
    assert run.code == 2
    assert "First steps" in run.out + run.err


def test_the_version_is_shown(chartwright: Command) -> None:
    """Name and number."""
    run = chartwright.bare("--version")
    assert (run.code, run.out.split()[0]) == (0, "chartwright")


def test_main_ends_the_process_with_the_exit_code(chartwright: Command) -> None:
    """For the installed script."""
    with pytest.raises(SystemExit) as ended:
        main(["lookup", "Q99.99", "--index-dir", str(chartwright.index_dir)])
    assert ended.value.code == 2


def process(*arguments: str, folder: Path, stdin: bytes = b"", **environment: str) -> Run:
    """The command as a process of its own."""
    root = Path(__file__).parents[2]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CHARTWRIGHT_")}
    done = subprocess.run(
        [sys.executable, "-c", "from chartwright.cli import main; main()", *arguments],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(root)} | environment,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_process_answers_on_standard_output_only(tmp_path: Path, index_dir: Path) -> None:
    """A pipe in, JSON out, nothing on standard error: no warnings, no progress."""
    run = process("code", "-", *VISIT, "--json", "--index-dir", str(index_dir), folder=tmp_path, stdin=NOTE.encode())
    assert (run.code, run.err) == (0, "")
    assert [line.code for line in CodingResult.model_validate_json(run.out).codes] == ["I10", "M25.561"]


def test_a_process_refuses_in_one_sentence(tmp_path: Path, index_dir: Path) -> None:
    """The exit code reaches the shell."""
    run = process(
        "code", "-", *VISIT, "--index-dir", str(index_dir), folder=tmp_path, stdin=b"\xff\xfe" + CANARY.encode()
    )
    refused(run, 2, "stdin is not UTF-8 text")


def test_a_process_reads_its_settings_from_the_environment(tmp_path: Path) -> None:
    """The index is named there too."""
    run = process("lookup", "I10", folder=tmp_path, CHARTWRIGHT_INDEX_DIR=str(tmp_path / "none"))
    refused(run, 3, "There is no index")
