"""The benchmark of candidates: what counts as found, and that every way of searching answers the same question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from evals.retrieval_bench.bench import rank_of
from evals.retrieval_bench.records import BenchReport, RecallRow, as_text, recall
from evals.retrieval_bench.ways import Batch, Bm25s, Lanes, Way, batch_of, index_ways, package_ways, peer_ways
from medcoding.codebook import Codebook
from retrieval.features import ScoredWay
from tests.training.small_lists import LetterEncoder, small_book, small_lists
from training.candidate_lists import Asked
from training.lanes import Bm25Lane, LetterLane
from training.search_space import SearchSpace
from training.term_pairs import TermPair

NOTHING = np.zeros(0, dtype=np.int64)


class LikesThroats:
    """A reranker that prefers codes of the throat."""

    def scores(self, query: str, candidates: Sequence[ScoredWay]) -> list[float]:
        """1 for each of them."""
        return [float(candidate.code.startswith("J")) for candidate in candidates]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Codebook:
    """The small book as a file."""
    return small_book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def lanes(book: Codebook) -> Lanes:
    """The small search with its documents."""
    lists = small_lists(book)
    return Lanes(lists, Bm25Lane(lists.space.texts), Bm25Lane(lists.space.titles), LetterLane(lists.space.texts))


def _batch(lanes: Lanes, *texts: str) -> Batch:
    asked = [Asked(text, vector, NOTHING) for text, vector in zip(texts, LetterEncoder().encode(texts), strict=True)]
    return batch_of(lanes, asked)


def _group(space: SearchSpace, code: str) -> int:
    return next(number for number, group in enumerate(space.groups) if code in group)


def test_recall_counts_the_first_right_choice() -> None:
    """Rank 1, rank 10, rank 11 and a miss."""
    assert recall([1, 10, 11, 0]) == {1: 0.25, 10: 0.5, 50: 0.75, 200: 0.75}
    assert recall([1, 10], deepest=10) == {1: 0.5, 10: 1.0}


def test_a_header_is_found_when_a_code_below_it_is_offered(lanes: Lanes, book: Codebook) -> None:
    """I20.81 answers a term of I20.8; I20.9 does not."""
    space = lanes.lists.space
    pair = TermPair("Coronary slow flow syndrome", "I20.8", "inclusion")
    wrong, right = _group(space, "I20.9"), _group(space, "I20.81")
    assert rank_of(pair, np.array([wrong, right]), space, book) == 2
    assert rank_of(pair, np.array([wrong]), space, book) == 0


@pytest.mark.parametrize("number", range(15))
def test_every_way_finds_what_reads_alike(lanes: Lanes, book: Codebook, number: int) -> None:
    """Asked for the very words of a title, no baseline, no fusion and no peer puts another code first."""
    pytest.importorskip("bm25s", reason="the extra `peers` is not installed")
    peers = peer_ways(lanes.lists, ("title", "inclusion", "index"))
    every = [*package_ways(lanes, None), *index_ways(lanes, None), *peers]
    assert len(every) == 15
    way: Way = every[number]
    text = "angina unstable" if way.sees == ("index",) else "Unstable angina"
    batch = _batch(lanes, text)
    (found,) = way.ranked(batch, lanes.lists.space.of_kinds(*way.sees))
    assert rank_of(TermPair(text, "I20.0", "title"), found, lanes.lists.space, book) == 1


def test_the_reranker_orders_what_was_found(lanes: Lanes) -> None:
    """One that prefers sore throats moves them up and neither adds nor drops a choice."""
    plain, reranked = (
        way.ranked(_batch(lanes, "angina"), lanes.lists.space.of_kinds(*way.sees))[0].tolist()
        for way in package_ways(lanes, LikesThroats())
        if way.name in {"the product's search, not reranked", "the product's search"}
    )
    throats = {_group(lanes.lists.space, code) for code in ("J02.0", "J02.9")}
    assert set(plain) == set(reranked)
    assert throats <= set(plain)
    assert sum(map(reranked.index, throats)) < sum(map(plain.index, throats))


def test_a_masked_wording_is_not_found_by_the_peer_either(lanes: Lanes) -> None:
    """bm25s passes over what the query must not see."""
    pytest.importorskip("bm25s", reason="the extra `peers` is not installed")
    space = lanes.lists.space
    hidden = np.array([place for place, text in enumerate(space.texts) if text == "Stenocardia"], dtype=np.int64)
    batch = _batch(lanes, "stenocardia")
    asked = [batch.asked[0]._replace(masked=hidden)]
    seen = space.of_kinds("title", "inclusion")
    assert len(Bm25s(space).ranked(batch, seen)[0]) > 0
    assert len(Bm25s(space).ranked(batch._replace(asked=asked), seen)[0]) == 0


def test_the_table_shows_the_bar_beside_the_rows() -> None:
    """Rows of one task, then the bar; a depth that is never reached stays empty."""
    rows = (RecallRow(task="index", name="peer", encoder="MiniLM", at={1: 0.5, 10: 0.75}),)
    report = BenchReport(
        edition="FY2026", seed=5, queries={"index": 4}, groups=7, wordings={}, adapter="", reranker="", rows=rows
    )
    assert "| peer | MiniLM | 0.500 | 0.750 | | |" in as_text(report)
    assert "0.900" in as_text(report)
