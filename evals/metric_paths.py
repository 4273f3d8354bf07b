"""Figures by name, as gates and baselines call them: `exact.set`, `by_setting.ed.micro.f1`, `ledger.candidates`.

A name is the way to an `Estimate` through `MetricsReport` field by field; `ledger.<stage>` is the share of gold codes
that reached a stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evals.bootstrap import Estimate
from evals.ledger import STAGES
from evals.metrics_report import MetricsReport
from evals.stage_totals import StageTotals
from medcoding.errors import InputError
from medcoding.record import Record

_LEDGER: Final = "ledger."
_SHARES_OF_ENCOUNTERS: Final = frozenset({"missing", "first_right", "must_not_encounters"})


def estimate_at(path: str, summary: MetricsReport, ledger: StageTotals) -> Estimate:
    """The figure of that name. Raises `InputError` when there is none in this run."""
    if path.startswith(_LEDGER):
        return _ledger_share(path, ledger)
    here: object = summary
    for step in path.split("."):
        if step not in _steps(here):
            known = ", ".join(sorted(_steps(here))) or "nothing"
            raise InputError(f"The run has no metric {path}: {step} is not among {known}.")
        here = here[step] if isinstance(here, Mapping) else getattr(here, step)
    if not isinstance(here, Estimate):
        raise InputError(f"{path} names a group of metrics; go on with one of {', '.join(sorted(_steps(here)))}.")
    return here


def counts_encounters(path: str) -> bool:
    """True for shares in which every encounter has one vote, so that an exact bound holds (independent trials)."""
    steps = path.split(".")
    return steps[0] in {"exact", "exact_by_codes"} or steps[-1] == "exact_set" or path in _SHARES_OF_ENCOUNTERS


def _ledger_share(path: str, ledger: StageTotals) -> Estimate:
    name = path.removeprefix(_LEDGER)
    for total in ledger.stages:
        if total.stage == name:
            return total.share
    raise InputError(f"The ledger has no stage {name}; name one of {', '.join(STAGES)}.")


def _steps(place: object) -> frozenset[str]:
    if isinstance(place, Mapping):
        return frozenset(map(str, place))
    return frozenset(type(place).model_fields) if isinstance(place, Record) else frozenset()
