"""Batches keep their order, lose no line and can be resumed."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.batch import BatchOutcome, count_lines, finished_lines, run_batch
from agent.ingest import InputLimits
from medcoding.encounter import Encounter, Setting
from medcoding.errors import DependencyError, InputError
from medcoding.result import CodingResult, Cost, Route, Stamp

CANARY = "zqxcanary"
LIMITS = InputLimits()
STAMP = Stamp(code="c", prompt="p", model="m", codebook="b", index="i", settings="s")


class DawdlingCoder:
    """Answers each case after as many turns of the event loop as its id says; some cases fail."""

    def __init__(self, turns: dict[str, int] | None = None, failing: dict[str, Exception] | None = None) -> None:
        self._turns = turns or {}
        self._failing = failing or {}
        self.coded: list[str] = []
        self.most_at_once = 0
        self._at_once = 0

    async def code(self, encounter: Encounter) -> CodingResult:
        """An empty answer, later."""
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        for _ in range(self._turns.get(encounter.case_id, 0)):
            await asyncio.sleep(0)
        self._at_once -= 1
        self.coded.append(encounter.case_id)
        if encounter.case_id in self._failing:
            raise self._failing[encounter.case_id]
        return CodingResult(
            case_id=encounter.case_id,
            edition="FY2027",
            setting=Setting.OUTPATIENT,
            date_of_service=dt.date(2026, 11, 2),
            route=Route.CODER,
            codes=(),
            not_coded=(),
            findings=(),
            cost=Cost(),
            stamp=STAMP,
        )


class PowerCutError(BaseException):
    """What ends a process in the middle; no `except Exception` catches it."""


class DyingCoder(DawdlingCoder):
    """Dies at a certain case."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self._at = at

    async def code(self, encounter: Encounter) -> CodingResult:
        """Answer, or die."""
        if encounter.case_id == self._at:
            raise PowerCutError
        return await super().code(encounter)


def line(case_id: str, text: str = "Gout.") -> str:
    """An encounter on one line."""
    document = {"document_id": "d", "text": text}
    visit = {"case_id": case_id, "setting": "outpatient", "date_of_service": "2026-11-02", "documents": [document]}
    return json.dumps(visit)


def batch(folder: Path, *lines: str) -> tuple[Path, Path]:
    """A batch file and where its answers go."""
    source = folder / "in.jsonl"
    source.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
    return source, folder / "out.jsonl"


def run(
    source: Path, target: Path, coder: Any = None, concurrency: int = 2, ticks: list[int] | None = None
) -> BatchOutcome:
    """Run a batch to its end."""
    advance = (ticks if ticks is not None else []).append
    coder = coder or DawdlingCoder()
    return asyncio.run(run_batch(source, target, coder, LIMITS, concurrency=concurrency, advance=advance))


def answers(target: Path) -> list[dict[str, Any]]:
    """The output, parsed."""
    return [json.loads(text) for text in target.read_text(encoding="utf-8").splitlines()]


def ids(target: Path) -> list[str | None]:
    """Case ids in the output."""
    return [answer["case_id"] for answer in answers(target)]


@settings(max_examples=40)
@given(turns=st.lists(st.integers(0, 9), max_size=12), concurrency=st.integers(1, 6))
def test_any_interleaving_keeps_the_order(turns: Sequence[int], concurrency: int) -> None:
    """Law: however long each case takes, answer n belongs to line n, and never more cases run than allowed."""
    cases = [f"c{n}" for n in range(len(turns))]
    with tempfile.TemporaryDirectory() as folder:
        source, target = batch(Path(folder), *map(line, cases))
        coder = DawdlingCoder(dict(zip(cases, turns, strict=True)))
        assert run(source, target, coder, concurrency).coded == len(cases)
        assert ids(target) == cases
        assert coder.most_at_once <= concurrency


