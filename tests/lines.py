"""One sentence as the finding steps read it, for their tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from agent.abbreviations import Abbreviations, expanded_tokens
from agent.assertion import AssertionRules
from agent.chart_words import ChartWords
from agent.lines import Line, Spotted
from agent.spotting import Vocabulary, spotted
from agent.statements import statement_span
from medcoding.chart import SectionKind, Sentence, Span
from medcoding.encounter import Setting
from retrieval.dictionary import Dictionary, Term

ABBREVIATIONS: Final = Abbreviations()
CHART_WORDS: Final = ChartWords()
CUES: Final = AssertionRules()
DAY: Final = dt.date(2026, 11, 2)


def line(
    text: str, section: SectionKind = SectionKind.ASSESSMENT, setting: str = "outpatient", age: int | None = 60
) -> Line:
    """A document of one sentence."""
    expansions = ABBREVIATIONS.expansions(text, text.lower(), section)
    return Line(
        sentence=Sentence(number=1, document_id="d", span=Span(start=0, end=len(text)), section=section),
        text=text,
        words=expanded_tokens(text, expansions),
        expansions=expansions,
        statement=statement_span(text, section),
        episode="initial",
        age=age,
        day=DAY,
        setting=Setting(setting),
    )


def term(text: str, code: str = "R69", **more: Any) -> Term:
    """A clinical term that leads to one code."""
    return Term.model_validate({"text": text, "stems": (code,), "source": "clinical"} | more)


def spots(one: Line, *terms: Term, eventful: bool = False) -> list[Spotted]:
    """What is spotted in a line by a dictionary of the terms."""
    return spotted(one, Vocabulary(Dictionary(terms), CHART_WORDS), eventful=eventful)


def words(one: Line, found: Sequence[Spotted]) -> list[str]:
    """The words of what was spotted."""
    return [one.text[f.start : f.end] for f in found]
