"""The figures over annotated sentences as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from evals.bootstrap import Estimate
from evals.mention_scores import MentionReport, NegationReport
from evals.metrics_report import PrecisionRecallF1

Named = TypeVar("Named", bound=str)


def as_text(report: MentionReport) -> str:
    """The leading figures with their intervals, then the groups, then the peer where it was asked."""
    parts = [
        _leading(report),
        _group("kind", report.by_kind),
        _group("assertion", report.by_assertion),
        _group("attribute", report.by_attribute),
        _sections(report),
    ]
    return "\n".join([*parts, _negation(report.negation)] if report.negation else parts)


def _leading(report: MentionReport) -> str:
    lines = {
        "mention recall": report.found.recall,
        "mention precision": report.found.precision,
        "exact span, of the matched": report.exact_span,
        "kind, of the matched": report.kind_right,
        "assertion F1, micro": report.assertion,
        "assertion F1, macro": report.assertion_macro,
        "experiencer F1 (family)": report.experiencer.f1,
        "attribute F1": report.attributes.f1,
        "attribute recall at a distance": report.at_distance,
        "found with the right assertion, F1": report.whole.f1,
        "put into its section": report.section_right,
    }
    head = (
        f"{report.part}: {report.sentences} sentences, {report.mentions} mentions; {report.doubled} second readings.\n"
    )
    return "\n".join([head, *_table(("", "value", "95 %", "of"), map(_leading_row, lines, lines.values()))])


def _leading_row(name: str, figure: Estimate) -> tuple[str, ...]:
    spread = "" if figure.low is None or figure.high is None else f"{figure.low:.3f}–{figure.high:.3f}"
    return name, _shown(figure), spread, "" if figure.denominator is None else f"{figure.denominator:g}"


def _group(name: str, figures: Mapping[Named, PrecisionRecallF1]) -> str:
    rows = ((key, *_prf(figure)) for key, figure in figures.items())
    return "\n".join(_table((name, "precision", "recall", "F1", "annotated"), rows))


def _sections(report: MentionReport) -> str:
    rows = (
        (kind, *_prf(scores.found)[:2], _shown(scores.assertion), str(scores.mentions))
        for kind, scores in report.by_section.items()
    )
    return "\n".join(_table(("section", "precision", "recall", "assertion", "annotated"), rows))


def _negation(report: NegationReport) -> str:
    head = f"Negated or not, the same {report.mentions} mentions, {report.negated} negated.\n"
    rows = [("ours", *_prf(report.ours)[:3]), ("negspacy", *_prf(report.peer)[:3])]
    return "\n".join([head, *_table(("", "precision", "recall", "F1"), rows)])


def _prf(figure: PrecisionRecallF1) -> tuple[str, str, str, str]:
    annotated = figure.recall.denominator or 0
    return _shown(figure.precision), _shown(figure.recall), _shown(figure.f1), f"{annotated:g}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for cells in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(cells)} |"
    yield ""


def _shown(figure: Estimate) -> str:
    return "none" if figure.value is None else f"{figure.value:.3f}"
