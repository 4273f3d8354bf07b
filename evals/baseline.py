"""Baselines: the leading figures of a run with commit and date, small enough to be kept beside the code."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import AwareDatetime

from evals.metric_paths import estimate_at
from evals.run_record import Run
from medcoding.errors import InputError
from medcoding.parsing import parse_record
from medcoding.record import Record
from medcoding.result import Stamp

BASELINES: Final = Path(__file__).parent / "baselines"

KEPT: Final = (
    "together.micro.precision", "together.micro.recall", "together.micro.f1", "category.f1", "exact.set",
    "exact.set_and_first", "exact.ordered", "specificity.specific", "specificity.under", "specificity.over",
    "first_right", "order_tau", "poa", "evidence.token.f1", "evidence.substring.f1", "must_not_codes",
    "calibration.ece", "calibration.brier", "cost.latency_p50_ms", "cost.latency_p95_ms",
    "ledger.mention", "ledger.selected", "ledger.candidates", "ledger.chosen", "ledger.reconciled", "ledger.guardrails",
    "ledger.final",
)  # fmt: skip
"""Names of the figures that are kept (`evals.metric_paths`)."""


class Baseline(Record):
    """The figures of one commit on one dataset."""

    dataset: str
    digest: str
    encounters: int
    commit: str
    date: AwareDatetime
    stamp: Stamp
    metrics: dict[str, float | None]


def baseline_of(run: Run) -> Baseline:
    """The figures of a whole run. Raises `InputError` for a run over a part of its dataset."""
    record = run.record
    if record.finished is None or not record.is_whole:
        raise InputError(f"The run in {run.folder} took only a part of its dataset; run the whole set for a baseline.")
    return Baseline(
        dataset=record.dataset.name,
        digest=record.dataset.digest,
        encounters=run.summary.encounters,
        commit=record.commit,
        date=record.finished,
        stamp=record.stamp,
        metrics={name: _rounded(estimate_at(name, run.summary, run.ledger).value) for name in KEPT},
    )


def store(baseline: Baseline, folder: Path = BASELINES) -> Path:
    """Write it under its dataset's name; an earlier one of the same dataset stays in the history of the file."""
    path = folder / f"{baseline.dataset.replace('/', '-')}.json"
    try:
        path.write_text(baseline.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); name another folder.") from None
    return path


def stored(digest: str, folder: Path = BASELINES) -> Baseline | None:
    """The baseline of exactly this dataset, the latest where there are several; None without one."""
    every = [parse_record(Baseline, path.read_bytes(), path.name) for path in sorted(folder.glob("*.json"))]
    return max((one for one in every if one.digest == digest), key=lambda one: one.date, default=None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
