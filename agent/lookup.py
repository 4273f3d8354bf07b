"""Codes for clinical words, outside any encounter."""

from __future__ import annotations

from datetime import date

from agent.axes import read_axes
from agent.pipeline import Parts
from medcoding.candidate import Candidate
from medcoding.chart import SectionKind, Span
from medcoding.mention import Assertion, Mention


def search_codes(parts: Parts, text: str, day: date | None, limit: int) -> tuple[Candidate, ...]:
    """Best codes for the words, in the edition in force on `day` (the latest by default); abbreviations are read."""
    rules = parts.mention_rules
    expanded = rules.abbreviations.expand(text, text.lower())
    words = rules.abbreviations.tokens(text, text.lower())
    matches = rules.dictionary.find(words)
    term = matches[0].term if len(matches) == 1 else None
    latest = parts.codebooks.latest.edition.effective_from
    edition = parts.codebooks.for_date(day or latest)
    mention = Mention(
        id=1,
        document_id="query",
        span=Span(start=0, end=len(text)),
        text=text,
        sentence=1,
        section=SectionKind.OTHER,
        assertion=Assertion.PRESENT,
        axes=read_axes(words, 0, len(text), "initial"),
        query=expanded,
        term=term.text if term else None,
        stems=term.stems if term else (),
    )
    (found,) = parts.search.candidates((mention,), edition.codebook, edition.day_inside(day or latest))
    return found.candidates[:limit]
