from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusion import fuse, fused_hits
from retrieval.store import Hit

RANKINGS = st.lists(st.lists(st.integers(0, 20), max_size=10, unique=True), max_size=5)


@given(RANKINGS.flatmap(lambda r: st.tuples(st.just(r), st.permutations(r))))
def test_the_order_of_the_rankings_does_not_matter(rankings: tuple[list[list[int]], list[list[int]]]) -> None:
    """To the last bit, because answers must be reproducible."""
    one, other = rankings
    assert fuse(one) == fuse(other)


@given(RANKINGS)
def test_exactly_what_was_ranked_is_fused(rankings: list[list[int]]) -> None:
    """Nothing is added, nothing lost, every score is positive."""
    scores = fuse(rankings)
    assert set(scores) == {item for ranking in rankings for item in ranking}
    assert all(score > 0 for score in scores.values())


@given(st.lists(st.integers(0, 50), min_size=2, unique=True))
def test_one_ranking_keeps_its_order(ranking: list[int]) -> None:
    """Fusion of a single search is that search."""
    scores = fuse([ranking])
    assert sorted(scores, key=lambda item: -scores[item]) == ranking


@given(RANKINGS, st.integers(0, 20))
def test_one_more_vote_never_harms(rankings: list[list[int]], item: int) -> None:
    """An item that another search finds too does not lose by it."""
    assert fuse([*rankings, [item]])[item] > fuse(rankings).get(item, 0.0)


def _hit(number: int, score: float) -> Hit:
    return Hit(number, score, {"text": str(number)})


def test_the_score_kept_is_the_cosine() -> None:
    """BM25 scores have no common scale; a hit that only the words found carries 0."""
    dense, lexical = [_hit(1, 0.9), _hit(2, 0.4)], [_hit(3, 17.0), _hit(2, 11.0)]
    assert fused_hits(dense, lexical, 3) == [_hit(2, 0.4), _hit(1, 0.9), _hit(3, 0.0)]


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True), st.integers(0, 10))
def test_the_limit_holds_and_nothing_comes_twice(dense: list[int], lexical: list[int], limit: int) -> None:
    """Hits are distinct and at most as many as asked for."""
    hits = fused_hits([_hit(n, 0.5) for n in dense], [_hit(n, 9.0) for n in lexical], limit)
    assert len(hits) == min(limit, len({*dense, *lexical}))
    assert len({hit.id for hit in hits}) == len(hits)
