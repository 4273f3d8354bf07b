"""Offline batches: what a batch service answers becomes the results a live model gives, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agent.batch import run_batch
from agent.bootstrap import build_pipeline
from agent.instructed import InstructedLLM
from agent.pipeline import Pipeline
from agent.recorded import Recorded
from agent.replay import ReplayLLM
from agent.requests import Outcome, Targets, Work, _Unfinished, run
from agent.settings import Settings
from medcoding.errors import ConfigError, DependencyError, InputError
from tests.batch_service import (
    Script,
    ScriptedTransport,
    answered,
    asked,
    bad,
    first_choice,
    good,
    hasty,
    heeding,
    written,
)
from tests.flow.notes import encounter

CANARY = "zqxcanary"
NOTES = (
    f"HPI: {CANARY}\nAssessment:\n1. Type 1 diabetes mellitus\n2. Type 2 diabetes mellitus",
    "Assessment: Gout of the left knee. Chronic systolic heart failure.",
    "Discharge diagnoses:\nCOPD exacerbation\nPneumonia",
)
MOST_ROUNDS = 8


@pytest.fixture(scope="module")
def offline(settings: Settings) -> Settings:
    """Settings with a secret and a model's name."""
    llm = settings.llm.model_copy(update={"model": "coder"})
    return settings.model_copy(update={"secret": SecretStr("kept"), "llm": llm})


@pytest.fixture(scope="module")
def replaying(offline: Settings) -> Pipeline:
    """A pipeline whose model has no answers of its own."""
    return build_pipeline(offline, ReplayLLM(offline.llm, Recorded(), "coder"))


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """Three encounters, and a line that is none."""
    lines = [encounter(note, case_id=f"c{n}").model_dump_json() for n, note in enumerate(NOTES)]
    return written(tmp_path / "visits.jsonl", [*lines[:2], f'{{"case_id": "odd", "note": "{CANARY}"}}', lines[2]])


def asking(pipeline: Pipeline, **changes: Any) -> Pipeline:
    """The pipeline with changes of its model."""
    assert pipeline.parts.model is not None
    return Pipeline(replace(pipeline.parts, model=replace(pipeline.parts.model, **changes)))


class Desk:
    """Exports and imports in one folder."""

    def __init__(self, pipeline: Pipeline, visits: Path, settings: Settings) -> None:
        self.visits = visits
        self.folder = visits.parent
        self.requests, self.results = self.folder / "requests.jsonl", self.folder / "results.jsonl"
        self.next = self.folder / "next.jsonl"
        self._pipeline = pipeline
        self._settings = settings

    def run(self, targets: Targets, answers: Sequence[Path] = (), ticks: list[int] | None = None) -> Outcome:
        """One run with these answers."""
        advance = (ticks if ticks is not None else []).append
        work = Work(self.visits, self._pipeline, Recorded(answers), self._settings.limits)
        return asyncio.run(run(work, targets, advance))

    def exported(self) -> list[dict[str, Any]]:
        """The requests of the first round."""
        self.run(Targets(requests=self.requests))
        return asked(self.requests)

    def imported(self, *answers: Path) -> Outcome:
        """Results and the next requests."""
        return self.run(Targets(self.results, self.next), answers)

    def completed(self, script: Script) -> int:
        """Export, have answered and import until nothing is open; the number of rounds."""
        self.exported()
        files = [written(self.folder / "answers0.jsonl", answered(self.requests, script))]
        for rounds in range(1, MOST_ROUNDS):
            if not self.imported(*files).open:
                return rounds
            files.append(written(self.folder / f"answers{rounds}.jsonl", answered(self.next, script)))
        raise AssertionError("the rounds do not end")

    def live(self, script: Script) -> list[dict[str, Any]]:
        """What `batch` makes of the same encounters with a live model."""
        target = self.folder / "live.jsonl"
        pipeline = asking(self._pipeline, llm=InstructedLLM(self._settings.llm, ScriptedTransport(script)))
        work = run_batch(
            self.visits, target, pipeline, self._settings.limits, concurrency=1, advance=lambda _: None
        )  # fmt: skip
        asyncio.run(work)
        return lines(target)


