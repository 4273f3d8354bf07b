"""A run with what a report shows beside it, and how its figures are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from evals.baseline import Baseline, stored
from evals.bootstrap import Estimate
from evals.failure_classes import SHOWN, FailureClass
from evals.gate import Gate, read_gate
from evals.run_record import Run, read_run
from evals.suite_choice import SuiteChoice, load_chosen
from evals.suites import load_suite, suite_parts
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError

HELD_OUT: Final = "held_out"
"""The name of a part of a suite that is only ever scored."""


class Shown(NamedTuple):
    """A run with what a report shows beside it."""

    run: Run
    encounters: Mapping[str, CodedEncounter]
    """By case id; empty where the suite is not at hand."""
    baseline: Baseline | None
    targets: Gate
    held_out: frozenset[str] = frozenset()
    """Cases that are only ever scored: nobody is to learn from them, so no report shows one by itself."""

    @property
    def classes(self) -> tuple[FailureClass, ...]:
        """The largest classes of failure, without examples that are held out."""
        return tuple(
            one.model_copy(update={"examples": tuple(e for e in one.examples if e.case_id not in self.held_out)})
            for one in self.run.record.failure_classes[:SHOWN]
        )


def show_run(folder: Path) -> Shown:
    """A finished run, its gold as far as it is still the same, its baseline, and the targets for going live."""
    run = read_run(folder)
    held_out = held_out_cases(run.record.dataset.choice)
    encounters = {case_id: one for case_id, one in _encounters(run).items() if case_id not in held_out}
    return Shown(run, encounters, stored(run.record.dataset.digest), read_gate(Path("go_live")), held_out)


def held_out_cases(choice: SuiteChoice) -> frozenset[str]:
    """Cases of the suite's held-out part, where it has one: no report shows one by itself."""
    try:
        if choice.form is not None or HELD_OUT not in suite_parts(choice.suite):
            return frozenset()
        return frozenset(encounter.case_id for encounter in load_suite(choice.suite, HELD_OUT).encounters)
    except InputError:
        return frozenset()


def _encounters(run: Run) -> Mapping[str, CodedEncounter]:
    """Notes of other gold than the run's would stand beside the wrong codes: then there are none."""
    try:
        gold = load_chosen(run.record.dataset.choice)
    except InputError:
        return {}
    if gold.digest != run.record.dataset.digest:
        return {}
    return {encounter.case_id: encounter for encounter in gold.encounters}


def percent(value: float | None) -> str:
    """A share in percent; unscored is not zero."""
    return "unscored" if value is None else f"{100 * value:.1f}"


def between(estimate: Estimate) -> str:
    """The 95 % interval of a share, in percent."""
    return "" if estimate.low is None or estimate.high is None else f"{percent(estimate.low)}–{percent(estimate.high)}"
