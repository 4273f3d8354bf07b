"""Which sections of the guidelines the guardrails enforce: those that a finding of theirs cites as its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from index_build.guidelines.citations import cited
from index_build.guidelines.digest import guideline_entries
from medcoding.guideline import guideline_order, sections_above
from medcoding.record import Record

_ROOT: Final = Path(__file__).parents[1]


class EnforcedGuidelines(Record):
    """Sections with a rule behind them, and those that rule something out and have none."""

    enforced: tuple[str, ...]
    """Ids that the source of some finding names."""
    checkable_without_rule: tuple[str, ...]
    """Entries of the digest that forbid something, and that neither a guardrail nor another function applies."""
    unknown: tuple[str, ...]
    """Cited ids that the digest does not have; there should be none."""


def enforced_guidelines(root: Path = _ROOT) -> EnforcedGuidelines:
    """Read from the sources of the rules and from the digest."""
    enforced = frozenset(found for text in _strings(root / "guardrails") for found in cited(text))
    entries = guideline_entries()
    known = {entry.id for entry in entries}
    parents = {above for entry in entries for above in sections_above(entry.id)}
    open_ones = {e.id for e in entries if e.forbids and not e.enforced_by and e.id not in enforced | parents}
    return EnforcedGuidelines(
        enforced=_in_order(enforced & known),
        checkable_without_rule=_in_order(open_ones),
        unknown=_in_order(enforced - known),
    )


def _strings(folder: Path) -> Iterator[str]:
    """The strings of the rules, their docstrings left out: what is only spoken of is not enforced."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
                yield node.value


def _in_order(ids: set[str] | frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(ids, key=guideline_order))
