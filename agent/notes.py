"""What a tabular note names: single codes, stems with a dash, ranges."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from medcoding.codebook import CodebookEntry, InstructionalNotes

_CODE: Final = r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?"
NAMED: Final = re.compile(rf"\b({_CODE})(?:\s*-\s*({_CODE}))?")
"""A code, the stem of `I12.-`, or a range (`N18.1-N18.6`)."""


def names_code(note: str, code: str) -> bool:
    """True when a tabular note names the code, a stem of it, or a range around it."""
    for match in NAMED.finditer(note):
        first, last = match.group(1), match.group(2)
        if code.startswith(first) or (last and first <= code and (code < last or code.startswith(last))):
            return True
    return False


def asks_for(lineage: Iterable[CodebookEntry], code: str) -> bool:
    """True when a note of an entry or its ancestors asks for the code beside it (guidelines I.A.13, I.A.17)."""
    return any(names_code(note, code) for entry in lineage for note in _companions(entry.notes))


def _companions(notes: InstructionalNotes) -> tuple[str, ...]:
    return (*notes.code_first, *notes.use_additional_code, *notes.code_also)
