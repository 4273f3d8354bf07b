"""What a set's gold does not decide is unscored, and unscored is not zero."""

from __future__ import annotations

from evals.bootstrap import Estimate
from evals.loaders.gold_set import GoldScope
from evals.metrics_report import ExactMatch, MetricsReport

_NO_FIGURE = Estimate(value=None)


def within_scope(report: MetricsReport, scope: GoldScope) -> MetricsReport:
    """The report without the figures about order and present on admission that the gold does not decide.

    Evidence needs nothing: where gold quotes nothing, those figures have no denominator.
    """
    undecided: dict[str, object] = {}
    if not scope.order:
        undecided |= {
            "first_right": _NO_FIGURE,
            "order_tau": _NO_FIGURE,
            "exact": _without_order(report.exact),
            "exact_by_codes": {name: _without_order(exact) for name, exact in report.exact_by_codes.items()},
        }
    if not scope.poa:
        undecided["poa"] = _NO_FIGURE
    return report.model_copy(update=undecided)


def _without_order(exact: ExactMatch) -> ExactMatch:
    return exact.model_copy(update={"set_and_first": _NO_FIGURE, "ordered": _NO_FIGURE})
