"""What the benchmark of candidates finds: one row a way of searching, and the table that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from medcoding.record import Record

DEPTHS: Final = (1, 10, 50, 200)

Task = Literal["concept", "term", "index"]

TASKS: Final[dict[Task, str]] = {
    "concept": "Inclusion terms, the whole concept hidden: every inclusion term of the code, below it and above it",
    "term": "Inclusion terms of the same concepts, the term itself hidden, the code's others there (as findings.md)",
    "index": "Index entries of the main terms that are held out; the rest of the index is loaded",
}
BARS: Final[dict[Task, dict[int, float]]] = {
    "concept": {1: 0.45, 10: 0.83, 50: 0.92, 200: 0.95},
    "term": {1: 0.45, 10: 0.83, 50: 0.92, 200: 0.95},
    "index": {50: 0.90},
}


class RecallRow(Record):
    """Share of the queries whose code, or one below it, stands among the first so many choices."""

    task: Task
    name: str
    encoder: str
    at: dict[int, float]
    """By depth; a depth that a way of searching never reaches is absent."""


class BenchReport(Record):
    """Every row, and what it was measured on."""

    edition: str
    seed: int
    queries: dict[Task, int]
    groups: int
    """Choices that are ranked: billable codes that differ by side, encounter or `unspecified` alone are one."""
    wordings: dict[str, int]
    """By kind."""
    adapter: str
    """Digest of the tuned encoder's weights; empty where only the plain one ran."""
    reranker: str
    rows: tuple[RecallRow, ...]


def recall(ranks: Sequence[int], deepest: int = DEPTHS[-1]) -> dict[int, float]:
    """Recall by depth from the rank of the first right choice of each query, 0 where there is none."""
    return {
        depth: sum(0 < rank <= depth for rank in ranks) / max(1, len(ranks)) for depth in DEPTHS if depth <= deepest
    }


def as_text(report: BenchReport) -> str:
    """The tables in Markdown."""
    parts = [_table(report, task) for task in TASKS if any(row.task == task for row in report.rows)]
    return "\n\n".join(parts)


def _table(report: BenchReport, task: Task) -> str:
    lines = [f"{TASKS[task]} ({report.queries[task]} queries)", ""]
    lines += [f"| | encoder |{'|'.join(f' R@{depth} ' for depth in DEPTHS)}|", f"|---|---|{'---|' * len(DEPTHS)}"]
    lines += [_line(row.name, row.encoder, row.at) for row in report.rows if row.task == task]
    return "\n".join([*lines, _line("the bar", "", BARS[task])])


def _line(name: str, encoder: str, at: dict[int, float]) -> str:
    cells = "|".join(f" {at[depth]:.3f} " if depth in at else " " for depth in DEPTHS)
    return f"| {name} | {encoder} |{cells}|"
