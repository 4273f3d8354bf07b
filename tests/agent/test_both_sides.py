from __future__ import annotations

import pytest

from agent.both_sides import settle_sides
from medcoding.codebook import Codebook
from medcoding.mention import Axes, Laterality
from tests.agent.settled_sets import code_set, record


@pytest.mark.parametrize(
    ("given", "side", "expected"),
    [
        (("M17.11", "M17.12"), None, {"M17.0"}),
        (("M16.11", "M16.12"), None, {"M16.0"}),
        (("M25.561", "M25.562"), None, {"M25.561", "M25.562"}),
        (("M25.569",), "bilateral", {"M25.561", "M25.562"}),
        (("M17.11",), None, {"M17.11"}),
    ],
)
def test_both_sides_get_the_code_for_both_or_one_each(
    given: tuple[str, ...], side: Laterality | None, expected: set[str], fy2027: Codebook
) -> None:
    """A bilateral code where the book has one, else a code for each side (guideline I.B.13)."""
    chart = record(*(f"word {n}." for n in range(len(given))))
    pairs = [(f"word {n}", code) for n, code in enumerate(given)]
    settled = code_set(chart, *pairs, axes=Axes(laterality=side))
    settle_sides(settled, fy2027)
    assert set(settled.lines) == expected
