"""Where the project cites the guidelines, which functions it has, which tests speak of them: read from its sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from medcoding.guideline import GUIDELINE_ID

_SUFFIXES: Final = frozenset({".py", ".j2", ".toml", ".md", ".tsv", ".jsonl"})
_NOT_OURS: Final = frozenset({"var", "build", "dist"})
_APPENDIX: Final = re.compile(r"\b[Aa]ppendix I\b")
_TEST_OF_THE_DIGEST: Final = "index_build"
"""What tests the digest itself is no test of a rule."""


class Citation(NamedTuple):
    """One mention of a section id in a file of the project."""

    id: str
    path: Path
    line: int


class RuleTest(NamedTuple):
    """A test of the project: what it is called, the words of its source, the ids it cites."""

    name: str
    """`tests/agent/test_reconcile.py::test_x`, from the root of the project."""
    words: frozenset[str]
    """Identifiers and whole strings."""
    ids: frozenset[str]


class Function(NamedTuple):
    """A function or method of the project."""

    name: str
    """Dotted, from the package: `guardrails.existence.code_is_billable`."""
    module: str
    """Source of its module."""
    findings: frozenset[str]
    """Names of the findings it makes, its helpers included (`existence.billable`)."""


def citations(root: Path) -> Iterator[Citation]:
    """Every section id cited in the sources, documents and tables under `root`."""
    for path in _files(root):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for section_id in cited(line):
                yield Citation(section_id, path.relative_to(root), number)


def cited(text: str) -> frozenset[str]:
    """The section ids in a text; appendix I in words too. A bare roman number is not taken for a section."""
    found = {match.group() for match in GUIDELINE_ID.finditer(text)}
    return frozenset(found | ({"App.I"} if _APPENDIX.search(text) else set()))


def cites(text: str, section_id: str) -> bool:
    """True when a text names exactly this section, a bare `III` included."""
    return section_id in cited(text) or bool(re.search(rf"(?<![\w.]){re.escape(section_id)}(?!\w|\.\w)", text))


def rule_tests(root: Path) -> Iterator[RuleTest]:
    """The tests under `root`, but for those of the digest and its index."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        if _TEST_OF_THE_DIGEST in path.relative_to(root).parts:
            continue
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                name = f"{path.relative_to(root).as_posix()}::{node.name}"
                yield RuleTest(name, _words(node), cited("\n".join(_strings(node))))


def functions(root: Path) -> dict[str, Function]:
    """Every function of the packages under `root`, by dotted name."""
    return {
        function.name: function
        for package in sorted(root.glob("*/__init__.py"))
        if package.parent.name != "tests"
        for path in sorted(package.parent.rglob("*.py"))
        for function in _Module(path, root).functions()
    }


class _Module:
    def __init__(self, path: Path, root: Path) -> None:
        self._name = ".".join(path.relative_to(root).with_suffix("").parts)
        self._source = path.read_text(encoding="utf-8")

    def functions(self) -> Iterator[Function]:
        for name, node in self._nodes.items():
            yield Function(f"{self._name}.{name}", self._source, self._findings(node, self._nodes, frozenset()))

    @cached_property
    def _nodes(self) -> dict[str, ast.AST]:
        found: dict[str, ast.AST] = {}
        for node in ast.parse(self._source).body:
            members = node.body if isinstance(node, ast.ClassDef) else [node]
            prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
            defined = (m for m in members if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{prefix}{member.name}": member for member in defined}
        return found

    def _findings(self, node: ast.AST, nodes: Mapping[str, ast.AST], seen: frozenset[str]) -> frozenset[str]:
        """The `rule=` of every finding made here or in a helper of the same module."""
        made = {
            keyword.value.value
            for call in ast.walk(node)
            if isinstance(call, ast.Call)
            for keyword in call.keywords
            if keyword.arg == "rule" and isinstance(keyword.value, ast.Constant)
        }
        helpers = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & set(nodes) - seen
        further = (self._findings(nodes[name], nodes, seen | helpers) for name in helpers)
        return frozenset(map(str, made)).union(*further)


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.suffix in _SUFFIXES and not any(p.startswith(".") or p in _NOT_OURS for p in parts) and path.is_file():
            yield path


def _words(node: ast.AST) -> frozenset[str]:
    names = (n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    attributes = (n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute))
    return frozenset([*names, *attributes, *_strings(node)])


def _strings(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
