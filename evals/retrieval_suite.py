"""How often the search finds the code that a wording means, before anybody chooses: recall at 1, 10 and 50.

A suite is JSON lines `{"query": …, "codes": […]}`, with a `date` where the edition matters. It needs no note, no
mention and no language model: `Ranker` is the seam, and two rankers stand behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, field_validator

from agent.bootstrap import build_pipeline
from agent.settings import load_settings
from evals.bootstrap import LEVEL, RESAMPLES, SEED, Estimate, Resampler
from medcoding.chart import SectionKind, Span
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem, parse_code
from medcoding.encounter import Day
from medcoding.errors import InputError
from medcoding.mention import Assertion, Axes, Mention
from medcoding.parsing import load_lines
from medcoding.record import Record
from retrieval.expand import expand
from retrieval.fusion import fused_hits
from retrieval.search import CandidateSearch
from retrieval.store import Between, VectorQuery
from retrieval.wording import forms

DEPTHS: Final = (1, 10, 50)
_HITS: Final = 200
_PER_SURFACE: Final = 3

Ranker = Callable[[str, Codebook, date], Sequence[str]]
"""A wording to ICD-10-CM codes, best first, each once."""


class RetrievalQuery(Record):
    """A wording and every code that answers it."""

    query: Annotated[str, Field(min_length=1)]
    codes: Annotated[tuple[str, ...], Field(min_length=1)]
    day: Annotated[Day | None, Field(alias="date")] = None
    """Decides the edition; the latest one where it is not given."""
    kind: str = ""
    """What the query exercises: eponym, abbreviation, synonym, …"""

    @field_validator("codes")
    @classmethod
    def _printed(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(dict.fromkeys(map(parse_code, codes)))
        except InputError:
            raise ValueError("a code is not written like an ICD-10-CM code") from None


class RetrievalRecall(Record):
    """Share of the expected codes among the first so many, averaged over queries."""

    queries: int
    at: dict[int, Estimate]


class RetrievalReport(Record):
    """Recall over one suite of queries."""

    recall: RetrievalRecall
    by_kind: dict[str, RetrievalRecall]
    """Only where queries name a kind."""
    missed: tuple[str, ...]
    """Queries of which not every code stands among the deepest."""
    unknown_codes: tuple[str, ...]
    """Expected codes that may not be billed on the date. They stay, and count as missed."""
    level: float = LEVEL
    resamples: int = RESAMPLES
    seed: int = SEED


def load_queries(path: Path) -> tuple[RetrievalQuery, ...]:
    """A suite of queries. Raises `InputError` at the first line that does not fit."""
    return load_lines(RetrievalQuery, path)


def run_retrieval(rank: Ranker, queries: Sequence[RetrievalQuery], codebooks: Codebooks) -> RetrievalReport:
    """Ask every query once. Raises `InputError` when there is none."""
    if not queries:
        raise InputError("The suite holds no query; give one on each line.")
    books = [codebooks.for_date(q.day).codebook if q.day else codebooks.latest for q in queries]
    ranked = [
        tuple(rank(q.query, book, q.day or book.edition.effective_from)) for q, book in zip(queries, books, strict=True)
    ]
    kinds = sorted({q.kind for q in queries if q.kind})
    return RetrievalReport(
        recall=_recall(queries, ranked),
        by_kind={kind: _recall(*_of_kind(kind, queries, ranked)) for kind in kinds},
        missed=tuple(q.query for q, codes in zip(queries, ranked, strict=True) if _found(q, codes, DEPTHS[-1]) < 1),
        unknown_codes=tuple(
            sorted({c for q, book in zip(queries, books, strict=True) for c in q.codes if not book.is_billable(c)})
        ),
    )


def measure_retrieval(queries: Sequence[RetrievalQuery], index_dir: Path | None = None) -> RetrievalReport:
    """The uncut search of the installed product over queries."""
    parts = build_pipeline(load_settings(index_dir=index_dir)).parts
    return run_retrieval(surface_ranker(parts.search), queries, parts.codebooks)


def candidate_ranker(search: CandidateSearch) -> Ranker:
    """What the flow would be offered for the wording as a stated problem: at most 12 codes, so recall ends there."""

    def rank(query: str, codebook: Codebook, day: date) -> tuple[str, ...]:
        (offered,) = search.candidates((_stated(query),), codebook, day)
        return tuple(c.code for c in offered.candidates if c.system is CodeSystem.ICD10CM)

    return rank


def surface_ranker(search: CandidateSearch) -> Ranker:
    """The search itself, lexical and dense fused, before anything is cut: surfaces in order, each with its codes."""

    def rank(query: str, codebook: Codebook, day: date) -> tuple[str, ...]:
        in_force = (Between("effective_from", "effective_to", int(f"{day:%Y%m%d}")),)
        (vector,) = search.encoder.encode([query])
        dense, lexical = search.surfaces.search(
            [VectorQuery(vector, _HITS, in_force), VectorQuery(search.sparse.query(query), _HITS, in_force)]
        )
        found: dict[str, None] = {}
        for hit in fused_hits(dense, lexical, _HITS):
            stems = hit.payload["codes"]
            found |= dict.fromkeys(
                expand(stems if isinstance(stems, list) else [], codebook, Axes(), forms(query), _PER_SURFACE)
            )
        return tuple(found)

    return rank


def _stated(query: str) -> Mention:
    """The wording as a problem that a note states."""
    return Mention(
        id=1,
        document_id="query",
        span=Span(start=0, end=len(query)),
        text=query,
        sentence=1,
        section=SectionKind.ASSESSMENT,
        assertion=Assertion.PRESENT,
        query=query,
        clause=query,
    )


def _recall(queries: Sequence[RetrievalQuery], ranked: Sequence[Sequence[str]]) -> RetrievalRecall:
    resampler = Resampler(len(queries))
    return RetrievalRecall(
        queries=len(queries),
        at={
            depth: resampler.ratio([(_found(q, codes, depth), 1.0) for q, codes in zip(queries, ranked, strict=True)])
            for depth in DEPTHS
        },
    )


def _of_kind(
    kind: str, queries: Sequence[RetrievalQuery], ranked: Sequence[Sequence[str]]
) -> tuple[list[RetrievalQuery], list[Sequence[str]]]:
    places = [place for place, query in enumerate(queries) if query.kind == kind]
    return [queries[p] for p in places], [ranked[p] for p in places]


def _found(query: RetrievalQuery, ranked: Sequence[str], depth: int) -> float:
    """Share of the query's codes among the first `depth`."""
    return len(set(query.codes) & set(ranked[:depth])) / len(query.codes)
