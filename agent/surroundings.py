"""Surroundings: what is looked up for a mention, and the words of its clause that may tell more of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from agent.abbreviations import written_out
from agent.lines import Line, Spotted
from retrieval.wording import Token

_CLAUSE_MARKS: Final = ",;:("
_SETS_APART: Final = re.compile(r"[,;&/+]|2/2|\b(?:and|with|due to|secondary to|from|on)\b", re.IGNORECASE)
_CAUSED_BY: Final = re.compile(r"\bsecondary to\b", re.IGNORECASE)
"""Joins effect and cause as `due to` does; of the cause behind it the word says nothing (`secondary hypertension`)."""

_CLAUSE_WORDS: Final = 10
"""Words on either side of a mention that may belong to it."""


def query_of(line: Line, found: Spotted) -> str:
    """The words that are looked up: those of the span, abbreviations written out."""
    return " ".join(written_out(line.text[found.start : found.end], line.expansions, found.start).split())


def clause_of(line: Line, found: Spotted, beside: Sequence[Spotted]) -> str:
    """The words between the commas around a stated problem, short of its other problems."""
    if not (line.statement and found.heads_problem) or found.part_of is not None:
        return ""
    first, last = _segment(line.text, line.statement.end, found, beside)
    start = max(line.text.rfind(mark, first, found.start) + 1 for mark in _CLAUSE_MARKS)
    end = min((at for mark in _CLAUSE_MARKS if (at := line.text.find(mark, found.end, last)) >= 0), default=last)
    begin = max(first, start)
    before = _CAUSED_BY.sub("due to", written_out(line.text[begin : found.start], line.expansions, begin))
    return " ".join(f"{before}{written_out(line.text[found.start : end], line.expansions, found.start)}".split())


def context_of(line: Line, found: Spotted, beside: Sequence[Spotted]) -> tuple[str, ...]:
    """Words of the problem statement up to its other problems, or the nearest words of a sentence."""
    inside = [i for i, w in enumerate(line.words) if w.start < found.end and w.end > found.start]
    if not inside:
        return ()
    if line.statement and found.heads_problem:
        first, last = _segment(line.text, line.statement.end, found, beside)
        return _forms([w for w in line.words if first <= w.start < last], found)
    return _forms(line.words[max(0, inside[0] - _CLAUSE_WORDS) : inside[-1] + _CLAUSE_WORDS + 1], found)


def _forms(words: Sequence[Token], found: Spotted) -> tuple[str, ...]:
    """Normal forms; `secondary to` in front of the mention as `due to`."""
    causal = {one.start for one, to in pairwise(words) if (one.form, to.form) == ("secondary", "to")}
    return tuple(
        "due" if w.form == "secondary" and w.start in causal and w.start < found.start else w.form for w in words
    )


def _segment(text: str, end: int, found: Spotted, beside: Sequence[Spotted]) -> tuple[int, int]:
    """The stretch of a statement that belongs to one of several problems set apart by commas or `and`."""
    others = [
        f for f in beside if f.heads_problem and f.part_of is None and (f.start, f.end) != (found.start, found.end)
    ]
    before = [f.end for f in others if f.end <= found.start and _SETS_APART.search(text, f.end, found.start)]
    after = [f.start for f in others if f.start >= found.end and _SETS_APART.search(text, found.end, f.start)]
    return max(before, default=0), min(after, default=end)
