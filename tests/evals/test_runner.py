"""A suite through the pipeline: complete, resumable, parallel, and honest about what failed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import Settings
from chartwright.cli import _exit_code
from evals.ledger import Stage
from evals.loaders.gold_set import GoldForm, GoldOptions, GoldScope
from evals.run_record import ENCOUNTERS, RUN, EncounterRecord, read_run, recorded
from evals.runner import RunOutcome, RunPlan, run_suite
from evals.suite_choice import SuiteChoice
from evals.summary import summarise
from evals.unscored import within_scope
from index_build.findable.past_encounters import past_encounters
from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Setting
from medcoding.errors import DependencyError, InputError, IntegrityError
from tests.evals.scored_encounters import scored
from tests.evals.unreliable_pipelines import ILL_FATED, Crashing, Crowded, Down, PanicError, build_suicidal
from tests.fakes import ScriptedLLM

COMMAND = "import sys; from chartwright.cli import main; main(sys.argv[1:])"


@pytest.fixture
def gold() -> list[CodedEncounter]:
    """Six encounters; the third is the one that pipelines of these tests fail on."""
    taken = list(past_encounters()[:6])
    taken[2] = taken[2].model_copy(update={"case_id": ILL_FATED})
    return taken


@pytest.fixture
def suite(tmp_path: Path, gold: list[CodedEncounter]) -> Path:
    """Those six as a suite."""
    return written(tmp_path / "suite.jsonl", gold)


@pytest.fixture
def plan(tmp_path: Path, suite: Path, settings: Settings) -> RunPlan:
    """A run of the suite in this process."""
    return RunPlan(SuiteChoice(suite=str(suite)), tmp_path / "run", settings)


def written(path: Path, encounters: list[CodedEncounter]) -> Path:
    """A file of coded encounters."""
    path.write_text("".join(f"{e.model_dump_json()}\n" for e in encounters), encoding="utf-8")
    return path


def run(plan: RunPlan, pipeline: Pipeline) -> RunOutcome:
    """With a pipeline that is there already."""
    return run_suite(plan, build=lambda _: pipeline)


def case_ids(folder: Path) -> list[str]:
    """In the order of the file."""
    return [entry.case_id for entry in recorded(folder / ENCOUNTERS)]


def of_case(folder: Path, case_id: str) -> EncounterRecord:
    """One line of the run."""
    return next(entry for entry in recorded(folder / ENCOUNTERS) if entry.case_id == case_id)


def test_every_encounter_is_recorded_once_with_figures_over_all(
    plan: RunPlan, pipeline: Pipeline, gold: list[CodedEncounter]
) -> None:
    """The record names what was run on what; gold codes and the ledger add up."""
    heard: list[tuple[int, int]] = []
    outcome = run_suite(plan, lambda done, wanted: heard.append((done, wanted)), lambda _: pipeline)
    assert case_ids(plan.folder) == [e.case_id for e in gold]
    assert heard == [(n, 6) for n in range(7)]
    found = read_run(plan.folder)
    codes = sum(len(e.codes) for e in gold)
    assert found.record == outcome.record
    assert (found.summary.encounters, found.summary.together.gold) == (6, codes)
    assert found.record.stamp == pipeline.parts.stamp
    assert found.record.versions["python"]
    assert found.ledger.at(Stage.READ).reached == codes
    assert found.ledger.at(Stage.FINAL).reached == found.summary.together.right
    assert sum(total.lost for total in found.ledger.stages) == codes - found.summary.together.right
    failures = sum(one.codes for one in found.record.failure_classes)
    assert failures == codes + found.summary.together.answered - 2 * found.summary.together.right


def test_no_words_of_a_note_are_in_the_folder(plan: RunPlan, pipeline: Pipeline, gold: list[CodedEncounter]) -> None:
    """Ids, codes and offsets only: a run can be shown where its notes cannot."""
    run(plan, pipeline)
    kept = "".join((plan.folder / name).read_text(encoding="utf-8") for name in (ENCOUNTERS, RUN))
    quotes = {q.text for e in gold for line in e.codes for q in line.evidence if len(q.text) > 12}
    assert quotes
    assert not [quote for quote in quotes if quote in kept]


def test_a_second_run_does_only_what_is_missing(plan: RunPlan, pipeline: Pipeline) -> None:
    """A larger limit goes on where the smaller one ended; a finished run has nothing left to do."""
    part = run(plan._replace(limit=2), pipeline)
    first = (plan.folder / ENCOUNTERS).read_bytes()
    assert (part.answered, part.record.is_whole) == (2, False)
    whole = run(plan, pipeline)
    assert (whole.resumed_at, whole.answered, whole.record.is_whole) == (2, 4, True)
    assert (plan.folder / ENCOUNTERS).read_bytes().startswith(first)
    again = run(plan, pipeline)
    assert (again.resumed_at, again.answered) == (6, 0)
    assert again.record.summary == whole.record.summary


@pytest.mark.parametrize("torn", [b'{"case_id": "torn', b'{"case_id": "torn\n', b"\x00\x00\x00\n"])
def test_a_torn_last_line_is_done_again(plan: RunPlan, pipeline: Pipeline, torn: bytes) -> None:
    """What a kill left half written is cut off; nothing before it is touched."""
    run(plan._replace(limit=3), pipeline)
    with (plan.folder / ENCOUNTERS).open("ab") as file:
        file.write(torn)
    outcome = run(plan, pipeline)
    assert (outcome.resumed_at, outcome.answered) == (3, 3)
    assert len(set(case_ids(plan.folder))) == len(case_ids(plan.folder)) == 6


def test_a_killed_run_loses_and_doubles_nothing(tmp_path: Path, gold: list[CodedEncounter], settings: Settings) -> None:
    """Killed with SIGKILL while it writes, then started again."""
    many = [e.model_copy(update={"case_id": f"{e.case_id}-{n}"}) for n in range(16) for e in gold]
    suite, folder = written(tmp_path / "many.jsonl", many), tmp_path / "run"
    arguments = ["eval", "run", str(suite), "--out", str(folder), "--index-dir", str(settings.index_dir)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHARTWRIGHT_")}
    environment["CHARTWRIGHT_FAST_PATH__MODE"] = settings.fast_path.mode.value
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        wait_for(lambda: (folder / ENCOUNTERS).exists() and (folder / ENCOUNTERS).read_bytes().count(b"\n") >= 3)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert 0 < len(case_ids(folder)) < len(many)
    outcome = run_suite(RunPlan(SuiteChoice(suite=str(suite)), folder, settings))
    assert outcome.resumed_at + outcome.answered == len(many)
    assert sorted(case_ids(folder)) == sorted(e.case_id for e in many)


def wait_for(holds: Callable[[], bool], longest_s: float = 60.0) -> None:
    """Until it holds."""
    end = time.monotonic() + longest_s
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


@pytest.mark.parametrize("crash", [ValueError, KeyError, PanicError])
def test_a_crash_is_a_missing_answer_and_stops_nothing(
    plan: RunPlan, pipeline: Pipeline, crash: type[BaseException]
) -> None:
    """The encounter counts as missed in full, the others are answered, and the record says what happened."""
    outcome = run(plan, Crashing(pipeline, crash))
    entry = of_case(plan.folder, ILL_FATED)
    assert (outcome.answered, outcome.record.failed) == (6, 1)
    assert entry.failure == f"It met an internal error ({crash.__name__})."
    assert (entry.scored.answered, entry.ledger) == (False, None)
    assert outcome.record.ledger is not None
    assert outcome.record.ledger.unanswered_gold == len(entry.scored.gold) > 0
    assert outcome.record.summary is not None
    assert outcome.record.summary.missing.value == pytest.approx(1 / 6)


def test_what_the_product_would_refuse_is_a_missing_answer(plan: RunPlan, settings: Settings) -> None:
    """The limits of the production settings hold here too."""
    limits = settings.limits.model_copy(update={"max_text_chars": 10})
    outcome = run_suite(plan._replace(settings=settings.model_copy(update={"limits": limits})))
    assert outcome.record.failed == 6
    assert "the limit is 10" in (of_case(plan.folder, ILL_FATED).failure or "")


def test_a_neighbour_that_is_down_stops_the_run_which_goes_on_later(plan: RunPlan, pipeline: Pipeline) -> None:
    """Nothing is wrong with the encounters: none of them is recorded as failed."""
    with pytest.raises(DependencyError, match="model server"):
        run(plan, Down(pipeline, answers=2))
    assert len(case_ids(plan.folder)) == 2
    with pytest.raises(InputError, match="not finished"):
        read_run(plan.folder)
    outcome = run(plan, pipeline)
    assert (outcome.resumed_at, outcome.answered, outcome.record.failed) == (2, 4, 0)


def test_with_a_model_server_encounters_are_in_flight_together(plan: RunPlan, settings: Settings) -> None:
    """As many as asked for, in one process; the codes that rules chose all the same are counted."""
    silent = ScriptedLLM(lambda _: DependencyError("down"))
    crowded = Crowded(build_pipeline(settings, silent))
    outcome = run(plan._replace(workers=3), crowded)
    assert crowded.most == 3
    assert outcome.answered == 6
    assert outcome.record.by_source["rules"] > 0


def test_processes_answer_as_one_does_and_one_that_ends_costs_one_encounter(
    plan: RunPlan, pipeline: Pipeline, tmp_path: Path
) -> None:
    """Two workers; the process of one encounter is killed by the system."""
    alone = run(plan, pipeline)
    crew = run_suite(plan._replace(folder=tmp_path / "crew", workers=2), build=build_suicidal)
    assert crew.record.failed == 1
    assert of_case(tmp_path / "crew", ILL_FATED).failure == "The process that coded it ended (exit code -9)."
    expected = {e.case_id: e.scored.answer for e in recorded(plan.folder / ENCOUNTERS) if e.case_id != ILL_FATED}
    answered = {e.case_id: e.scored.answer for e in recorded(tmp_path / "crew" / ENCOUNTERS) if e.failure is None}
    assert answered == expected
    assert alone.record.stamp == crew.record.stamp


def test_a_folder_of_another_run_is_refused(plan: RunPlan, pipeline: Pipeline, gold: list[CodedEncounter]) -> None:
    """Another version of the product, or other gold: one sentence that says which, and nothing is touched."""
    run(plan, pipeline)
    before = (plan.folder / ENCOUNTERS).read_bytes()
    other = pipeline.parts.stamp.model_copy(update={"code": "0" * 16})
    with pytest.raises(InputError, match=r"another run \(code differ\); name another folder"):
        run(plan, Pipeline(replace(pipeline.parts, stamp=other)))
    written(Path(plan.choice.suite), gold[:5])
    with pytest.raises(InputError, match=r"gold differ"):
        run(plan, pipeline)
    assert (plan.folder / ENCOUNTERS).read_bytes() == before


def test_two_runs_do_not_write_to_one_folder(plan: RunPlan, pipeline: Pipeline) -> None:
    """The second is refused, whichever machine's user started the first."""
    plan.folder.mkdir()
    with FileLock(plan.folder / "run.lock"), pytest.raises(InputError, match="Another run is writing"):
        run(plan, pipeline)


