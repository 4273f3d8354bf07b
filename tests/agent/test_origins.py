"""Where each character of a code comes from."""

from __future__ import annotations

import pytest

from agent.origins import character_origins
from medcoding.codebook import Codebook


def origins(book: Codebook, code: str, *said: str) -> dict[str, str]:
    """Characters so far -> origin."""
    return {c.characters: c.origin for c in character_origins(book, code, frozenset(said))}


def test_each_character_has_its_axis(fy2027: Codebook) -> None:
    """What it decides; the category decides nothing yet."""
    axes = [c.axis for c in character_origins(fy2027, "H40.1112", frozenset())]
    assert axes == [None, "type", "type", "laterality", "stage"]


def test_a_placeholder_is_not_shown(fy2027: Codebook) -> None:
    """T20.00XA: the X keeps a place and says nothing."""
    assert list(origins(fy2027, "T20.00XA")) == ["T20", "T20.0", "T20.00", "T20.00XA"]
    assert list(origins(fy2027, "W19.XXXA")) == ["W19", "W19.XXXA"]


def test_a_meaning_is_what_the_character_adds(fy2027: Codebook) -> None:
    """Not the whole title again."""
    meanings = [c.meaning for c in character_origins(fy2027, "E11.22", frozenset())]
    assert meanings == ["Type 2 diabetes mellitus", "with kidney complications", "diabetic chronic kidney disease"]


@pytest.mark.parametrize(
    ("code", "said", "characters", "origin"),
    [
        ("M25.561", ("right",), "M25.561", "documented"),
        ("M25.561", (), "M25.561", "default"),
        ("M25.569", ("pain", "knee"), "M25.569", "not documented"),
        ("E11.9", ("diabetes",), "E11.9", "default"),
        ("S93.401A", ("ankle",), "S93.401A", "setting"),
        ("H40.1112", ("moderate",), "H40.1112", "documented"),
        ("H40.1112", (), "H40.1112", "default"),
        ("I12.9", ("stage",), "I12.9", "documented"),
    ],
)
def test_an_origin(code: str, said: tuple[str, ...], characters: str, origin: str, fy2027: Codebook) -> None:
    """Said, left open, assumed, or given by the visit: a seventh character is the visit's only where it counts visits.

    `Or unspecified` beside a choice leaves nothing open (I12.9).
    """
    assert origins(fy2027, code, *said)[characters] == origin


def test_a_category_alone_is_one_line(fy2027: Codebook) -> None:
    """I10 has no further character."""
    assert origins(fy2027, "I10", "hypertension") == {"I10": "documented"}
    assert origins(fy2027, "I10") == {"I10": "default"}