@pytest.fixture
def desk(replaying: Pipeline, visits: Path, offline: Settings) -> Desk:
    """A desk for the three encounters."""
    return Desk(replaying, visits, offline)


def lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a file, without the milliseconds."""
    parsed = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for line in parsed:
        line.get("cost", {}).pop("stage_ms", None)
    return parsed


def sources(results: Sequence[dict[str, Any]]) -> set[str]:
    """Who chose the codes."""
    return {code["source"] for line in results for code in line.get("codes", ())}


@pytest.mark.parametrize("script", [first_choice, heeding, hasty])
def test_an_offline_batch_says_what_a_live_model_says(script: Script, desk: Desk) -> None:
    """Line by line the same results, tokens and errors as `batch`, after all rounds."""
    assert desk.completed(script) > 1
    results = lines(desk.results)
    assert results == desk.live(script)
    assert [line["case_id"] for line in results] == ["c0", "c1", "odd", "c2"]
    assert "llm" in sources(results)
    assert asked(desk.next) == []
    assert CANARY not in results[2]["error"]


def test_what_a_check_objects_to_goes_out_once_more(desk: Desk) -> None:
    """Two types of diabetes exclude each other: the second file asks with the check's words, and then all is said."""
    first = desk.exported()
    answers = written(desk.folder / "a.jsonl", answered(desk.requests, heeding))
    desk.imported(answers)
    again = asked(desk.next)
    assert again
    assert all("An earlier answer was checked" in one["body"]["messages"][-1]["content"] for one in again)
    outcome = desk.imported(written(desk.folder / "b.jsonl", answered(desk.next, heeding)), answers)
    assert (outcome.answered, outcome.open, outcome.foreign) == (len(first) + len(again), 0, 0)


def test_an_export_holds_every_first_question_once(desk: Desk) -> None:
    """As many as a live run asks first; ids differ, and none holds words of a note."""
    requests = desk.exported()
    ids = [one["custom_id"] for one in requests]
    assert len(set(ids)) == len(ids) > len(NOTES)
    assert {one["url"] for one in requests} == {"/v1/chat/completions"}
    assert {one["body"]["model"] for one in requests} == {"coder"}
    assert all(len(one["body"]["cache_salt"]) == 64 for one in requests)
    assert CANARY not in "".join(ids)


def test_an_export_is_the_same_again(desk: Desk) -> None:
    """Byte by byte: so a second machine, or a run after a crash, asks the same."""
    desk.exported()
    first = desk.requests.read_bytes()
    desk.exported()
    assert desk.requests.read_bytes() == first


def test_the_same_encounter_twice_asks_once(desk: Desk) -> None:
    """And both lines get their result."""
    once = len(desk.exported())
    desk.visits.write_bytes(desk.visits.read_bytes() * 2)
    assert len(desk.exported()) == once
    answers = written(desk.folder / "a.jsonl", answered(desk.requests, first_choice))
    desk.imported(answers)
    results = [line for line in lines(desk.results) if line["case_id"] != "odd"]
    assert results[:3] == results[3:]


def test_answers_may_come_in_any_order_with_anything_between(desk: Desk) -> None:
    """Shuffled over two files, with torn, doubled, foreign and error lines: the same results, each oddity counted."""
    requests = desk.exported()
    clean = answered(desk.requests, first_choice)
    desk.imported(written(desk.folder / "clean.jsonl", clean))
    expected = lines(desk.results)
    dirty = [
        *clean,
        clean[0],
        bad(requests[1]["custom_id"], 500),
        good("chartwright-unknown", "{}"),
        "{",
        clean[2][:60],
    ]
    random.Random(7).shuffle(dirty)
    files = [written(desk.folder / f"{n}.jsonl", dirty[n::2]) for n in range(2)]
    outcome = desk.imported(*files)
    assert lines(desk.results) == expected
    recorded = Recorded(files)
    assert (recorded.broken, recorded.doubled, recorded.errors, outcome.foreign) == (2, 2, 0, 1)
    assert outcome.answered >= len(requests)