@settings(max_examples=40)
@given(data=st.data(), count=st.integers(1, 6))
def test_a_batch_cut_anywhere_resumes_to_the_same_output(data: st.DataObject, count: int) -> None:
    """Law: cut the output at any byte, run again, and it is what one run makes; whole lines are not coded again."""
    cases = [f"c{n}" for n in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        source, target = batch(Path(folder), *map(line, cases))
        run(source, target)
        whole = target.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        target.write_bytes(whole[:cut])
        coder = DawdlingCoder()
        outcome = run(source, target, coder)
        assert target.read_bytes() == whole
        assert outcome.resumed_at == whole[:cut].count(b"\n") == count - len(coder.coded)


def test_a_failed_line_stays_in_its_place(tmp_path: Path) -> None:
    """With its case id and one sentence; its neighbours are coded."""
    source, target = batch(tmp_path, line("a"), line("b"), line("c"))
    coder = DawdlingCoder(failing={"b": InputError("The encounter holds no text; give a note.")})
    assert run(source, target, coder) == BatchOutcome(resumed_at=0, coded=2, failed=1)
    assert ids(target) == ["a", "b", "c"]
    assert answers(target)[1] == {"case_id": "b", "error": "The encounter holds no text; give a note."}


def test_a_missing_neighbour_stops_the_run_and_the_next_one_goes_on_there(tmp_path: Path) -> None:
    """Nothing is wrong with the line: it is coded when the model server is back, and none is lost."""
    source, target = batch(tmp_path, line("a"), line("b"), line("c"))
    with pytest.raises(DependencyError, match="model server"):
        run(source, target, DawdlingCoder(failing={"b": DependencyError("The model server is down; start it.")}))
    outcome = run(source, target, DawdlingCoder())
    assert outcome.coded + outcome.resumed_at == 3
    assert ids(target) == ["a", "b", "c"]
    assert all("error" not in answer for answer in answers(target))


def test_an_internal_error_says_its_type_and_no_note_text(tmp_path: Path) -> None:
    """What an unforeseen exception says may be note text."""
    source, target = batch(tmp_path, line("a", CANARY), line("b"))
    run(source, target, DawdlingCoder(failing={"a": ValueError(CANARY)}))
    assert answers(target)[0] == {"case_id": "a", "error": "Line 1 met an internal error (ValueError)."}
    assert answers(target)[1]["case_id"] == "b"


@pytest.mark.parametrize(
    ("text", "case_id", "words"),
    [
        (f'{{"case_id": "b", "note": "{CANARY}"}}', "b", "Line 2 is not valid"),
        (f'{{"{CANARY}', None, "Line 2 is not valid"),
        (f'["{CANARY}"]', None, "Line 2 is not valid"),
        ("[" * 5_000, None, "Line 2 is not valid"),
        ('{"case_id": 7}', None, "Line 2 is not valid"),
        (line("b", "  "), "b", "Line 2 holds no text"),
        (line("b").replace("2026-11-02", "2026-02-31"), "b", "date_of_service"),
    ],
)
def test_a_line_that_is_no_encounter_fails_alone(text: str, case_id: str | None, words: str, tmp_path: Path) -> None:
    """The field and the number of the line, never its content."""
    source, target = batch(tmp_path, line("a"), text, line("c"))
    assert run(source, target) == BatchOutcome(resumed_at=0, coded=2, failed=1)
    failed = answers(target)[1]
    assert failed["case_id"] == case_id
    assert words in failed["error"]
    assert CANARY not in target.read_text(encoding="utf-8")


def test_blank_lines_are_no_encounters(tmp_path: Path) -> None:
    """They are not counted, and line numbers are those of the file."""
    source, target = batch(tmp_path, "", line("a"), "   ", "{", "")
    assert count_lines(source) == 2
    run(source, target)
    assert "Line 4" in answers(target)[1]["error"]


def test_a_run_that_died_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    """What was written stays, what was not is coded now, and the progress starts at what was there."""
    source, target = batch(tmp_path, *map(line, "abcde"))
    with pytest.raises(PowerCutError):
        run(source, target, DyingCoder("d"), concurrency=1)
    assert ids(target) == ["a", "b", "c"]
    coder, ticks = DawdlingCoder(), list[int]()
    assert run(source, target, coder, ticks=ticks) == BatchOutcome(resumed_at=3, coded=2, failed=0)
    assert coder.coded == ["d", "e"]
    assert ids(target) == list("abcde")
    assert ticks == [3, 1, 1]


def test_a_torn_last_line_is_coded_again(tmp_path: Path) -> None:
    """A line without its end is cut off first."""
    source, target = batch(tmp_path, line("a"), line("b"))
    run(source, target)
    target.write_bytes(target.read_bytes()[:-5])
    coder = DawdlingCoder()
    assert run(source, target, coder).resumed_at == 1
    assert coder.coded == ["b"]
    assert ids(target) == ["a", "b"]


@pytest.mark.parametrize("content", ["A note without a line end.", line("a"), '{"patient": 1}'])
def test_what_is_no_result_is_never_cut_off(content: str, tmp_path: Path) -> None:
    """Arguments in the wrong order cost nobody a note or an encounter that ends without a line end."""
    source, target = batch(tmp_path, line("a"))
    target.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="name another output file"):
        run(source, target)
    assert target.read_text(encoding="utf-8") == content


