"""Sequence and roles: which code comes first, what it is for (guidelines I.A.13, I.B.7, I.C.20, II, IV.G)."""

from __future__ import annotations

from typing import Final

from agent.code_set import CodeSet
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole
from medcoding.encounter import Setting
from medcoding.proposal import ProposedCode

EXTERNAL_CAUSES: Final = ("V", "W", "X", "Y")
"""Chapter 20: why an injury happened; never first (guideline I.C.20.a.6)."""

_STATUS_CATEGORIES: Final = (
    "Z14", "Z15", "Z16", "Z17", "Z18", "Z19", "Z21", "Z22", "Z28", "Z66", "Z67", "Z68", "Z72", "Z73", "Z74", "Z76",
    "Z77", "Z78", "Z79", "Z80", "Z81", "Z82", "Z83", "Z84", "Z85", "Z86", "Z87", "Z88", "Z89", "Z90", "Z91", "Z92",
    "Z93", "Z94", "Z95", "Z96", "Z97", "Z98", "Z99",
)  # fmt: skip
_MANIFESTATION: Final = "in diseases classified elsewhere"


def sequenced(setting: Setting, settled: CodeSet, codebook: Codebook) -> tuple[ProposedCode, ...]:
    """Conditions, then what code-first notes hold back, then status codes, then external causes."""
    order = sorted(settled.lines, key=lambda code: _late(code, codebook))
    order = _etiology_first(order, codebook)
    first = CodeRole.PRINCIPAL if setting is Setting.INPATIENT else CodeRole.FIRST_LISTED
    lines: list[ProposedCode] = []
    for sequence, code in enumerate(order, start=1):
        role = first if sequence == 1 and not code.startswith(EXTERNAL_CAUSES) else _role(code)
        lines.append(settled.lines[code].model_copy(update={"sequence": sequence, "role": role}))
    return tuple(lines)


def _etiology_first(order: list[str], codebook: Codebook) -> list[str]:
    """Move a code behind the one that its code-first note names (guidelines I.A.13, I.B.7)."""
    placed = list(order)
    for code in order:
        first = [n.note for n in codebook.notes_in_force(code) if n.kind == "code_first"]
        places = [placed.index(c) for c in placed if c != code and any(note.names(c) for note in first)]
        if places and placed.index(code) < max(places):
            placed.remove(code)
            placed.insert(max(places), code)
    return placed


def _late(code: str, codebook: Codebook) -> int:
    if code.startswith(EXTERNAL_CAUSES):
        return 3
    if code.startswith(_STATUS_CATEGORIES):
        return 2
    return 1 if _MANIFESTATION in codebook.title(code).lower() else 0


def _role(code: str) -> CodeRole:
    if code.startswith(EXTERNAL_CAUSES):
        return CodeRole.EXTERNAL_CAUSE
    return CodeRole.STATUS if code.startswith(_STATUS_CATEGORIES) else CodeRole.SECONDARY
