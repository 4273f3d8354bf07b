"""A run with what a report shows beside it, and how its figures are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from evals.baseline import Baseline, stored
from evals.bootstrap import Estimate
from evals.gate import Gate, read_gate
from evals.run_record import Run, read_run
from evals.suite_choice import load_chosen
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError


class Shown(NamedTuple):
    """A run with what a report shows beside it."""

    run: Run
    encounters: Mapping[str, CodedEncounter]
    """By case id; empty where the suite is not at hand."""
    baseline: Baseline | None
    targets: Gate


def show_run(folder: Path) -> Shown:
    """A finished run, its gold as far as it is still the same, its baseline, and the targets for going live."""
    run = read_run(folder)
    return Shown(run, _encounters(run), stored(run.record.dataset.digest), read_gate(Path("go_live")))


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