def test_a_finished_batch_does_nothing_again(tmp_path: Path) -> None:
    """Not even a failed line is asked twice."""
    source, target = batch(tmp_path, line("a"), "{")
    run(source, target)
    before = target.read_bytes()
    assert run(source, target) == BatchOutcome(resumed_at=2, coded=0, failed=0)
    assert target.read_bytes() == before


def test_the_output_of_another_batch_is_refused(tmp_path: Path) -> None:
    """And left as it is."""
    source, target = batch(tmp_path, line("a"), line("b"))
    target.write_text('{"case_id": "a"}\n{"case_id": "x"}\n', encoding="utf-8")
    before = target.read_bytes()
    with pytest.raises(InputError, match=r"Line 2 of out\.jsonl belongs to another encounter"):
        run(source, target)
    assert target.read_bytes() == before


def test_an_output_with_more_lines_than_the_input_is_refused(tmp_path: Path) -> None:
    """The answers beyond the input belong to another batch; they are not thrown away."""
    source, target = batch(tmp_path, line("a"), line("b"))
    run(source, target)
    source.write_text(f"{line('a')}\n", encoding="utf-8")
    before = target.read_bytes()
    with pytest.raises(InputError, match="another"):
        run(source, target)
    assert target.read_bytes() == before


@pytest.mark.parametrize("name", ["in.jsonl", "./in.jsonl"])
def test_a_batch_never_overwrites_its_input(name: str, tmp_path: Path) -> None:
    """Output and input are two files, however they are written."""
    source, _ = batch(tmp_path, line("a"))
    with pytest.raises(InputError, match="overwrite its own input"):
        run(source, tmp_path / name)
    assert source.read_text(encoding="utf-8") == f"{line('a')}\n"


def test_a_linked_input_is_not_overwritten(tmp_path: Path) -> None:
    """A symbolic link to the input is the input."""
    source, _ = batch(tmp_path, line("a"))
    (tmp_path / "link.jsonl").symlink_to(source)
    with pytest.raises(InputError, match="overwrite"):
        finished_lines(source, tmp_path / "link.jsonl")


def test_a_missing_input_is_refused(tmp_path: Path) -> None:
    """One sentence with the path."""
    with pytest.raises(InputError, match=r"none\.jsonl cannot be read"):
        count_lines(tmp_path / "none.jsonl")


def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A missing folder is the caller's to make, and a folder is no file."""
    source, _ = batch(tmp_path, line("a"))
    with pytest.raises(InputError, match="cannot be written"):
        run(source, tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        run(source, tmp_path / "nowhere" / "out.jsonl")
