"""Does a run clear its thresholds? For continuous integration, and before a hospital goes live.

A gate is a TOML file:

    least_encounters = 100
    [[thresholds]]
    metric = "together.micro.precision"   # see `evals.metric_paths`
    above = 0.94                          # or `below`; one of the two
    bound = "value"                       # or "safe", or "exact"

`value` compares the figure itself; `safe` the end of its 95 % interval on the strict side (so one-sided 97.5 %);
`exact` the one-sided 95 % bound of Clopper and Pearson, for shares in which every encounter has one vote.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Literal, Self

import orjson
from pydantic import model_validator

from evals.bootstrap import Estimate, lower_bound, upper_bound
from evals.metric_paths import counts_encounters, estimate_at
from evals.run_record import Run
from medcoding.errors import InputError
from medcoding.parsing import parse_record
from medcoding.record import Record

GATES: Final = Path(__file__).parent / "gates"


class Threshold(Record):
    """What one metric must clear; strictly, so that the figure itself is not enough."""

    metric: str
    above: float | None = None
    below: float | None = None
    bound: Literal["value", "safe", "exact"] = "value"

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if (self.above is None) is (self.below is None):
            raise ValueError("give either above or below")
        if self.bound == "exact" and not counts_encounters(self.metric):
            raise ValueError("an exact bound needs a share of encounters; use safe")
        return self

    def is_cleared_by(self, value: float) -> bool:
        """Whether the value lies strictly on the right side."""
        return value > self.above if self.above is not None else value < (self.below or 0.0)

    @property
    def shown(self) -> str:
        """As a report shows it."""
        return f"> {self.above:g}" if self.above is not None else f"< {self.below:g}"


class Gate(Record):
    """A named list of thresholds."""

    name: str
    suite: str | None = None
    """Name of the dataset that the thresholds were set on; a run over another does not pass."""
    least_encounters: int = 1
    most_failed: float = 0.0
    """Share of encounters that may lack an answer."""
    thresholds: tuple[Threshold, ...]

    def of(self, metric: str) -> Threshold | None:
        """The first threshold of a metric."""
        return next((t for t in self.thresholds if t.metric == metric), None)


def read_gate(path: Path) -> Gate:
    """A gate from its file, or a shipped one by its name. Raises `InputError` that names what is wrong."""
    shipped = GATES / f"{path}.toml"
    file = shipped if not path.exists() and shipped.exists() else path
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return parse_record(Gate, orjson.dumps(content), file.name)
    except OSError as error:
        names = ", ".join(sorted(gate.stem for gate in GATES.glob("*.toml")))
        raise InputError(f"{path} cannot be read ({error.strerror}); name a file or one of {names}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as fault:
        raise InputError(
            f"{file.name} is not valid TOML ({type(fault).__name__}); see evals/gates/go_live.toml."
        ) from None


def faults(run: Run, gate: Gate) -> tuple[str, ...]:
    """One sentence for each threshold that the run does not clear; none when it passes."""
    return (*_of_the_run(run, gate), *(fault for t in gate.thresholds for fault in _of_threshold(run, t)))


def _of_the_run(run: Run, gate: Gate) -> list[str]:
    found = []
    missing = run.summary.missing.value or 0.0
    if gate.suite is not None and run.record.dataset.name != gate.suite:
        found.append(f"The run is over {run.record.dataset.name} and the gate {gate.name} is for {gate.suite}.")
    if not run.record.is_whole:
        found.append(
            f"The run took {run.record.wanted} of {run.record.dataset.encounters} encounters; run the whole set."
        )
    if run.summary.encounters < gate.least_encounters:
        found.append(f"The run has {run.summary.encounters} encounters; at least {gate.least_encounters} are needed.")
    if missing > gate.most_failed:
        found.append(
            f"{run.record.failed} encounters have no answer ({missing:.1%}); at most {gate.most_failed:.1%} may."
        )
    return found


def _of_threshold(run: Run, threshold: Threshold) -> list[str]:
    estimate = estimate_at(threshold.metric, run.summary, run.ledger)
    value = _bounded(estimate, threshold)
    name = threshold.metric if threshold.bound == "value" else f"The {threshold.bound} bound of {threshold.metric}"
    if value is None:
        return [f"{name} is unscored in this run and has to be {threshold.shown}."]
    return [] if threshold.is_cleared_by(value) else [f"{name} is {value:.4g} and has to be {threshold.shown}."]


def _bounded(estimate: Estimate, threshold: Threshold) -> float | None:
    if threshold.bound == "value":
        return estimate.value
    rising = threshold.above is not None
    if threshold.bound == "safe":
        return estimate.low if rising else estimate.high
    if estimate.numerator is None or estimate.denominator is None:
        return None
    bound = lower_bound if rising else upper_bound
    return bound(round(estimate.numerator), round(estimate.denominator))
