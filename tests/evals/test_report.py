"""Reports: the ledger first, every figure, the classes of failure, and a page on which a note can do nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from agent.combine import CombinationTable
from chartwright.cli import _exit_code
from evals.changes import compared_runs
from evals.failure_classes import failure_classes
from evals.gate import read_gate
from evals.ledger import Stage
from evals.report import plots, terminal
from evals.report.cases import anchor
from evals.report.page import report_page
from evals.report.shown import Shown, show_run
from evals.run_record import Run
from evals.scores import EvidencePlace
from evals.suite_choice import SuiteChoice, load_chosen
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError
from tests.evals.runs import ledger_of, run_of, stored
from tests.evals.scored_encounters import coded, final, forbidden, quote, scored
from tests.index_build.diff.test_page import HOSTILE, PageReader

TEXT = f"Assessment: hypertension, stage 3a kidney disease. {HOSTILE} \x1b[2J"


@pytest.fixture
def case() -> CodedEncounter:
    """A note that wants to be more than text."""
    evidence = (quote(TEXT, "hypertension"),)
    return coded(
        TEXT,
        final("I10", evidence=evidence),
        must_not=forbidden("E11"),
        case_id='<b id="x">case</b>',
        specialty=HOSTILE,
    )


@pytest.fixture
def run(case: CodedEncounter) -> Run:
    """Answered with a forbidden code instead of the right one; three other encounters, one without an answer."""
    one = scored("I10", "E11.9", case.case_id, specialty=HOSTILE, must_not=("E11",), must_not_answered=("E11",))
    gold = one.gold[0].model_copy(update={"evidence": (EvidencePlace(document_id="note", start=12, end=24),)})
    given = one.answer[0].model_copy(update={"evidence": (EvidencePlace(document_id="note", start=20, end=34),)})
    one = one.model_copy(update={"gold": (gold,), "answer": (given,)})
    return run_of(
        [
            one,
            scored("I10 J44.1", "I10 J44.1", "exact"),
            scored("E11.22", "E11.9", "detail"),
            scored("I10", None, "failed"),
        ]
    )


@pytest.fixture
def shown(run: Run, case: CodedEncounter) -> Shown:
    """The run with the text of that note, beside the targets for going live."""
    return Shown(run, {case.case_id: case}, None, read_gate(Path("go_live")))


@pytest.fixture
def page(shown: Shown) -> str:
    """The page of the run."""
    return report_page([shown])


def printed(shown: Shown) -> str:
    """What the terminal shows."""
    console = Console(width=160, file=io.StringIO(), record=True)
    console.print(terminal.report(shown))
    return console.export_text()


def test_the_terminal_leads_with_the_ledger(shown: Shown) -> None:
    """Stages with what is left and what each lost, then classes of failure, then figures beside their targets."""
    said = printed(shown)
    order = [said.index(words) for words in ("Where gold codes are lost", "What fails most", "Figures", "By setting")]
    assert order == sorted(order)
    assert re.search(r"among the candidates +2 +50\.0 .* 2 *$", said, re.MULTILINE)
    assert re.search(r"Precision +50\.0 .*> 94", said)
    assert re.search(r"Recall +40\.0 ", said)
    assert re.search(r"F1 .*> 92 +57\.5", said)
    assert "1 encounters have no answer" in said
    assert "\x1b" not in said


def test_what_is_unscored_is_called_so(shown: Shown) -> None:
    """No inpatient stay: POA has no figure, and 0 would be one."""
    assert re.search(r"Present on admission +unscored", printed(shown))


def test_the_page_runs_and_loads_nothing_but_its_own(page: str) -> None:
    """The policy admits one style sheet and one script by digest, and the note's own words are text."""
    tags = PageReader(page).tags
    names = [name for name, _ in tags]
    assert (names.count("script"), names.count("style"), names.count("img")) == (1, 1, 0)
    policy = next(a["content"] for n, a in tags if n == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    for name in ("script", "style"):
        (content,) = re.findall(f"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for _, attributes in tags:
        assert not {"src", "style", "onerror", "onclick"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")


def test_hostile_words_are_shown_as_words(page: str, case: CodedEncounter) -> None:
    """In the note, in the specialty and in the name of the case; what steers a screen becomes visible."""
    words = PageReader(page).words
    assert words.count(HOSTILE) >= 3
    assert case.case_id in words
    assert "\x1b" not in page
    assert "\u241b[2J" in words


def test_gold_and_answer_stand_beside_the_marked_text(page: str) -> None:
    """Both sides' quotes are marked, overlaps as both; each code has its verdict, a forbidden one its reason."""
    assert '<mark class="gold" title="gold I10">hyperten' in page
    assert '<mark class="gold answer" title="gold I10, answer E11.9">sion' in page
    words = PageReader(page).words
    assert "not among the candidates" in words
    assert "wrong, chosen" in words
    assert "not documented" in words


def test_examples_of_failure_classes_lead_to_their_case(page: str) -> None:
    """Every link on the page has its target."""
    tags = PageReader(page).tags
    ids = {a["id"] for _, a in tags if a.get("id")}
    links = {a["href"][1:] for n, a in tags if n == "a" and a.get("href")}  # type: ignore[index]
    assert links
    assert links <= ids


def test_a_case_has_one_anchor_of_its_own() -> None:
    """Ids that differ in signs only do not meet."""
    assert len({anchor(name) for name in ("a b", "a-b", "a_b", "a20b", "ä")}) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9-]+", anchor(name)) for name in ("<script>", "ä/ö", ""))


def test_cases_that_are_held_out_are_scored_and_never_shown(tmp_path: Path, run: Run, case: CodedEncounter) -> None:
    """The part `held_out` of a suite: neither its notes nor its codes case by case, also where all of it was run."""
    suite = tmp_path / "suite"
    suite.mkdir()
    kept = case.model_copy(update={"case_id": "detail"})
    for name, one in (("development", kept), ("held_out", case)):
        (suite / f"{name}.jsonl").write_text(one.model_dump_json() + "\n", encoding="utf-8")
    choice = SuiteChoice(suite=str(suite))
    dataset = run.record.dataset.model_copy(update={"choice": choice, "digest": load_chosen(choice).digest})
    record = run.record.model_copy(update={"dataset": dataset})
    shown = show_run(stored(run._replace(folder=tmp_path / "run", record=record)))
    assert shown.held_out == {case.case_id}
    assert set(shown.encounters) == {"detail"}
    page = report_page([shown])
    assert case.case_id not in PageReader(page).words
    assert "1 encounters are held out" in page
    assert all(e.case_id != case.case_id for one in shown.classes for e in one.examples)


def test_without_its_suite_the_page_has_no_text_and_says_so(run: Run, shown: Shown) -> None:
    """Notes of other gold are never put beside these codes."""
    page = report_page([shown._replace(encounters={})])
    assert "the notes are not shown" in page
    assert "stage 3a kidney disease" not in page


def test_the_same_runs_give_the_same_page(shown: Shown, page: str) -> None:
    """Nothing of the clock or of the order of a set is in it."""
    assert report_page([shown]) == page
    assert report_page([shown, shown]).count('<main id="run-') == 2


def test_plots_are_whole_and_stay_inside_their_frame(run: Run) -> None:
    """Every drawing parses as XML, also of a run that answered nothing."""
    nothing = run_of([scored("I10", "", "one"), scored("J44.1", "", "two")])
    for one in (run, nothing):
        calibration = one.summary.calibration
        drawings = [
            plots.waterfall(one.ledger),
            plots.reliability(calibration),
            plots.coverage_risk(calibration),
            plots.bars(one.summary.by_specialty.items(), 0.92),
        ]
        for drawing in drawings:
            svg = ET.fromstring(drawing)
            width, height = map(float, svg.attrib["viewBox"].split()[2:])
            for box in svg.iter("rect"):
                assert 0 <= float(box.attrib["x"]) + float(box.attrib["width"]) <= width
                assert 0 <= float(box.attrib["y"]) + float(box.attrib["height"]) <= height


def test_each_failure_is_in_one_class() -> None:
    """Assertion before detail before combination before forbidden before section; the lost side by chapter."""
    encounters = [
        scored("E11.22", "E11.9", "detail"),
        scored("I11.0 I50.22", "I10 I50.22", "combination"),
        scored("J44.1", "J44.1 N18.31", "section"),
        scored("J44.1", "J44.1 N18.31", "negated"),
        scored("J44.1", "J44.1 N18.31", "forbidden", must_not=("N18",), must_not_answered=("N18",)),
    ]
    details = {
        "section": {"section": "past_medical_history", "assertion": "present"},
        "negated": {"assertion": "negated"},
    }
    pairs = [(e, ledger_of(e, wrong=details.get(e.case_id, {}))) for e in encounters]
    found = {(c.side, c.stage, c.kind): c for c in failure_classes(pairs, CombinationTable())}
    assert {key: one.codes for key, one in found.items()} == {
        ("lost", Stage.CANDIDATES, "other detail"): 1,
        ("lost", Stage.CANDIDATES, "chapter 9"): 1,
        ("wrong", Stage.CHOSEN, "other detail"): 1,
        ("wrong", Stage.CHOSEN, "part of a combination"): 1,
        ("wrong", Stage.CHOSEN, "section past medical history"): 1,
        ("wrong", Stage.CHOSEN, "negated"): 1,
        ("wrong", Stage.CHOSEN, "must not"): 1,
    }
    assert sum(one.share for one in found.values()) == pytest.approx(1.0)
    assert found["lost", Stage.CANDIDATES, "other detail"].examples[0].beside == "E11.9"
    assert found["wrong", Stage.CHOSEN, "must not"].forbidden == 1


def test_a_class_shows_its_most_frequent_codes_first() -> None:
    """Three at most, one encounter each."""
    encounters = [scored("J44.1 N18.31", "", f"b-{n}") for n in range(2)] + [scored("I10 J44.1 E11.9 Z79.4", "", "a")]
    pairs = [(e, ledger_of(e)) for e in encounters]
    found = {c.kind: c for c in failure_classes(pairs, CombinationTable())}
    assert [(e.code, e.case_id) for e in found["chapter 10"].examples] == [("J44.1", "a")]
    assert failure_classes(pairs, CombinationTable())[0].kind == "chapter 10"


def test_comparing_names_the_cases_that_changed(run: Run) -> None:
    """What was found, what is wrong now: the largest change first."""
    after = [e.scored for e in run.encounters if e.case_id != "detail"] + [scored("E11.22", "E11.22", "detail")]
    found = compared_runs(run, run_of(after, Path("later")))
    (change,) = found.cases
    assert (change.case_id, change.before, change.after, change.found, change.mended) == (
        "detail",
        2,
        0,
        ("E11.22",),
        ("E11.9",),
    )
    assert found.comparison.metrics["micro_recall"].difference == pytest.approx(0.2)
    console = Console(width=160, file=io.StringIO(), record=True)
    console.print(terminal.compared(found, 5))
    assert re.search(r"Better: 1 cases\s+Case .*\s+detail +2 → 0", console.export_text())


def test_runs_over_other_gold_are_not_compared(run: Run) -> None:
    """A difference would say nothing."""
    other = run.record.dataset.model_copy(update={"digest": "e" * 64})
    with pytest.raises(InputError, match="different gold"):
        compared_runs(run, run._replace(record=run.record.model_copy(update={"dataset": other})))


def test_notes_are_shown_only_while_the_gold_is_the_same(tmp_path: Path, run: Run, case: CodedEncounter) -> None:
    """The report finds the gold of the run again by itself; where it has changed there is no text."""
    suite = tmp_path / "suite.jsonl"
    suite.write_text(case.model_dump_json() + "\n", encoding="utf-8")
    choice = SuiteChoice(suite=str(suite))
    dataset = run.record.dataset.model_copy(update={"choice": choice, "digest": load_chosen(choice).digest})
    folder = stored(run._replace(folder=tmp_path / "run", record=run.record.model_copy(update={"dataset": dataset})))
    assert set(show_run(folder).encounters) == {case.case_id}
    suite.write_text(case.model_copy(update={"specialty": "cardiology"}).model_dump_json() + "\n", encoding="utf-8")
    assert show_run(folder).encounters == {}


def test_the_commands_show_and_compare(tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Report with its page, report and comparison as JSON."""
    folder, target = stored(run._replace(folder=tmp_path / "nightly")), tmp_path / "report.html"
    assert _exit_code(["eval", "report", str(folder), "--html", str(target)]) == 0
    said = capsys.readouterr()
    assert "Where gold codes are lost" in said.out
    assert "notes cannot be shown" in said.err
    assert "<title>nightly · Chartwright</title>" in target.read_text(encoding="utf-8")
    assert _exit_code(["eval", "report", str(folder), "--json"]) == 0
    assert capsys.readouterr().out == run.record.model_dump_json() + "\n"
    assert _exit_code(["eval", "compare", str(folder), str(folder), "--json"]) == 0
    assert '"cases":[]' in capsys.readouterr().out
    assert _exit_code(["eval", "report", str(tmp_path / "none")]) == 2
