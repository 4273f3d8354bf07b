"""The encounter of an external cause is that of the injury."""

from __future__ import annotations

import pytest

from agent.injury_episode import settle_episodes
from medcoding.codebook import Codebook
from tests.agent.settled_sets import code_set, record


@pytest.mark.parametrize(
    ("injuries", "expected"),
    [(("S52.501D",), "W11.XXXD"), (("S52.501S", "S63.501S"), "W11.XXXS"), (("S52.501D", "S63.501A"), "W11.XXXA")],
)
def test_the_cause_takes_the_seventh_character_of_all_injuries(
    injuries: tuple[str, ...], expected: str, fy2027: Codebook
) -> None:
    """Guideline I.C.20.a.2; injuries of different encounters leave it as it is."""
    chart = record("first injury.", "second injury.", "Fell off a ladder.")
    words = ("first injury", "second injury")
    settled = code_set(chart, *zip(words, injuries, strict=False), ("Fell off a ladder", "W11.XXXA"))
    settle_episodes(settled, fy2027)
    assert expected in settled.lines
