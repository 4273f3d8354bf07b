"""Codes for clinical words outside any encounter: what was found, by which wording, on which way, with which scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from agent.axes import read_axes
from agent.parts import Parts
from medcoding.candidate import CandidateOrigin
from medcoding.chart import SectionKind, Span
from medcoding.codes import CodeSystem
from medcoding.errors import InputError
from medcoding.mention import Assertion, Mention
from medcoding.record import Record
from retrieval.dictionary import Term, TermMatch
from retrieval.likeness import roots
from retrieval.search import OFFERED
from retrieval.title_axes import content
from retrieval.ways import Way
from retrieval.wording import Token

_DIGITS: Final = 4


class FoundScores(Record):
    """What speaks for a code; 0 where that search did not find it."""

    dense: float
    """Cosine of the nearest wording."""
    bm25: float
    """Score of the words of its title."""
    walk: float
    """Fit of the walk through the Alphabetic Index, 0 to 1."""
    dictionary: float
    """How far a dictionary term covers the words."""
    fused: float
    """Weighted reciprocal rank fusion of the rankings."""
    reranked: float | None
    """The learned score, null where no reranker is loaded or the code lay too deep."""


class FoundCode(Record):
    """One code and why it was found."""

    system: CodeSystem
    code: str
    title: str
    surface: str
    """The wording that led to it."""
    origins: tuple[CandidateOrigin, ...]
    index_path: tuple[str, ...]
    """Main term and subterms of the Alphabetic Index, where it was looked up there."""
    score: float
    """What the codes are ordered by."""
    scores: FoundScores


def find_codes(parts: Parts, text: str, day: date | None, limit: int) -> tuple[FoundCode, ...]:
    """The best codes for the words in the edition in force on `day`, the latest by default; abbreviations are read.

    Raises `InputError` when there is no word.
    """
    latest = parts.codebooks.latest.edition.effective_from
    edition = parts.codebooks.for_date(day or latest)
    asked = as_mention(parts, text)
    (ways,) = parts.search.ways((asked,), edition.codebook, edition.day_inside(day or latest), OFFERED)
    return tuple(_found(way, edition.codebook.title(way.code)) for way in ways[:limit])


def as_mention(parts: Parts, text: str) -> Mention:
    """The words as a problem that a note states."""
    rules = parts.mention_rules
    expanded = rules.abbreviations.expand(text, text.lower())
    words = rules.abbreviations.tokens(text, text.lower())
    if not words:
        raise InputError("There is no word to search for; give a diagnosis or symptom in clinical words.")
    term = _term(rules.dictionary.find(words), words)
    return Mention(
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


def _term(matches: Sequence[TermMatch], words: Sequence[Token]) -> Term | None:
    """The one clinical term that the words are; None where they say more, such as `secondary` before a cancer."""
    if len(matches) != 1:
        return None
    match = matches[0]
    beside = [word.form for word in (*words[: match.first], *words[match.last + 1 :])]
    return None if content(roots(beside)) else match.term


def _found(way: Way, title: str) -> FoundCode:
    return FoundCode(
        system=CodeSystem.ICD10CM,
        code=way.code,
        title=title,
        surface=way.surface,
        origins=way.origins,
        index_path=way.index_path,
        score=round(way.score, _DIGITS),
        scores=FoundScores(
            dense=round(way.dense, _DIGITS),
            bm25=round(way.sparse, _DIGITS),
            walk=round(way.walk, _DIGITS),
            dictionary=round(way.dictionary, _DIGITS),
            fused=round(way.fused, _DIGITS),
            reranked=None if way.reranked is None else round(way.reranked, _DIGITS),
        ),
    )
