"""Recall over wordings as they are typed into problem lists: what the search finds, uncut, and what is offered.

Three ways of finding, each asked as the flow or a coder would. `surfaces` is the store alone, both searches fused by
rank; `search` is the product's whole search as `chartwright search` runs it, with the depth that recall is measured
with; `offered` is what the mentions of a line of an assessment get. Only totals are told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final, Literal

from agent.axes import read_axes
from agent.found_codes import as_mention
from agent.parts import Parts
from agent.pipeline import Pipeline
from evals.retrieval_suite import Ranker, RetrievalQuery, expanding, flow_ranker, run_retrieval, surface_ranker
from medcoding.codebook import Codebook
from medcoding.mention import Mention
from medcoding.record import Record
from retrieval.search import DEEP
from retrieval.wording import tokens

_DIGITS: Final = 3

Reading = Literal["raw", "expanded"]


class ShorthandRow(Record):
    """Share of the expected codes among the first so many, by one way of finding."""

    finds: Literal["surfaces", "search", "offered"]
    reads: Reading
    """Whether abbreviations were written out by their table first."""
    at: dict[int, float]


class ShorthandReport(Record):
    """Every row over one part of the suite."""

    queries: int
    rows: tuple[ShorthandRow, ...]


def measure_shorthand(
    pipeline: Pipeline, queries: tuple[RetrievalQuery, ...], told: Callable[[int, int], None] | None = None
) -> ShorthandReport:
    """Ask every query in every way. Raises `InputError` when there is none."""
    rankers = _rankers(pipeline)
    rows: list[ShorthandRow] = []
    for number, ((finds, reads), rank) in enumerate(rankers.items(), start=1):
        found = run_retrieval(rank, queries, pipeline.parts.codebooks).recall.at
        at = {depth: round(share.value or 0.0, _DIGITS) for depth, share in found.items()}
        rows.append(ShorthandRow(finds=finds, reads=reads, at=at))
        if told:
            told(number, len(rankers))
    return ShorthandReport(queries=len(queries), rows=tuple(rows))


def search_ranker(parts: Parts, reads: Reading) -> Ranker:
    """The product's search over one wording as a stated problem, every code it finds in its order."""

    def rank(query: str, codebook: Codebook, day: date) -> tuple[str, ...]:
        asked = as_mention(parts, query) if reads == "expanded" else as_typed(parts, query)
        (ways,) = parts.search.ways((asked,), codebook, day, DEEP)
        return tuple(way.code for way in ways)

    return rank


def as_typed(parts: Parts, text: str) -> Mention:
    """The wording as a stated problem, its abbreviations left as they stand."""
    words = tokens(text)
    matches = parts.mention_rules.dictionary.find(words)
    term = matches[0].term if len(matches) == 1 else None
    return as_mention(parts, text).model_copy(
        update={
            "axes": read_axes(words, 0, len(text), "initial"),
            "query": text,
            "term": term.text if term else None,
            "stems": term.stems if term else (),
        }
    )


def _rankers(pipeline: Pipeline) -> dict[tuple[Literal["surfaces", "search", "offered"], Reading], Ranker]:
    parts = pipeline.parts
    surfaces = surface_ranker(parts.search)
    return {
        ("surfaces", "raw"): surfaces,
        ("surfaces", "expanded"): expanding(surfaces, parts.mention_rules.abbreviations),
        ("search", "raw"): search_ranker(parts, "raw"),
        ("search", "expanded"): search_ranker(parts, "expanded"),
        ("offered", "expanded"): flow_ranker(pipeline),
    }