def test_a_damaged_or_doubled_line_is_an_integrity_failure(plan: RunPlan, pipeline: Pipeline) -> None:
    """A torn last line is expected; anything else means that someone changed the file."""
    run(plan, pipeline)
    path = plan.folder / ENCOUNTERS
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[0]]))
    with pytest.raises(IntegrityError, match="stands twice"):
        run(plan, pipeline)
    path.write_bytes(b"".join([lines[0], b"{}\n", *lines[2:]]))
    with pytest.raises(IntegrityError, match="Line 2 of"):
        run(plan, pipeline)
    path.write_bytes(b"".join(lines[1:]))
    with pytest.raises(IntegrityError, match="holds 5 encounters"):
        read_run(plan.folder)


def test_what_the_gold_does_not_decide_is_unscored(plan: RunPlan, pipeline: Pipeline, suite: Path) -> None:
    """A CSV of codes says nothing of order by a coder, of POA or of evidence: no figure, not a figure of 0."""
    bare = [{**json.loads(line), "must_not": []} for line in suite.read_text(encoding="utf-8").splitlines()]
    for encounter in bare:
        for code in encounter["codes"]:
            code |= {"evidence": [], "poa": None}
    suite.write_text("".join(f"{json.dumps(e)}\n" for e in bare), encoding="utf-8")
    summary = run(plan, pipeline).record.summary
    assert summary is not None
    assert summary.evidence.token.f1.value is None
    assert summary.poa.value is None
    assert summary.together.micro.recall.value is not None


