"""How often the search finds the code that a wording means, before anybody chooses: recall at 1, 10 and 50.

A suite is JSON lines `{"query": …, "codes": […]}`, with a `date` where the edition matters and `any` where one code is
the whole answer. It needs no note and no language model: `Ranker` is the seam, and every `Way` of asking is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, field_validator

from agent.abbreviations import Abbreviations
from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import load_settings
from agent.stages import Clock
from evals.annotated_sentences import HELD_OUT
from evals.bootstrap import LEVEL, RESAMPLES, SEED, Estimate, Resampler
from medcoding.chart import SectionKind, Span
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem, parse_code
from medcoding.encounter import Day, Document, Encounter, Setting
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


class Way(StrEnum):
    """How a query is asked."""

    RAW = "raw"
    """The uncut search, with the wording as it stands."""
    EXPANDED = "expanded"
    """The uncut search, with abbreviations written out."""
    OFFERED = "offered"
    """The whole way from a line of an assessment to the numbered candidates of its mentions."""


class RetrievalQuery(Record):
    """A wording and the codes that answer it."""

    query: Annotated[str, Field(min_length=1)]
    codes: Annotated[tuple[str, ...], Field(min_length=1)]
    any_of: Annotated[bool, Field(alias="any")] = False
    """True where the wording leaves open which of the codes it is: then one of them answers it. Else all are asked
    for, because the wording says several things, and the share that is found counts."""
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
    """Queries that are not wholly answered among the deepest; empty for a part that is only ever scored."""
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


def measure_retrieval(path: Path, index_dir: Path | None = None, way: Way = Way.RAW) -> RetrievalReport:
    """The installed product over a suite of queries. Single queries of a held-out part are not told."""
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    report = run_retrieval(ranker(pipeline, way), load_queries(path), pipeline.parts.codebooks)
    return report.model_copy(update={"missed": ()}) if path.stem == HELD_OUT else report


def ranker(pipeline: Pipeline, way: Way) -> Ranker:
    """What answers a query asked in that way."""
    if way is Way.OFFERED:
        return flow_ranker(pipeline)
    search = surface_ranker(pipeline.parts.search)
    return expanding(search, Abbreviations()) if way is Way.EXPANDED else search


def expanding(rank: Ranker, abbreviations: Abbreviations) -> Ranker:
    """The same ranker, asked with abbreviations written out."""
    return lambda query, codebook, day: rank(abbreviations.expand(query, query.lower()), codebook, day)


def flow_ranker(pipeline: Pipeline) -> Ranker:
    """Every candidate that the flow offers when the wording is a line of an assessment, first numbers first."""

    def rank(query: str, codebook: Codebook, day: date) -> tuple[str, ...]:
        del codebook  # the flow chooses it by the day
        encounter = Encounter(
            case_id="query",
            setting=Setting.OUTPATIENT,
            date_of_service=day,
            documents=(Document(document_id="query", text=f"ASSESSMENT:\n{query}\n"),),
        )
        return offered_codes(pipeline, encounter)

    return rank


def offered_codes(pipeline: Pipeline, encounter: Encounter) -> tuple[str, ...]:
    """Every ICD-10-CM code that the mentions of an encounter are offered, first numbers first, each once."""
    offered = pipeline.prepare(encounter, Clock()).retrieved.candidates
    numbered = sorted((c for m in offered for c in m.candidates), key=lambda c: c.number)
    return tuple(dict.fromkeys(c.code for c in numbered if c.system is CodeSystem.ICD10CM))


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
    """Share of the query's codes among the first `depth`; 1 for a single one where any of them answers."""
    found = len(set(query.codes) & set(ranked[:depth]))
    return float(found > 0) if query.any_of else found / len(query.codes)
