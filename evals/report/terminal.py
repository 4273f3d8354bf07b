"""The report in the terminal, led by the stage ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from agent.printable import printable
from evals.bootstrap import Estimate
from evals.changes import CaseChange, ComparedRuns
from evals.failure_classes import FailureClass
from evals.report.figures import HUMANS_SOURCE, Figure, GroupTable, figures, group_tables, latencies
from evals.report.shown import Shown, between, percent
from evals.run_record import Run
from evals.stage_totals import STAGE_WORDS, StageTotals

_BAR: Final = 24
_GROUPS: Final = 15
_LEADING: Final = ("Precision", "Recall", "F1", "Exact set")


def report(shown: Shown) -> RenderableType:
    """Everything about one run."""
    run = shown.run
    return Group(
        *_heading(run),
        _ledger(run.ledger),
        _wrong(run.ledger),
        Text(),
        _classes(shown.classes),
        Text(),
        _figures(figures(run, shown.baseline, shown.targets)),
        _below(shown),
        *(_groups(table) for table in group_tables(run)),
    )


def compared(runs: ComparedRuns, most: int) -> RenderableType:
    """Two runs: every metric with the interval of its difference, then at most so many cases of either kind."""
    title = f"{runs.comparison.encounters} encounters, second less first"
    table = _table(title, "Metric", runs.first, runs.second, "Difference", "95 %", "p")
    for name, found in runs.comparison.metrics.items():
        interval = "" if found.low is None or found.high is None else f"{found.low:+.4f} to {found.high:+.4f}"
        moved = "unscored" if found.difference is None else f"{found.difference:+.4f}"
        values = ["unscored" if value is None else f"{value:.4f}" for value in (found.first, found.second)]
        table.add_row(name, *values, moved, interval, "" if found.p is None else f"{found.p:.3f}")
    better = [case for case in runs.cases if case.fewer_faults > 0]
    worse = [case for case in runs.cases if case.fewer_faults < 0]
    return Group(table, _changed("Better", better, most), _changed("Worse", worse, most))


def summary_line(shown: Shown) -> str:
    """Precision, recall, F1 and exact match on one line."""
    lines = figures(shown.run, shown.baseline, shown.targets)
    parts = [f"{line.name.lower()} {_value(line.estimate)}" for line in lines if line.name in _LEADING]
    return f"{shown.run.name}: {shown.run.summary.encounters} encounters, {', '.join(parts)}"


def _heading(run: Run) -> list[RenderableType]:
    record, summary = run.record, run.summary
    day = record.finished.date().isoformat() if record.finished else ""
    facts = [record.dataset.name, f"{summary.encounters} encounters", day, f"model {record.stamp.model}"]
    facts += [f"commit {record.commit}"] if record.commit else []
    lines: list[RenderableType] = [Text(printable(f"{run.name}: {', '.join(facts)}"), style="bold")]
    if not record.is_whole:
        lines.append(_warning(f"Only {record.wanted} of {record.dataset.encounters} encounters were run."))
    if record.failed:
        lines.append(_warning(f"{record.failed} encounters have no answer; their codes count as missed."))
    if record.stamp.model != "none" and record.by_source.get("rules"):
        lines.append(_warning(f"The language model did not choose {record.by_source['rules']} answered codes."))
    if summary.invalid_gold:
        named = ", ".join(f"{one.code} ({one.case_id})" for one in summary.invalid_gold[:5])
        lines.append(_warning(f"{len(summary.invalid_gold)} gold codes may not be billed on their date: {named}."))
    return [*lines, Text()]


def _warning(words: str) -> Text:
    return Text(printable(words), style="yellow")


def _ledger(totals: StageTotals) -> Table:
    table = _table("Where gold codes are lost", "Gold codes", "Left", "%", "95 %", "", "Lost here")
    for total in totals.stages:
        share = total.share.value or 0.0
        bar = "█" * round(share * _BAR)
        lost = str(total.lost) if total.lost else ""
        table.add_row(
            STAGE_WORDS[total.stage], str(total.reached), percent(total.share.value), between(total.share), bar, lost
        )
    return table


def _wrong(totals: StageTotals) -> Text:
    places = ", ".join(f"{codes} {stage.value}" for stage, codes in totals.wrong_by_stage.items())
    return Text(f"Wrong codes: {totals.wrong}" + (f", came in: {places}" if places else ""))


def _classes(classes: Iterable[FailureClass]) -> Table:
    table = _table("What fails most", "Codes", "%", "What", "Examples")
    for one in classes:
        where = (
            f"lost, not {STAGE_WORDS[one.stage]}" if one.side == "lost" else f"wrong, came in when {one.stage.value}"
        )
        examples = ", ".join(f"{e.code}{f' ({e.beside})' if e.beside else ''} {e.case_id}" for e in one.examples)
        table.add_row(str(one.codes), percent(one.share), f"{where}: {one.kind}", escape(printable(examples)))
    return table


def _figures(lines: Iterable[Figure]) -> Table:
    table = _table("Figures", "Metric", "%", "95 %", "Target", "People", "Baseline")
    for line in lines:
        target = Text(line.target, style={True: "green", False: "red", None: ""}[line.met])
        beside = ["" if value is None else percent(value) for value in (line.human, line.baseline)]
        table.add_row(line.name, percent(line.estimate.value), between(line.estimate), target, *beside)
    return table


def _below(shown: Shown) -> Text:
    times = ", ".join(f"{name} {e.value:.0f} ms" for name, e in latencies(shown.run) if e.value is not None)
    words = [f"Latency {times}." if times else "Latency unscored.", HUMANS_SOURCE]
    if shown.baseline:
        words.append(f"Baseline: commit {shown.baseline.commit}, {shown.baseline.date.date()}.")
    return Text(" ".join(words) + "\n", style="dim")


def _groups(shown: GroupTable) -> Table:
    more = len(shown.groups) - _GROUPS
    title = shown.title + (f" ({more} smaller ones on the page)" if more > 0 and "specialty" in shown.title else "")
    table = _table(title, "Group", "Encounters", "Gold", "P", "R", "F1", "95 %", "Exact")
    for group in shown.groups[:_GROUPS] if "specialty" in shown.title else shown.groups:
        table.add_row(
            escape(printable(group.name)),
            str(group.encounters),
            "" if group.gold is None else str(group.gold),
            *("" if e is None else percent(e.value) for e in (group.precision, group.recall, group.f1)),
            between(group.f1) if group.f1 else "",
            "" if group.exact is None else percent(group.exact.value),
        )
    return table


def _changed(title: str, changes: list[CaseChange], most: int) -> Table:
    table = _table(
        f"{title}: {len(changes)} cases", "Case", "Faults", "Found", "No longer found", "No longer wrong", "Newly wrong"
    )
    for one in changes[:most]:
        sets = (one.found, one.missed, one.mended, one.spoilt)
        table.add_row(escape(printable(one.case_id)), f"{one.before} → {one.after}", *(", ".join(s) for s in sets))
    return table


def _value(estimate: Estimate) -> str:
    return "unscored" if estimate.value is None else f"{percent(estimate.value)} % ({between(estimate)})"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim", title_style="bold")
    for column in columns:
        table.add_column(column)
    return table