def test_gold_that_decides_no_order_has_no_figure_of_order() -> None:
    """The scope of the set rules, not what its lines look like."""
    whole = summarise([scored("I10 J44.1", "I10 J44.1", "one"), scored("I10", "I10", "two")])
    bare = within_scope(whole, GoldScope(order=False))
    assert (whole.first_right.value, whole.exact.ordered.value) == (1.0, 1.0)
    assert (bare.first_right.value, bare.exact.ordered.value) == (None, None)
    assert all(exact.set_and_first.value is None for exact in bare.exact_by_codes.values())
    assert bare.exact.set.value == 1.0


def test_the_command_prints_one_line_and_goes_on_where_it_stopped(
    plan: RunPlan, pipeline: Pipeline, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line is for people; what was done goes to standard error."""
    run(plan._replace(limit=2), pipeline)
    arguments = ["eval", "run", plan.choice.suite, "--out", str(plan.folder), "--index-dir", str(settings.index_dir)]
    assert _exit_code(arguments) == 0
    said = capsys.readouterr()
    assert said.out.startswith("run: 6 encounters, precision ")
    assert said.out.count("\n") == 1
    assert "4 encounters coded" in said.err
    assert "2 were there already; 0 without an answer" in said.err


def test_notes_without_gold_are_refused(tmp_path: Path, plan: RunPlan, pipeline: Pipeline) -> None:
    """There is nothing to score; the sentence names what to use."""
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"id": "visit-1", "note": "Assessment: gout."}\n', encoding="utf-8")
    choice = SuiteChoice(suite=str(notes), form=GoldForm.ACI_BENCH, options=GoldOptions(setting=Setting.OUTPATIENT))
    with pytest.raises(InputError, match="chartwright eval speed"):
        run(plan._replace(choice=choice), pipeline)
