"""Where at home it happened."""

from __future__ import annotations

import pytest

from agent.circumstances import home_places, is_event, stands_in


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Slipped in the bathroom of her house.", "Y92.012"),
        ("Burned at the stove in his apartment kitchen.", "Y92.030"),
        ("Fell in the driveway of his house.", "Y92.014"),
        ("Fell at home.", "Y92.009"),
        ("Fell in the kitchen.", "Y92.000"),
        ("Fell in her room at the nursing home.", "Y92.129"),
        ("Tripped in the bathroom of the nursing home.", "Y92.121"),
        ("Cut himself in the garage of his mobile home.", "Y92.025"),
        ("Fell down the stairs in his house.", "Y92.018"),
        ("Punched in a cell of the prison.", "Y92.143"),
    ],
)
def test_room_and_dwelling_make_the_place(text: str, code: str) -> None:
    """Guideline I.C.20.b: the room where it is told, else the dwelling; a room without a dwelling is a private home."""
    assert [place.code for place in home_places(text)] == [code]


@pytest.mark.parametrize("text", ["Walked to the park.", "Discharged home.", "A house fire."])
def test_a_place_is_where_something_happened(text: str) -> None:
    """Where somebody went, or what burned, is no place of occurrence."""
    assert not list(home_places(text))


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Fell off a ladder.", True),
        ("Struck by a car.", True),
        ("Bitten by a dog.", True),
        ("Owns a dog.", False),
        ("Cooks for the family.", False),
    ],
)
def test_an_accident_is_told_by_its_verb(text: str, *, tells: bool) -> None:
    """Falling, striking, cutting, burning, biting."""
    assert is_event(text) is tells


def test_one_stands_in_a_place_behind_a_preposition() -> None:
    """`On the sidewalk` and not `to the sidewalk`."""
    text = "Fell on the sidewalk"
    assert stands_in(text, text.index("sidewalk"))
    assert not stands_in("Walked to the sidewalk", len("Walked to the "))
