"""Two runs over the same encounters, compared metric by metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evals import metrics
from evals.bootstrap import LEVEL, RESAMPLES, SEED, Difference, Resampler
from evals.metrics import Metric, on_sets
from evals.scores import ScoredEncounter, by_case
from evals.specificity import Detail
from medcoding.errors import InputError
from medcoding.record import Record

COMPARED: Final[tuple[tuple[str, Metric], ...]] = (
    ("micro_precision", on_sets(metrics.every_code, metrics.precision)),
    ("micro_recall", on_sets(metrics.every_code, metrics.recall)),
    ("micro_f1", on_sets(metrics.every_code, metrics.f1)),
    ("encounter_f1", on_sets(metrics.every_code, metrics.f1, own=True)),
    ("category_f1", on_sets(metrics.categories, metrics.f1)),
    ("exact_set", metrics.exact_set),
    ("exact_set_and_first", metrics.exact_set_and_first),
    ("exact_ordered", metrics.exact_ordered),
    ("first_right", metrics.first_right),
    ("order_tau", metrics.order_tau),
    ("poa", metrics.poa_right),
    ("specific", metrics.with_detail(Detail.EXACT)),
    ("under_specified", metrics.with_detail(Detail.UNDER)),
    ("over_specified", metrics.with_detail(Detail.OVER)),
    ("evidence_token_f1", metrics.token_f1),
    ("evidence_substring_f1", metrics.quote_f1),
    ("must_not_codes", metrics.must_not_codes),
    ("brier", metrics.brier),
    ("money_per_encounter", metrics.money),
)
"""What two runs are compared by."""


class RunComparison(Record):
    """Two runs over the same encounters, metric by metric; the second less the first."""

    encounters: int
    level: float
    resamples: int
    seed: int
    metrics: dict[str, Difference]


def compare_runs(
    first: Sequence[ScoredEncounter],
    second: Sequence[ScoredEncounter],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> RunComparison:
    """Paired by `case_id`, over encounters. Raises `InputError` unless both runs hold the same cases."""
    before, after = by_case(first), by_case(second)
    if [e.case_id for e in before] != [e.case_id for e in after]:
        raise InputError("The two runs hold different encounters; compare runs over the same suite.")
    resampler = Resampler(len(before), resamples, seed)
    differences = {
        name: resampler.difference([metric(e) for e in before], [metric(e) for e in after]) for name, metric in COMPARED
    }
    return RunComparison(encounters=len(before), level=LEVEL, resamples=resamples, seed=seed, metrics=differences)
