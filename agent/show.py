"""What a person sees in the terminal. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.markup import escape as _escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from agent.doctor import Check
from agent.printable import printable
from agent.why import WhyAnswer
from medcoding.candidate import Candidate
from medcoding.codes import ICD10CM_SHAPE
from medcoding.encounter import Encounter
from medcoding.finding import Finding
from medcoding.proposal import EvidenceQuote, NotCoded, Source
from medcoding.result import CodeLine, CodingResult, Instruction, Rationale


def escape(text: str) -> str:
    """Text as it may stand in the terminal: no markup, nothing that steers the screen."""
    return _escape(printable(text))


output: Final = Console(highlight=False)
errors: Final = Console(stderr=True, highlight=False)

_MOST_NOT_CODED: Final = 12
_RANGE_TITLE: Final = re.compile(r"\([A-Z][0-9A-Z]{2}-[A-Z][0-9A-Z]{2}\)$")
_QUOTE_CHARS: Final = 90
_STATE_STYLES: Final = {"ok": "green", "absent": "yellow", "broken": "red"}


def note(text: str) -> None:
    """One line to standard error."""
    errors.print(escape(text))


def result(encounter: Encounter, answer: CodingResult) -> None:
    """The codes of one encounter, each with its rationale."""
    parts: list[RenderableType] = [_codes(answer), *(_rationale(line) for line in answer.codes)]
    if not answer.codes:
        parts.append(Text("No code is supported by this record."))
    if answer.not_coded:
        parts.append(_not_coded(answer.not_coded))
    parts += [_finding(finding) for finding in answer.findings]
    parts.append(_footer(answer))
    visit = f"{answer.setting.value}, {answer.date_of_service}, {answer.edition}"
    output.print(Panel(Group(*parts), title=escape(f"{encounter.case_id} · {visit}"), title_align="left"))


def why(answer: WhyAnswer) -> None:
    """For or against one code."""
    output.print(Text.assemble((f"{answer.code} {answer.title}", "bold"), f" · {answer.verdict.replace('_', ' ')}"))
    output.print(escape(answer.answer))
    for quote in answer.evidence:
        output.print(f"  {quoted(quote)}")
    if answer.line:
        output.print(_rationale(answer.line))


def candidates(found: Sequence[Candidate]) -> None:
    """Codes found for words, best first."""
    table = Table(box=None, pad_edge=False)
    for heading in ("code", "title", "matched wording", "score"):
        table.add_column(heading)
    for candidate in found:
        table.add_row(candidate.code, escape(candidate.title), escape(candidate.surface), f"{candidate.score:.2f}")
    output.print(table if found else "Nothing was found; try other words.")


def checks(found: Sequence[Check]) -> None:
    """The doctor's checks."""
    for check in found:
        output.print(f"[{_STATE_STYLES[check.state]}]{check.state:7}[/] {check.name}: {escape(check.detail)}")


def _codes(answer: CodingResult) -> Table:
    table = Table(box=None, pad_edge=False, expand=True)
    for heading in ("#", "code", "title", "role", "conf.", "doc.", "route", "source"):
        table.add_column(heading, no_wrap=heading != "title", overflow="fold", ratio=1 if heading == "title" else None)
    for line in answer.codes:
        table.add_row(
            str(line.sequence),
            f"[bold]{line.code}[/]",
            escape(line.title),
            line.role.value.replace("_", "-"),
            f"{line.confidence:.2f}",
            f"{line.documentation_score:.2f}",
            line.route.value,
            line.source.value,
        )
    return table


def _rationale(line: CodeLine) -> Tree:
    why = line.rationale
    tree = Tree(f"[bold]{line.code}[/] {escape(line.title)}", guide_style="dim")
    for quote in line.evidence[:3]:
        tree.add(quoted(quote))
    tree.add(f"path: {escape(' → '.join(_short_path(why)))}")
    _add_rules(tree, why)
    for other in why.alternatives:
        tree.add(f"not {other.code} {escape(other.title)}: {escape(other.why_not)}")
    tree.add(f"would change it: {escape(why.would_change)}")
    tree.add(f"confidence: {escape('; '.join(line.confidence_reasons))}")
    return tree


def _short_path(why: Rationale) -> list[str]:
    """The words looked up and the tabular entries from the category down; chapter and block are left to --json."""
    return [step for step in why.index_path if not _RANGE_TITLE.search(step)]


def _add_rules(tree: Tree, why: Rationale) -> None:
    for instruction in why.instructions:
        if _is_pressing(instruction):
            words = (
                f"{instruction.kind.replace('_', ' ')} at {instruction.at}: {instruction.text} ({instruction.status})"
            )
            tree.add(escape(words))
    for guideline in why.guidelines[:1]:
        tree.add(f"guideline {guideline.id} ({guideline.edition}): {escape(guideline.text)}")


def _is_pressing(instruction: Instruction) -> bool:
    """What a coder must see at once; the rest is in --json and on the page."""
    applied = instruction.status.startswith("applied")
    return applied or (instruction.status.startswith("to check") and bool(ICD10CM_SHAPE.fullmatch(instruction.at)))


def _not_coded(items: Sequence[NotCoded]) -> Tree:
    tree = Tree("[bold]Deliberately not coded[/]", guide_style="dim")
    for item in items[:_MOST_NOT_CODED]:
        code = f" ({item.code})" if item.code else ""
        tree.add(f"“{escape(_short(item.text))}”{code}: {item.reason.value}")
    if len(items) > _MOST_NOT_CODED:
        tree.add(f"and {len(items) - _MOST_NOT_CODED} more (see --json or --html)")
    return tree


def _finding(finding: Finding) -> Text:
    return Text(f"{finding.severity.value.replace('_', ' ')}: {finding.message} {finding.mend} [{finding.source}]")


def _footer(answer: CodingResult) -> Text:
    spent = sum(answer.cost.stage_ms.values())
    by_rules = any(line.source is Source.RULES for line in answer.codes)
    words = "chosen without a language model; a coder must review it" if by_rules else "a coder must review it"
    return Text(f"{words} · {spent:.0f} ms · index {answer.stamp.index} · model {answer.stamp.model}", style="dim")


def quoted(quote: EvidenceQuote) -> str:
    """A quote with where it stands and how it was read, on one line."""
    where = f"{quote.document_id} {quote.start}–{quote.end}, {(quote.section or '').replace('_', ' ')}"
    assertion = f", {quote.assertion.value}" if quote.assertion else ""
    return f"“{escape(_short(quote.text))}” [dim]({escape(where)}{assertion})[/]"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _QUOTE_CHARS else words[:_QUOTE_CHARS] + "…"
