"""The report as a page: one HTML file with nothing from elsewhere.

Template, style and script stand in `evals/report/pages/` and are inlined. The content security policy admits that one
style sheet and that one script by their digests, so text of a note can neither run nor restyle the page.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agent.printable import printable
from evals.baseline import Baseline
from evals.bootstrap import Estimate
from evals.failure_classes import FailureClass
from evals.report import plots
from evals.report.cases import CasePage, anchor, worst_cases
from evals.report.figures import HUMANS_SOURCE, Figure, GroupTable, figures, group_tables, latencies
from evals.report.shown import Shown, between, percent
from evals.run_record import Run
from evals.stage_totals import STAGE_WORDS

_PAGES: Final = Path(__file__).parent / "pages"
_F1: Final = "together.micro.f1"


class RunView(NamedTuple):
    """One run, arranged for the page."""

    id: str
    run: Run
    baseline: Baseline | None
    figures: tuple[Figure, ...]
    latencies: tuple[tuple[str, Estimate], ...]
    tables: tuple[GroupTable, ...]
    worst_classes: tuple[FailureClass, ...]
    plots: Mapping[str, Markup]
    cases: tuple[CasePage, ...]
    has_text: bool
    held_out: int
    """Encounters that are not shown by themselves."""


def report_page(shown: Sequence[Shown]) -> str:
    """One self-contained page for one or several runs. Same runs, same page."""
    style = (_PAGES / "report.css").read_text(encoding="utf-8")
    script = (_PAGES / "report.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            views=[_view(number, one) for number, one in enumerate(shown, start=1)],
            humans_source=HUMANS_SOURCE,
            stage_words=STAGE_WORDS,
            anchor=anchor,
            style=Markup(style),  # noqa: S704 our own file
            style_digest=_digest(style),
            script=Markup(script),  # noqa: S704 our own file
            script_digest=_digest(script),
        )
    )


def _view(number: int, shown: Shown) -> RunView:
    run = shown.run
    target = shown.targets.of(_F1)
    return RunView(
        id=f"run-{number}",
        run=run,
        baseline=shown.baseline,
        figures=figures(run, shown.baseline, shown.targets),
        latencies=latencies(run),
        tables=group_tables(run),
        worst_classes=shown.classes,
        plots={
            "waterfall": plots.waterfall(run.ledger),
            "reliability": plots.reliability(run.summary.calibration),
            "uncalibrated": plots.reliability(run.summary.uncalibrated) if run.summary.uncalibrated else Markup(),
            "coverage_risk": plots.coverage_risk(run.summary.calibration),
            "specialties": plots.bars(run.summary.by_specialty.items(), target.above if target else None),
        },
        cases=worst_cases(shown),
        has_text=bool(shown.encounters),
        held_out=len(shown.held_out & {entry.case_id for entry in run.encounters}),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_showable,
    )
    environment.filters |= {"percent": percent, "between": between}
    return environment


def _digest(source: str) -> str:
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _showable(value: object) -> object:
    """Every value the template prints passes here, so no control character reaches the page from anywhere."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value
