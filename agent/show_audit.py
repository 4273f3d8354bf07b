"""What a person sees of an audit and of payer rules in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from agent.audit import Audit, AuditedCode
from agent.show import escape, output, quoted
from medcoding.finding import Finding
from medcoding.payer_rule import PayerRule

_STYLES: Final = {
    "supported": "green",
    "more_specific": "yellow",
    "unsupported": "red",
    "nonexistent": "red",
    "unverifiable": "yellow",
}


def audit(answer: Audit) -> None:
    """Each submitted code with its verdict, then what is documented and was not submitted, then what holds for all."""
    parts: list[RenderableType] = [_summary(answer), *(_code(code) for code in answer.codes)]
    if answer.missed:
        tree = Tree("[bold]Documented and not submitted[/bold]")
        for line in answer.missed:
            branch = tree.add(f"{line.code} {escape(line.title)}")
            for quote in line.evidence[:2]:
                branch.add(quoted(quote))
        parts.append(tree)
    if answer.findings:
        tree = Tree("[bold]About the whole encounter[/bold]")
        for finding in answer.findings:
            tree.add(_told(finding))
        parts.append(tree)
    output.print(
        Panel(Group(*parts), title=escape(f"Audit of {answer.case_id} · {answer.edition}"), title_align="left")
    )


def payer_rules(rules: Sequence[PayerRule]) -> None:
    """The rules of checked files."""
    table = Table("payer", "rule", "codes", "requires", "severity", "from", "to")
    for rule in rules:
        last = str(rule.effective_to or "")
        cells = (rule.payer, rule.id, ", ".join(rule.codes), rule.requirement.kind, rule.severity.value)
        table.add_row(*map(escape, cells), str(rule.effective_from), last)
    output.print(table)


def _summary(answer: Audit) -> Table:
    table = Table("#", "code", "title", "verdict", "instead", box=None)
    for place, line in enumerate(answer.codes, start=1):
        verdict = Text(line.verdict.replace("_", " "), style=_STYLES[line.verdict])
        table.add_row(str(place), line.code, escape(line.title), verdict, line.instead or "")
    return table


def _code(line: AuditedCode) -> Tree:
    tree = Tree(f"[bold]{line.code}[/bold] {escape(line.answer)}")
    for quote in line.evidence[:3]:
        tree.add(quoted(quote))
    if line.would_support:
        tree.add(f"would support it: {escape(line.would_support)}")
    for finding in line.conflicts:
        tree.add(_told(finding))
    return tree


def _told(finding: Finding) -> str:
    return f"{finding.severity.value.replace('_', ' ')}: {escape(finding.message)} ({escape(finding.source)})"
