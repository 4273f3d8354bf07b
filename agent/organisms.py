"""Organisms named in a record: they are coded beside the infection that asks for them (B95–B97, guideline I.C.1.b)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent.measurements import Measurement
from agent.tables import rows

_INFECTIONS: Final = tuple("ABDEGHIJKLMNOPT")
"""Beginnings of codes that may ask for an organism; which of them do, the notes of the book say."""

_NO_FINDING: Final = re.compile(
    r"\W{1,3}(?:vaccin\w*|screen\w*|carrier|coloni[sz]\w*|exposure|swab|nares|prophyla\w*|status|precautions|coverage|"
    r"test(?:s|ing)?|serolog\w*|antibod\w*)\b",
    re.IGNORECASE,
)
"""What makes of the name no organism of an infection: `MRSA screen`, `GBS carrier`."""


class Organisms:
    """The table of organisms, ready to be searched for."""

    def __init__(self) -> None:
        named = [(name, row["code"]) for row in rows("organisms.tsv") for name in row["organism"].split("|")]
        self._codes = {name.lower(): code for name, code in named}
        longest_first = sorted((name for name, _ in named), key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(_written, longest_first))})(?!\w)")

    def find(self, text: str) -> Iterator[Measurement]:
        """Organisms named in one sentence, longest names first, with what must be coded for them to count."""
        for match in self._pattern.finditer(text):
            if not _NO_FINDING.match(text, match.end()):
                name = " ".join(match.group().lower().split())
                yield Measurement(match.start(), match.end(), self._codes[name], _INFECTIONS)


def _written(name: str) -> str:
    """Abbreviations in capitals as they are, names in any case."""
    words = r"\s+".join(re.escape(word) for word in name.split())
    return words if name.isupper() or name == "CoNS" else f"(?i:{words})"
