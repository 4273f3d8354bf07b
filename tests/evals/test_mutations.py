"""The damage done to files in fuzzing."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from evals.mutations import KINDS, mutated, mutations

TEXT = b"00001 M72     0 Overgrown fibrous tissue\n00002 M722    1 Thick sole\n00003 U10     1 Inflamed vessels\n"
XML = b"<?xml version='1.0'?>\n<list>\n<name>M72</name>\n<desc>Fibrous tissue</desc>\n</list>\n"


@pytest.mark.parametrize("data", [TEXT, XML, b"", b"x"])
def test_the_same_seed_does_the_same_damage(data: bytes) -> None:
    """A finding can be repeated from its seed; nothing is so short that damaging it fails."""
    assert list(mutations(data, 200)) == list(mutations(data, 200))
    assert [m.seed for m in mutations(data, 3, first_seed=7)] == [7, 8, 9]


def test_every_kind_of_damage_is_done() -> None:
    """Two hundred seeds meet each of them."""
    assert {mutated(XML, seed).kind for seed in range(200)} == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [TEXT, XML])
def test_damage_is_damage(kind: Callable[[bytes, random.Random], bytes], data: bytes) -> None:
    """Within ten tries each kind changes the bytes."""
    assert any(kind(data, random.Random(seed)) != data for seed in range(10))