def test_what_has_no_answer_is_coded_by_rules_and_asked_again(desk: Desk) -> None:
    """A missing answer and an error: the codes say who chose them, and the next file holds just these questions."""
    requests = desk.exported()
    rows = answered(desk.requests, first_choice)
    lost, refused = requests[0], requests[-1]
    outcome = desk.imported(written(desk.folder / "a.jsonl", [*rows[1:-1], bad(refused["custom_id"])]))
    assert outcome.batch.coded == len(NOTES)
    again = asked(desk.next)
    assert outcome.open == len(again)
    assert [one for one in requests if one in again] == [lost, refused]
    assert sources(lines(desk.results)[:1]) == {"rules", "llm"}


def test_no_answer_at_all_is_the_answer_of_rules(desk: Desk) -> None:
    """An empty file of answers: every line has its result, every question is open."""
    requests = desk.exported()
    outcome = desk.imported(written(desk.folder / "a.jsonl", []))
    assert (outcome.answered, outcome.open) == (0, len(requests))
    assert sources(lines(desk.results)) == {"rules"}
    assert asked(desk.next) == requests


def test_where_rules_may_not_stand_in_a_line_waits_for_its_answers(
    desk: Desk, replaying: Pipeline, offline: Settings
) -> None:
    """With the fallback forbidden the line says that its question is open; the others are coded."""
    held = Desk(asking(replaying, fallback_allowed=False), desk.visits, offline)
    held.exported()
    answers = answered(held.requests, first_choice)
    held.imported(written(held.folder / "a.jsonl", answers[1:]))
    results = lines(held.results)
    assert "No answer to this question is recorded" in results[0]["error"]
    assert "error" not in results[1]
    held.imported(written(held.folder / "a.jsonl", answers))
    assert "error" not in lines(held.results)[0]


# stopping and going on


class PowerCutError(BaseException):
    """What ends a process in the middle."""


def cut(desk: Desk, targets: Targets, answers: Sequence[Path], after: int) -> None:
    """A run that dies after so many lines."""

    class Ticks(list[int]):
        def append(self, ticks: int) -> None:
            super().append(ticks)
            if sum(self) >= after:
                raise PowerCutError

    with pytest.raises(PowerCutError):
        desk.run(targets, answers, Ticks())


@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("torn", [b"", b'{"custom_id": "chartw'])
def test_a_run_that_died_goes_on_at_its_next_encounter(after: int, torn: bytes, desk: Desk) -> None:
    """No line or question lost or doubled, nothing visible before the end, and nothing left beside it."""
    desk.exported()
    whole = desk.requests.read_bytes()
    desk.requests.unlink()
    targets = Targets(requests=desk.requests)
    cut(desk, targets, (), after)
    assert not desk.requests.exists()
    with (desk.folder / "requests.jsonl.unfinished" / "questions.jsonl").open("ab") as questions:
        questions.write(torn)
    ticks: list[int] = []
    outcome = desk.run(targets, (), ticks)
    assert outcome.batch.resumed_at == after == ticks[0]
    assert desk.requests.read_bytes() == whole
    assert sorted(path.name for path in desk.folder.iterdir()) == ["requests.jsonl", "visits.jsonl"]


def test_an_import_that_died_before_new_answers_came_starts_anew(desk: Desk) -> None:
    """What was coded with fewer answers is thrown away: every line is coded with all there are."""
    desk.exported()
    rows = answered(desk.requests, first_choice)
    few = written(desk.folder / "few.jsonl", rows[:1])
    cut(desk, Targets(desk.results, desk.next), [few], 2)
    more = written(desk.folder / "more.jsonl", rows[1:])
    assert desk.imported(few, more).batch.resumed_at == 0
    results = lines(desk.results)
    desk.imported(more, few)
    assert lines(desk.results) == results


