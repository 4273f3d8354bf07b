"""Every metric over a set of scored encounters, with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from evals import metrics
from evals.bootstrap import LEVEL, RESAMPLES, SEED, Estimate, Resampler
from evals.calibration import before_calibration, calibration
from evals.macro import macro_over_codes
from evals.metrics import NOTHING, Metric, View, on_sets
from evals.metrics_report import (
    CodeScores,
    CostScores,
    EvidenceScores,
    ExactMatch,
    GroupScores,
    InvalidGold,
    MetricsReport,
    PrecisionRecallF1,
    RouteScores,
    Specificity,
)
from evals.scores import ScoredEncounter, by_case
from evals.specificity import Detail
from medcoding.codes import CodeSystem
from medcoding.result import Route

BUCKETS: Final = (("0", 0, 0), ("1", 1, 1), ("2-3", 2, 3), ("4-6", 4, 6), ("7-10", 7, 10), ("11+", 11, 10_000))
"""Number of gold codes: name, least, most. Encounters where nothing is to be coded have their own."""
UNNAMED: Final = "not named"


def summarise(scored: Sequence[ScoredEncounter], resamples: int = RESAMPLES, seed: int = SEED) -> MetricsReport:
    """All metrics with 95 % intervals; the order of the encounters does not change a value.

    Raises `InputError` where there is no encounter or a case stands there twice.
    """
    ordered = by_case(scored)
    return _Figures(ordered, Resampler(len(ordered), resamples, seed)).report()


class _Figures:
    """The encounters and the draws that every figure of one report shares."""

    def __init__(self, scored: Sequence[ScoredEncounter], resampler: Resampler) -> None:
        self._scored = scored
        self._resampler = resampler

    def report(self) -> MetricsReport:
        """All of it."""
        return MetricsReport(
            encounters=len(self._scored),
            missing=self._ratio(metrics.missing_answer),
            invalid_gold=tuple(InvalidGold(case_id=e.case_id, code=c) for e in self._scored for c in e.invalid_gold),
            level=LEVEL,
            resamples=self._resampler.resamples,
            seed=self._resampler.seed,
            together=self._codes(metrics.every_code),
            by_system={s.value: self._codes(metrics.of_system(s)) for s in CodeSystem if self._occurs(s)},
            category=self._micro(metrics.categories),
            exact=self._exact(lambda _: True),
            exact_by_codes=self._exact_by_codes(),
            specificity=self._specificity(),
            evidence=self._evidence(),
            first_right=self._ratio(metrics.first_right),
            order_tau=self._ratio(metrics.order_tau),
            poa=self._ratio(metrics.poa_right),
            calibration=calibration(self._scored, self._resampler),
            uncalibrated=calibration(before_calibration(self._scored), self._resampler),
            routes={r.value: self._route(r) for r in Route},
            must_not_codes=self._ratio(metrics.must_not_codes),
            must_not_encounters=self._ratio(metrics.must_not_encounters),
            cost=self._cost(),
            by_specialty=self._groups(lambda e: e.specialty or UNNAMED),
            by_setting=self._groups(lambda e: e.setting.value),
            by_chapter=self._chapters(),
        )

    def _ratio(self, metric: Metric, within: Callable[[ScoredEncounter], bool] = lambda _: True) -> Estimate:
        """Encounters outside keep their place and add nothing: a group's size is drawn again too."""
        return self._resampler.ratio([metric(e) if within(e) else NOTHING for e in self._scored])

    def _micro(
        self, view: View, within: Callable[[ScoredEncounter], bool] = lambda _: True, *, own: bool = False
    ) -> PrecisionRecallF1:
        return PrecisionRecallF1(
            precision=self._ratio(on_sets(view, metrics.precision, own=own), within),
            recall=self._ratio(on_sets(view, metrics.recall, own=own), within),
            f1=self._ratio(on_sets(view, metrics.f1, own=own), within),
        )

    def _codes(self, view: View) -> CodeScores:
        sets = [view(e) for e in self._scored]
        over_codes = macro_over_codes(sets, self._resampler)
        return CodeScores(
            gold=sum(len(s.gold) for s in sets),
            answered=sum(len(s.answered) for s in sets),
            right=sum(len(s.right) for s in sets),
            micro=self._micro(view),
            over_encounters=self._micro(view, own=True),
            over_codes=PrecisionRecallF1(precision=over_codes.precision, recall=over_codes.recall, f1=over_codes.f1),
        )

    def _occurs(self, system: CodeSystem) -> bool:
        return any(c.system is system for e in self._scored for c in (*e.gold, *e.answer))

    def _exact(self, within: Callable[[ScoredEncounter], bool]) -> ExactMatch:
        return ExactMatch(
            encounters=sum(map(within, self._scored)),
            set=self._ratio(metrics.exact_set, within),
            set_and_first=self._ratio(metrics.exact_set_and_first, within),
            ordered=self._ratio(metrics.exact_ordered, within),
        )

    def _exact_by_codes(self) -> dict[str, ExactMatch]:
        return {
            name: self._exact(within)
            for name, least, most in BUCKETS
            for within in [_with_gold_codes(least, most)]
            if any(map(within, self._scored))
        }

    def _specificity(self) -> Specificity:
        return Specificity(
            specific=self._ratio(metrics.with_detail(Detail.EXACT)),
            under=self._ratio(metrics.with_detail(Detail.UNDER)),
            over=self._ratio(metrics.with_detail(Detail.OVER)),
            other=self._ratio(metrics.with_detail(Detail.OTHER)),
        )

    def _evidence(self) -> EvidenceScores:
        return EvidenceScores(
            codes=sum(len(e.overlaps) for e in self._scored),
            token=PrecisionRecallF1(
                precision=self._ratio(metrics.token_precision),
                recall=self._ratio(metrics.token_recall),
                f1=self._ratio(metrics.token_f1),
            ),
            substring=PrecisionRecallF1(
                precision=self._ratio(metrics.quote_precision),
                recall=self._ratio(metrics.quote_recall),
                f1=self._ratio(metrics.quote_f1),
            ),
        )

    def _route(self, route: Route) -> RouteScores:
        return RouteScores(
            share=self._ratio(metrics.route_share(route)), precision=self._ratio(metrics.route_precision(route))
        )

    def _cost(self) -> CostScores:
        latencies = [e.latency_ms for e in self._scored]
        return CostScores(
            latency_p50_ms=self._resampler.quantile(latencies, 0.5),
            latency_p95_ms=self._resampler.quantile(latencies, 0.95),
            money_per_encounter=self._ratio(metrics.money),
            tokens_in=sum(e.tokens_in for e in self._scored),
            tokens_cached=sum(e.tokens_cached for e in self._scored),
            tokens_out=sum(e.tokens_out for e in self._scored),
        )

    def _groups(self, name_of: Callable[[ScoredEncounter], str]) -> dict[str, GroupScores]:
        return {name: self._group(_named(name, name_of)) for name in sorted({name_of(e) for e in self._scored})}

    def _group(self, within: Callable[[ScoredEncounter], bool]) -> GroupScores:
        return self._group_of(metrics.every_code, within, self._ratio(metrics.exact_set, within))

    def _chapters(self) -> dict[str, GroupScores]:
        found = {c.chapter for e in self._scored for c in (*e.gold, *e.answer) if c.chapter}
        return {name: self._chapter(metrics.of_chapter(name)) for name in sorted(found, key=lambda c: (len(c), c))}

    def _chapter(self, view: View) -> GroupScores:
        return self._group_of(view, lambda e: any(view(e)))

    def _group_of(
        self, view: View, within: Callable[[ScoredEncounter], bool], exact_set: Estimate | None = None
    ) -> GroupScores:
        inside = [view(e) for e in self._scored if within(e)]
        return GroupScores(
            encounters=len(inside),
            gold=sum(len(s.gold) for s in inside),
            answered=sum(len(s.answered) for s in inside),
            micro=self._micro(view, within),
            exact_set=exact_set,
        )


def _with_gold_codes(least: int, most: int) -> Callable[[ScoredEncounter], bool]:
    return lambda e: least <= len(e.gold) <= most


def _named(name: str, name_of: Callable[[ScoredEncounter], str]) -> Callable[[ScoredEncounter], bool]:
    return lambda e: name_of(e) == name
