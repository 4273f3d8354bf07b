"""Lines: one sentence with everything that finding its mentions needs."""

from __future__ import annotations

import datetime
import re
from typing import Final, NamedTuple

from agent.abbreviations import Expansion
from agent.statements import DIAGNOSIS_SECTIONS
from medcoding.chart import Chart, SectionKind, Sentence, Span
from medcoding.encounter import Setting
from medcoding.mention import Episode
from retrieval.dictionary import Term
from retrieval.wording import Token

_LIST_MARK: Final = re.compile(r"(?:^|\s)(?:\(?\d{1,2}[.)]|#\s?\d+)\s*$")
_LETTERS: Final = re.compile(r"[A-Za-z]{2,}")


class Line(NamedTuple):
    """One sentence with everything that reading it needs."""

    sentence: Sentence
    text: str
    words: list[Token]
    """Normal forms, abbreviations written out."""
    expansions: tuple[Expansion, ...]
    """Its abbreviations and what they stand for here."""
    statement: Span | None
    """The part of the line that states a problem on its own, if it does."""
    episode: Episode
    age: int | None
    day: datetime.date
    """The date whose code set applies."""
    setting: Setting


class Spotted(NamedTuple):
    """A span of one line before it becomes a mention; `term` is None for an unmatched problem statement."""

    start: int
    end: int
    term: Term | None
    heads_problem: bool
    part_of: int | None = None
    """Place, in the same line's list, of the span that holds this one."""


def begins_line(chart: Chart, sentence: Sentence) -> bool:
    """True when nothing but list marks or a heading stands before the sentence on its line.

    In a diagnosis section also when the sentence follows another one of its paragraph.
    """
    text = chart.encounter.document(sentence.document_id).text
    before = text[text.rfind("\n", 0, sentence.span.start) + 1 : sentence.span.start]
    if _LIST_MARK.search(before):
        return True
    starts = not _LETTERS.search(before) or before.rstrip().endswith(":")
    return starts or (sentence.section in DIAGNOSIS_SECTIONS - {SectionKind.ASSESSMENT_PLAN})
