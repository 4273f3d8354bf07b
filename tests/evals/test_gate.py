"""Gates: what passes, what does not, and the sentence that says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartwright.cli import _exit_code
from evals.baseline import baseline_of, store
from evals.baseline import stored as stored_baseline
from evals.gate import GATES, Gate, Threshold, faults, read_gate
from evals.metric_paths import estimate_at
from evals.run_record import Run
from medcoding.errors import InputError
from tests.evals.runs import DIGEST, run_of, stored
from tests.evals.scored_encounters import scored


@pytest.fixture
def run() -> Run:
    """Ten encounters of two codes, nine answered exactly, one with a code missing and one too many."""
    exact = [scored("I10 J44.1", "I10 J44.1", f"exact-{n}") for n in range(9)]
    return run_of([*exact, scored("I10 N18.31", "I10 E11.9", "other")])


def gate(*thresholds: Threshold, **changes: object) -> Gate:
    """A gate of these thresholds."""
    return Gate.model_validate({"name": "test", "thresholds": thresholds, **changes})


def test_a_run_that_clears_every_threshold_has_no_fault(run: Run) -> None:
    """19 of 20 codes are right on either side, 9 of 10 sets match."""
    cleared = gate(
        Threshold(metric="together.micro.precision", above=0.94),
        Threshold(metric="exact.set", above=0.89),
        Threshold(metric="missing", below=0.01),
        Threshold(metric="ledger.mention", above=0.99),
        Threshold(metric="by_setting.outpatient.micro.f1", above=0.9),
    )
    assert faults(run, cleared) == ()


def test_a_threshold_is_strict(run: Run) -> None:
    """The user asks for more than .90; .90 is not more."""
    found = faults(run, gate(Threshold(metric="exact.set", above=0.9)))
    assert found == ("exact.set is 0.9 and has to be > 0.9.",)
    assert faults(run, gate(Threshold(metric="exact.set", below=0.9))) == ("exact.set is 0.9 and has to be < 0.9.",)


def test_the_exact_bound_is_that_of_clopper_and_pearson(run: Run) -> None:
    """9 of 10 promise 60.6 % with 95 % confidence (tables), not 90 %."""
    exact = Threshold(metric="exact.set", above=0.61, bound="exact")
    assert faults(run, gate(exact)) == ("The exact bound of exact.set is 0.6058 and has to be > 0.61.",)
    assert faults(run, gate(exact.model_copy(update={"above": 0.6}))) == ()
    upper = Threshold(metric="missing", below=0.25, bound="exact")
    assert faults(run, gate(upper)) == ("The exact bound of missing is 0.2589 and has to be < 0.25.",)


def test_the_safe_bound_takes_the_end_of_the_interval(run: Run) -> None:
    """The low end for what has to be high, the high end for what has to be low."""
    recall = run.summary.together.micro.recall
    assert recall.low is not None
    assert (recall.value, recall.low < 0.9) == (0.95, True)
    rising = Threshold(metric="together.micro.recall", above=0.9, bound="safe")
    assert len(faults(run, gate(rising))) == 1
    assert faults(run, gate(rising.model_copy(update={"above": recall.low - 0.01}))) == ()


def test_an_exact_bound_of_codes_is_refused() -> None:
    """The codes of one encounter succeed and fail together: no exact bound holds for them."""
    with pytest.raises(ValueError, match="share of encounters"):
        Threshold(metric="together.micro.precision", above=0.9, bound="exact")


def test_what_is_unscored_does_not_pass(run: Run) -> None:
    """No inpatient stay, so no figure for POA: neither a high nor a low bar is cleared."""
    for bar in (Threshold(metric="poa", above=0.0), Threshold(metric="poa", below=1.0)):
        (fault,) = faults(run, gate(bar))
        assert fault.startswith("poa is unscored")


def test_a_run_over_a_part_of_the_set_does_not_pass(run: Run) -> None:
    """Nor one over another set, nor a small one, nor one with missing answers: each has its sentence."""
    part = run._replace(
        record=run.record.model_copy(update={"dataset": run.record.dataset.model_copy(update={"encounters": 50})})
    )
    assert faults(part, gate()) == ("The run took 10 of 50 encounters; run the whole set.",)
    assert faults(run, gate(suite="encounters")) == ("The run is over rules and the gate test is for encounters.",)
    assert faults(run, gate(least_encounters=11)) == ("The run has 10 encounters; at least 11 are needed.",)
    failed = run_of([scored("I10", "I10", "one"), scored("I10", None, "two")])
    assert faults(failed, gate()) == ("1 encounters have no answer (50.0%); at most 0.0% may.",)
    assert faults(failed, gate(most_failed=0.5)) == ()


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        ("together.micro.presision", "presision is not among f1, precision, recall"),
        ("together.micro", "names a group of metrics; go on with one of f1, precision, recall"),
        ("ledger.thinking", "no stage thinking"),
        ("exact.set.value.real", "value"),
        ("by_setting.hospice.micro.f1", "hospice is not among outpatient"),
    ],
)
def test_a_metric_that_is_not_there_is_named_with_those_that_are(run: Run, metric: str, sentence: str) -> None:
    """A gate with a slip of the pen never passes in silence."""
    with pytest.raises(InputError, match=sentence):
        faults(run, gate(Threshold(metric=metric, above=0.5)))


@pytest.mark.parametrize("path", sorted(GATES.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_gates_name_metrics_that_exist(path: Path, run: Run) -> None:
    """Every threshold can be looked up in a run."""
    shipped = read_gate(path)
    assert shipped.thresholds
    for threshold in shipped.thresholds:
        estimate_at(threshold.metric, run.summary, run.ledger)


def test_going_live_asks_for_the_targets() -> None:
    """Precision > .94, recall > .91, F1 > .92, exact match > .78, specificity > .88."""
    asked = {t.metric.rsplit(".", 1)[-1]: t.above for t in read_gate(Path("go_live")).thresholds}
    assert asked == {"precision": 0.94, "recall": 0.91, "f1": 0.92, "set": 0.78, "specific": 0.88}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"\n[[thresholds]]\nmetric = "exact.set"\n', "either above or below"),
        ('name = "x"\n[[thresholds]]\nmetric = "exact.set"\nabove = "high"\n', "thresholds.0.above"),
        ('name = "x"\n', "thresholds: Field required"),
        (b"\xff\xfe".decode("latin-1"), "not valid TOML"),
    ],
)
def test_a_wrong_gate_file_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    """It names what is wrong."""
    path = tmp_path / "gate.toml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match=sentence):
        read_gate(path)


def test_the_command_ends_with_4_and_a_sentence_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], run: Run
) -> None:
    """0 when every threshold is cleared; 2 when there is no such gate or no run."""
    folder = stored(run._replace(folder=tmp_path / "nightly"))
    path = tmp_path / "gate.toml"
    path.write_text(
        'name = "g"\n[[thresholds]]\nmetric = "exact.set"\nabove = 0.95\n[[thresholds]]\nmetric = "poa"\nabove = 0.5\n'
    )
    assert _exit_code(["eval", "gate", str(folder), "--thresholds", str(path)]) == 4
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "exact.set is 0.9 and has to be > 0.95.",
        "poa is unscored in this run and has to be > 0.5.",
    ]
    path.write_text('name = "g"\n[[thresholds]]\nmetric = "exact.set"\nabove = 0.85\n')
    assert _exit_code(["eval", "gate", str(folder), "--thresholds", str(path)]) == 0
    assert capsys.readouterr().out == "nightly clears g: all 1 thresholds.\n"
    assert _exit_code(["eval", "gate", str(folder), "--thresholds", str(tmp_path / "none.toml")]) == 2
    assert "ci, go_live" in capsys.readouterr().err
    assert _exit_code(["eval", "gate", str(tmp_path), "--thresholds", str(path)]) == 2


def test_a_baseline_is_found_by_its_dataset(tmp_path: Path, run: Run) -> None:
    """The one of the same gold, and no other."""
    store(baseline_of(run), tmp_path)
    found = stored_baseline(DIGEST, tmp_path)
    assert found is not None
    assert (found.commit, found.encounters, found.metrics["exact.set"], found.metrics["poa"]) == ("abc", 10, 0.9, None)
    assert stored_baseline("e" * 64, tmp_path) is None


def test_a_part_of_a_dataset_is_no_baseline(run: Run) -> None:
    """A limited run would look like a better or a worse product."""
    with pytest.raises(InputError, match="whole set"):
        baseline_of(run._replace(record=run.record.model_copy(update={"wanted": 5})))
