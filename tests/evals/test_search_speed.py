"""The measurement of the search's cost: what it asks, and how it names what is too slow."""

from __future__ import annotations

import pytest

from evals.search_speed import BARS, RepeatedSpeed, SearchSpeed, lowest, spoken_titles
from medcoding.codebook import Codebook
from medcoding.errors import InputError

WITHIN = SearchSpeed(
    surfaces=100, walked=True, reranked=True, start_s=1.0, start_cpu_s=0.9, one_p50_ms=4.0, one_p95_ms=10.0,
    one_cpu_p50_ms=4.0, one_cpu_p95_ms=9.0, batch_p50_ms=150.0, batch_p95_ms=250.0, batch_cpu_p50_ms=140.0,
    batch_cpu_p95_ms=240.0, memory_mb=600.0,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(BARS))
def test_what_exceeds_a_bar_is_named(name: str) -> None:
    """A figure at its bar holds, one above it does not."""
    assert WITHIN.missed() == ()
    (sentence,) = WITHIN.model_copy(update={name: BARS[name] * 2}).missed()
    assert sentence.startswith(name)


def test_of_several_measurements_the_lowest_figures_count() -> None:
    """Figure by figure: other work slows one measurement here and another there. A bar the best misses is missed."""
    slow_start = WITHIN.model_copy(update={"start_s": 9.0, "one_p95_ms": 8.0})
    slow_notes = WITHIN.model_copy(update={"batch_p95_ms": 900.0})
    best = lowest((slow_start, slow_notes))
    assert (best.start_s, best.one_p95_ms, best.batch_p95_ms, best.surfaces) == (1.0, 8.0, 250.0, 100)
    assert RepeatedSpeed(best=best, repeats=(slow_start, slow_notes)).missed() == ()
    assert len(RepeatedSpeed(best=slow_start, repeats=(slow_start,)).missed()) == 1


def test_no_text_is_asked_twice(fy2027: Codebook) -> None:
    """Or a cache would answer in place of the search; the same texts every time."""
    texts = spoken_titles(fy2027, 300)
    assert len(set(texts)) == 300
    assert texts == spoken_titles(fy2027, 300)


def test_more_texts_than_the_book_has_are_refused(fy2027: Codebook) -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="measure a whole index"):
        spoken_titles(fy2027, 10_000_000)
