"""Recall over shorthand: every way is asked, and what is read before the search is what the row says."""

from __future__ import annotations

import pytest

from agent.pipeline import Pipeline
from evals.retrieval_bench.shorthand import as_typed, measure_shorthand, search_ranker
from evals.retrieval_suite import RetrievalQuery
from medcoding.codebook import Codebooks
from medcoding.errors import InputError


def test_every_way_is_asked(pipeline: Pipeline) -> None:
    """The store, the whole search and what is offered, raw and written out; a share at each depth."""
    told: list[tuple[int, int]] = []
    queries = (RetrievalQuery(query="HTN", codes=("I10",)), RetrievalQuery(query="GERD", codes=("K21.9",)))
    report = measure_shorthand(pipeline, queries, lambda done, of: told.append((done, of)))
    assert [(row.finds, row.reads) for row in report.rows] == [
        ("surfaces", "raw"),
        ("surfaces", "expanded"),
        ("search", "raw"),
        ("search", "expanded"),
        ("offered", "expanded"),
    ]
    assert all(sorted(row.at) == [1, 10, 50] for row in report.rows)
    assert report.rows[3].at[1] == 1.0
    assert (report.queries, told[-1]) == (2, (5, 5))


def test_typed_words_stay_as_they_are(pipeline: Pipeline) -> None:
    """`R` of `R knee pain` is a side only once it is written out."""
    assert as_typed(pipeline.parts, "R knee pain").query == "R knee pain"
    assert as_typed(pipeline.parts, "R knee pain").axes.laterality is None
    assert as_typed(pipeline.parts, "right knee pain").axes.laterality == "right"


@pytest.mark.parametrize(("query", "code"), [("L knee pain", "M25.562"), ("HTN", "I10")])
def test_the_search_reads_abbreviations(pipeline: Pipeline, codebooks: Codebooks, query: str, code: str) -> None:
    """Written out, the side chooses among the codes of a wording and the term leads."""
    book = codebooks.latest
    rank = search_ranker(pipeline.parts, "expanded")
    assert rank(query, book, book.edition.effective_from)[0] == code


def test_no_query_is_refused(pipeline: Pipeline) -> None:
    """In one sentence, as every suite."""
    with pytest.raises(InputError, match="no query"):
        measure_shorthand(pipeline, ())
