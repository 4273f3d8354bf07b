"""What a person sees of a parallel run: in the terminal, and as a page of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.table import Table
from rich.tree import Tree

from agent.parallel import ChangedCode, EncounterDifference, ParallelReport
from agent.printable import printable
from agent.show import escape, output

_PAGES: Final = Path(__file__).parent / "pages"
_MOST_SHOWN: Final = 20


def parallel(report: ParallelReport) -> None:
    """Totals first, then the encounters that differ."""
    left, right = map(escape, report.names)
    table = Table(box=None, pad_edge=False, show_header=False)
    for words, number in totals(report):
        table.add_row(escape(words), str(number))
    output.print(table)
    for one in report.differences[:_MOST_SHOWN]:
        output.print(_tree(one, left, right))
    if len(report.differences) > _MOST_SHOWN:
        output.print(f"and {len(report.differences) - _MOST_SHOWN} more encounters that differ (see --json or --html)")
    for refused in report.not_compared:
        output.print(f"{escape(refused.case_id)}: not compared. {escape(refused.error)}")


def parallel_page(report: ParallelReport) -> str:
    """One self-contained HTML page. It holds codes, titles and rules' words, no note text."""
    environment = Environment(
        loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, finalize=_plain
    )
    template = environment.get_template("parallel.html.j2")
    return template.render(report=report, totals=totals(report), changes=changes)


def totals(report: ParallelReport) -> tuple[tuple[str, int], ...]:
    """The figures of a run with their words."""
    left, right = report.names
    return (
        ("encounters compared", report.encounters),
        ("alike in everything", report.alike),
        ("codes on both sides", report.same_codes),
        (f"codes only with {left}", report.only_left),
        (f"codes only with {right}", report.only_right),
        ("codes in another role", report.changed_roles),
        ("codes of another confidence", report.changed_confidences),
        ("codes on another route", report.changed_routes),
        ("not compared", len(report.not_compared)),
    )


def changes(change: ChangedCode) -> str:
    """What changed about a code, left before right."""
    parts = []
    if change.roles:
        parts.append(f"{change.roles[0].value} → {change.roles[1].value}".replace("_", " "))
    if change.confidences:
        parts.append(f"confidence {change.confidences[0]:.2f} → {change.confidences[1]:.2f}")
    if change.routes:
        parts.append(f"{change.routes[0].value} → {change.routes[1].value}")
    return ", ".join(parts)


def _tree(one: EncounterDifference, left: str, right: str) -> Tree:
    editions = "" if one.editions[0] == one.editions[1] else f" · {one.editions[0]} and {one.editions[1]}"
    tree = Tree(f"[bold]{escape(one.case_id)}[/]{escape(editions)} · {one.same} codes on both sides")
    for name, codes in ((left, one.only_left), (right, one.only_right)):
        for side in codes:
            tree.add(f"only {name}: [bold]{side.code}[/] {escape(side.title)} ({side.confidence:.2f})")
    for change in one.changed:
        tree.add(f"changed: [bold]{change.code}[/] {escape(changes(change))}")
    for name, findings in ((left, one.findings_left), (right, one.findings_right)):
        for finding in findings:
            tree.add(f"only {name}: {finding.severity.replace('_', ' ')} {escape(finding.message)}")
    return tree


def _plain(value: object) -> object:
    """No control character reaches the page."""
    return printable(value) if type(value) is str else value