def test_a_question_that_cannot_be_kept_ends_the_run(desk: Desk) -> None:
    """Its line is not written off as failed: the next run asks it."""

    class Vanishing(list[int]):
        def append(self, ticks: int) -> None:
            super().append(ticks)
            if ticks:
                shutil.rmtree(desk.folder / "requests.jsonl.unfinished")

    with pytest.raises(DependencyError, match="cannot be written"):
        desk.run(Targets(requests=desk.requests), (), Vanishing())
    assert not desk.requests.exists()
    assert desk.exported()


def test_two_runs_do_not_write_into_each_other(desk: Desk) -> None:
    """The second one is told to wait, and the first one's work stays."""
    targets = Targets(requests=desk.requests)
    cut(desk, targets, (), 1)
    with _Unfinished(desk.requests).held(""), pytest.raises(InputError, match="wait until it has ended"):
        desk.run(targets)


def test_a_folder_of_somebody_else_is_left_alone(desk: Desk) -> None:
    """One that happens to have the name of ours keeps its files."""
    other = desk.folder / "requests.jsonl.unfinished" / "thesis.txt"
    other.parent.mkdir()
    other.write_text("chapter one", encoding="utf-8")
    with pytest.raises(InputError, match="unfinished cannot be written"):
        desk.exported()
    assert other.read_text(encoding="utf-8") == "chapter one"


def test_files_with_note_text_are_for_their_owner_alone(desk: Desk) -> None:
    """Requests, results, the next requests, and what a run that died leaves."""
    desk.exported()
    answers = written(desk.folder / "a.jsonl", answered(desk.requests))
    desk.results.write_text("", encoding="utf-8")
    desk.results.chmod(0o644)
    desk.imported(answers)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (desk.requests, desk.results, desk.next)} == {0o600}
    cut(desk, Targets(desk.results, desk.next), [answers], 4)
    left = desk.folder / "results.jsonl.unfinished"
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in left.iterdir()} == {0o600}


# what is refused


@pytest.mark.parametrize(
    ("name", "content", "which"),
    [
        ("visits.jsonl", None, "results"),
        ("visits.jsonl", None, "requests"),
        ("answers.jsonl", good("a", "{}"), "results"),
        ("answers.jsonl", good("a", "{}"), "requests"),
        ("other.jsonl", encounter("Gout.").model_dump_json(), "results"),
        ("note.txt", f"Assessment: gout {CANARY}", "requests"),
    ],
)
def test_a_file_of_something_else_is_not_overwritten(name: str, content: str | None, which: str, visits: Path) -> None:
    """Encounters, answers and notes stay what they are when arguments are mixed up."""
    file = visits.parent / name
    if content:
        written(file, [content])
    before = file.read_bytes()
    with pytest.raises(InputError, match="name another file") as caught:
        Targets(**{which: file}).refuse_misplaced([visits])
    assert CANARY not in str(caught.value)
    assert file.read_bytes() == before


def test_two_targets_are_two_files(visits: Path) -> None:
    """Results and requests cannot share one."""
    file = visits.parent / "out.jsonl"
    with pytest.raises(InputError, match="overwritten"):
        Targets(file, file).refuse_misplaced([visits])


def test_our_own_files_may_be_written_again(desk: Desk) -> None:
    """Requests, results of coded and of failed lines, and empty files."""
    desk.exported()
    desk.imported(written(desk.folder / "a.jsonl", answered(desk.requests)))
    Targets(desk.results, desk.requests).refuse_misplaced([desk.visits])
    written(desk.results, ['{"case_id": null, "error": "Line 1 is not valid."}'])
    written(desk.next, [])
    Targets(desk.results, desk.next).refuse_misplaced([desk.visits])


def test_a_target_that_cannot_be_written_is_refused(desk: Desk) -> None:
    """One sentence with the path."""
    with pytest.raises(InputError, match="cannot be written"):
        desk.run(Targets(requests=desk.folder / "nowhere" / "requests.jsonl"))


def test_a_pipeline_without_a_model_is_refused(pipeline: Pipeline, visits: Path, offline: Settings) -> None:
    """Rules alone ask nothing."""
    with pytest.raises(ConfigError, match="CHARTWRIGHT_LLM__MODEL"):
        Desk(pipeline, visits, offline).exported()
