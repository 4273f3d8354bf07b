"""What a person sees in the terminal. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape as _escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from agent.doctor import Check
from agent.printable import printable
from agent.told import Explained, Step
from agent.why import GroundedAnswer, WhyAnswer
from medcoding.candidate import Candidate
from medcoding.codes import ICD10CM_SHAPE
from medcoding.encounter import Encounter
from medcoding.finding import Finding
from medcoding.proposal import EvidenceQuote, NotCoded, Source
from medcoding.result import CodeLine, CodingResult, Instruction, Rationale, SuggestionAnswer


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


def result(encounter: Encounter, answer: CodingResult, console: Console = output) -> None:
    """The codes of one encounter, each with its rationale."""
    parts: list[RenderableType] = [_codes(answer), *(_rationale(line) for line in answer.codes)]
    if not answer.codes:
        parts.append(Text("No code is supported by this record."))
    if answer.not_coded:
        parts.append(_not_coded(answer.not_coded))
    parts += [_finding(finding) for finding in answer.findings]
    if answer.suggestions_answered:
        parts.append(_suggestions(answer.suggestions_answered))
    if answer.answered_by:
        parts.append(Text(answer.answered_by.said, style="dim"))
    parts.append(_footer(answer))
    visit = f"{answer.setting.value}, {answer.date_of_service}, {answer.edition}"
    console.print(Panel(Group(*parts), title=escape(f"{encounter.case_id} · {visit}"), title_align="left"))


class Unfolding:
    """Shows an answer that comes in pieces: the codes at once, explanations below them as they are written.

    In a terminal they are filled in where they belong; elsewhere each is a line of its own.
    """

    def __init__(self, encounter: Encounter, console: Console = output) -> None:
        self._encounter = encounter
        self._console = console
        self._live: Live | None = None
        self._codes: tuple[CodeLine, ...] = ()
        self._told: dict[int, Explained] = {}
        """By the code's sequence number."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, step: Step) -> None:
        """Show one step. The complete result brings nothing that was not shown."""
        if isinstance(step.record, Explained):
            self._explanation(step.record)
        elif step.name == "codes":
            self._codes = step.record.codes
            result(self._encounter, step.record, self._console)

    def _explanation(self, told: Explained) -> None:
        self._told[told.sequence] = told
        if not self._console.is_terminal:
            self._console.print(_explained(told))
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(Group(*(self._line(code) for code in self._codes)), refresh=True)

    def _line(self, code: CodeLine) -> Text:
        told = self._told.get(code.sequence)
        return _explained(told) if told else Text(f"{code.code} …", style="dim")


def _explained(told: Explained) -> Text:
    """One explanation on one line, with what it cites or why it is the summary that rules made."""
    said = told.explanation
    cited = "; ".join(
        filter(None, (", ".join(f"quote {place + 1}" for place in said.quotes), ", ".join(said.guidelines)))
    )
    beside = said.why_rules or cited
    words = said.text.removeprefix(told.code).lstrip()
    return Text.assemble((told.code, "bold"), f" {printable(words)}", (f" [{beside}]" if beside else "", "dim"))


def why(answer: WhyAnswer) -> None:
    """For or against one code."""
    output.print(Text.assemble((f"{answer.code} {answer.title}", "bold"), f" · {answer.verdict.replace('_', ' ')}"))
    output.print(escape(answer.answer))
    if answer.prose:
        _prose(answer.prose)
    for quote in answer.evidence:
        output.print(f"  {quoted(quote)}")
    if answer.line:
        output.print(_rationale(answer.line))


def _prose(prose: GroundedAnswer) -> None:
    """The model's words with what they cite, or why there are none."""
    if prose.why_rules:
        output.print(Text(prose.why_rules, style="dim"))
        return
    output.print(Text(printable(prose.text), style="italic"))
    for quote in prose.evidence:
        output.print(f"  cites {quoted(quote)}")
    for guideline in prose.guidelines:
        output.print(f"  cites {guideline.id} ({guideline.edition})")


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
            f"{line.route.value}, audit" if line.audit else line.route.value,
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


def _suggestions(answers: Sequence[SuggestionAnswer]) -> Tree:
    """What other systems came with, each with where we agree, differ or see no support."""
    tree = Tree("[bold]Suggested by the sender[/]", guide_style="dim")
    for one in answers:
        sure = "" if one.confidence is None else f" ({one.confidence:.2f})"
        instead = f" by {one.instead}" if one.instead else ""
        verdict = one.verdict.replace("_", " ")
        tree.add(f"{escape(one.code or 'unreadable code')}{sure}: [bold]{verdict}{instead}[/] · {escape(one.why)}")
    return tree


def _finding(finding: Finding) -> Text:
    words = f"{finding.severity.value.replace('_', ' ')}: {finding.message} {finding.mend} [{finding.source}]"
    return Text(f"{words} Overridden: {finding.override}." if finding.override else words)


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
