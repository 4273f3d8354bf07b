"""Recall of the search on wordings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from evals.retrieval_suite import (
    RetrievalQuery,
    Way,
    candidate_ranker,
    load_queries,
    measure_retrieval,
    ranker,
    run_retrieval,
    surface_ranker,
)
from evals.suites import SUITES
from medcoding.codebook import Codebook, Codebooks
from medcoding.errors import InputError

LINES = """
{"query": "essential hypertension", "codes": ["I10"], "kind": "title"}
{"query": "underactive thyroid", "codes": ["E039"], "kind": "synonym"}
{"query": "migraine with aura, not intractable", "codes": ["G43.109"], "kind": "title", "date": "2026-04-02"}
{"query": "high cholesterol", "codes": ["E78.00"], "kind": "synonym"}
"""


@pytest.fixture
def queries(tmp_path: Path) -> tuple[RetrievalQuery, ...]:
    """A handful."""
    path = tmp_path / "queries.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return load_queries(path)


def fixed(query: str, codebook: Codebook, day: date) -> Sequence[str]:
    """A ranker that knows two wordings, one of them late."""
    known = {"essential hypertension": ["I10"], "high cholesterol": ["E78.5"] * 10 + ["E78.00"]}
    return known.get(query, [])


def test_recall_by_hand(queries: tuple[RetrievalQuery, ...], codebooks: Codebooks) -> None:
    """One of four first, the second of four in eleventh place, two never."""
    report = run_retrieval(fixed, queries, codebooks)
    assert {depth: found.value for depth, found in report.recall.at.items()} == {1: 0.25, 10: 0.25, 50: 0.5}
    assert report.by_kind["title"].at[1].value == 0.5
    assert report.missed == ("underactive thyroid", "migraine with aura, not intractable")


def test_every_code_of_a_query_counts(codebooks: Codebooks) -> None:
    """One of two is half; a code that does not exist stays and is missed."""
    query = RetrievalQuery(query="essential hypertension", codes=("I10", "ZZZ.99"))
    report = run_retrieval(fixed, [query], codebooks)
    assert report.recall.at[50].value == 0.5
    assert report.unknown_codes == ("ZZZ.99",)


def test_both_rankers_find_common_wordings(
    queries: tuple[RetrievalQuery, ...], codebooks: Codebooks, pipeline: Pipeline
) -> None:
    """On the small index three of four among the first ten; the uncut search finds no fewer among fifty."""
    search = pipeline.parts.search
    offered = run_retrieval(candidate_ranker(search), queries, codebooks).recall.at
    uncut = run_retrieval(surface_ranker(search), queries, codebooks).recall.at
    assert (offered[10].value or 0) >= 0.75
    assert (uncut[50].value or 0) >= (offered[50].value or 0) >= (offered[1].value or 0)


def test_the_date_decides_the_edition(codebooks: Codebooks) -> None:
    """The latest where none is given."""
    seen: list[str] = []

    def watching(query: str, codebook: Codebook, day: date) -> Sequence[str]:
        seen.append(f"{codebook.edition.name} {day}")
        return ()

    query = RetrievalQuery(query="gout", codes=("M10.9",))
    run_retrieval(watching, [query, query.model_copy(update={"day": date(2026, 4, 2)})], codebooks)
    assert seen == ["FY2027 2026-10-01", "FY2026 2026-04-02"]


@pytest.mark.parametrize("line", ['{"query": "gout", "codes": []}', '{"query": "gout", "codes": ["zq canary"]}', "{"])
def test_a_line_that_is_no_query_is_refused(line: str, tmp_path: Path) -> None:
    """By number."""
    path = tmp_path / "queries.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 1 of queries\.jsonl is not valid") as refused:
        load_queries(path)
    assert "canary" not in str(refused.value)


def test_no_query_is_refused(codebooks: Codebooks) -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="no query"):
        run_retrieval(fixed, [], codebooks)


def test_any_of_several_codes_is_the_whole_answer(codebooks: Codebooks) -> None:
    """Where the wording leaves open which it is; where it says both, both are asked for."""
    codes = ("I10", "I16.0")
    both = RetrievalQuery(query="essential hypertension", codes=codes)
    either = RetrievalQuery.model_validate({"query": "essential hypertension", "codes": codes, "any": True})
    assert run_retrieval(fixed, [both], codebooks).recall.at[10].value == 0.5
    assert run_retrieval(fixed, [either], codebooks).recall.at[10].value == 1.0


def test_shorthand_is_asked_in_three_ways(pipeline: Pipeline, codebooks: Codebooks) -> None:
    """As it stands, written out, and as a line of an assessment."""
    day = codebooks.latest.edition.effective_from
    for way in Way:
        assert "I10" in ranker(pipeline, way)("HTN", codebooks.latest, day)[:10], way


def test_single_queries_of_a_held_out_part_stay_hidden(tmp_path: Path, index_dir: Path) -> None:
    """It is only ever scored, so what it misses is not told."""
    path = tmp_path / "held_out.jsonl"
    path.write_text('{"query": "gout", "codes": ["ZZZ.99"]}', encoding="utf-8")
    report = measure_retrieval(path, index_dir)
    assert report.recall.at[50].value == 0.0
    assert report.missed == ()


def test_the_shorthand_suite_is_sound(codebooks: Codebooks) -> None:
    """At least 300 queries, about half of them held out; none stands twice, and every code may be billed."""
    parts = [load_queries(SUITES / "shorthand" / f"{part}.jsonl") for part in ("development", "held_out")]
    queries = [q for part in parts for q in part]
    assert len(queries) >= 300
    assert min(map(len, parts)) >= 150
    assert len({" ".join(q.query.lower().split()) for q in queries}) == len(queries)
    assert [c for q in queries for c in q.codes if not codebooks.latest.is_billable(c)] == []
    assert all(q.kind and (len(q.codes) > 1 or not q.any_of) for q in queries)
