"""Codes that stand only beside another one: organisms, and the parts of terms that join two conditions."""

from __future__ import annotations

from typing import Final

from agent.code_set import CodeSet
from medcoding.codebook import Codebook
from medcoding.proposal import NotCodedReason

_ORGANISMS: Final = ("B95", "B96", "B97")
_SEPSIS: Final = ("A40", "A41", "R65")
"""Sepsis and the localized infection behind it are both reported (guideline I.C.1.d.4)."""


def drop_unasked_organisms(settled: CodeSet, codebook: Codebook) -> None:
    """B95–B97 only where a note of a code of the set asks for the organism, and the code does not name it (I.C.1.b)."""
    others = [code for code in settled.lines if not code.startswith(_ORGANISMS)]
    for code in [code for code in settled.lines if code.startswith(_ORGANISMS)]:
        if not any(codebook.asks_for(other, code) for other in others):
            settled.drop(code, NotCodedReason.DUPLICATE, "No code of the set asks for its organism (I.C.1.b).")


def drop_unasked_parts(settled: CodeSet, codebook: Codebook) -> None:
    """The second half of a term that joins two conditions stands only where a note asks for it (I.A.17, I.B.9)."""
    wholes = {i: code for code, line in settled.lines.items() for i in line.mention_ids}
    for code in list(settled.lines):
        parts = [m.part_of for m in settled.mentions_of(settled.lines[code])]
        holders = [wholes.get(part) for part in parts if part is not None]
        if len(holders) < len(parts) or not all(holders):
            continue
        named = [h for h in holders if h and (codebook.asks_for(h, code) or codebook.asks_for(code, h))]
        if not named and code not in holders and not any(h and h.startswith(_SEPSIS) for h in holders):
            settled.drop(code, NotCodedReason.DUPLICATE, f"{holders[0]} reports the two together (I.B.9).")
