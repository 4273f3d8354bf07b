"""The figures of a report: what is shown, beside which target, which human ceiling and which baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from evals.baseline import Baseline
from evals.bootstrap import Estimate
from evals.gate import Gate, Threshold
from evals.metric_paths import estimate_at
from evals.metrics_report import ExactMatch, GroupScores
from evals.run_record import Run

HUMANS: Final[Mapping[str, float]] = {"together.micro.f1": 0.575}
HUMANS_SOURCE: Final = (
    "People: 57.5 % in a national coding contest, published; other records than these, so for scale only."
)

_NAMES: Final = (
    ("Precision", "together.micro.precision"),
    ("Recall", "together.micro.recall"),
    ("F1", "together.micro.f1"),
    ("F1 of categories", "category.f1"),
    ("Exact set", "exact.set"),
    ("Exact set and first code", "exact.set_and_first"),
    ("Exact in order", "exact.ordered"),
    ("Specific as documented", "specificity.specific"),
    ("Less specific", "specificity.under"),
    ("More specific", "specificity.over"),
    ("First code right", "first_right"),
    ("Order (tau)", "order_tau"),
    ("Present on admission", "poa"),
    ("Evidence F1 by quote", "evidence.substring.f1"),
    ("Evidence F1 by word", "evidence.token.f1"),
    ("Forbidden codes answered", "must_not_codes"),
    ("Calibration error (ECE)", "calibration.ece"),
    ("No answer", "missing"),
)
_BEFORE: Final = ("Calibration error before calibration", "uncalibrated.ece")
_TIMES: Final = (("p50", "cost.latency_p50_ms"), ("p95", "cost.latency_p95_ms"))


class Figure(NamedTuple):
    """One line of the table of figures."""

    name: str
    estimate: Estimate
    target: str
    """In percent; empty where none is set."""
    met: bool | None
    """Whether the figure itself clears the target; None without one or unscored."""
    human: float | None
    baseline: float | None


class Group(NamedTuple):
    """One line of a table of groups."""

    name: str
    encounters: int
    gold: int | None
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    exact: Estimate | None


class GroupTable(NamedTuple):
    """The figures of every group of one kind."""

    title: str
    groups: tuple[Group, ...]


def figures(run: Run, baseline: Baseline | None, targets: Gate) -> tuple[Figure, ...]:
    """The leading figures."""
    names = (*_NAMES, _BEFORE) if run.summary.uncalibrated else _NAMES
    return tuple(_figure(name, path, run, baseline, targets) for name, path in names)


def latencies(run: Run) -> tuple[tuple[str, Estimate], ...]:
    """Milliseconds of an encounter at the middle and at the slow end."""
    return tuple((name, estimate_at(path, run.summary, run.ledger)) for name, path in _TIMES)


def group_tables(run: Run) -> tuple[GroupTable, ...]:
    """By setting, number of gold codes, specialty (the most frequent first) and chapter."""
    summary = run.summary
    specialties = sorted(summary.by_specialty.items(), key=lambda item: (-item[1].encounters, item[0]))
    return (
        GroupTable("By setting", _groups(summary.by_setting.items())),
        GroupTable("By number of gold codes", tuple(_bucket(n, e) for n, e in summary.exact_by_codes.items())),
        GroupTable("By specialty", _groups(specialties)),
        GroupTable("By chapter", _groups(summary.by_chapter.items())),
    )


def _figure(name: str, path: str, run: Run, baseline: Baseline | None, gate: Gate) -> Figure:
    estimate = estimate_at(path, run.summary, run.ledger)
    target = gate.of(path)
    return Figure(
        name=name,
        estimate=estimate,
        target=_in_percent(target) if target else "",
        met=target.is_cleared_by(estimate.value) if target and estimate.value is not None else None,
        human=HUMANS.get(path),
        baseline=baseline.metrics.get(path) if baseline else None,
    )


def _in_percent(target: Threshold) -> str:
    return f"> {100 * target.above:g}" if target.above is not None else f"< {100 * (target.below or 0.0):g}"


def _groups(named: Iterable[tuple[str, GroupScores]]) -> tuple[Group, ...]:
    return tuple(
        Group(name, g.encounters, g.gold, g.micro.precision, g.micro.recall, g.micro.f1, g.exact_set)
        for name, g in named
    )


def _bucket(name: str, exact: ExactMatch) -> Group:
    return Group(name, exact.encounters, None, None, None, None, exact.set)
