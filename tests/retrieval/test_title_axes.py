from __future__ import annotations

import pytest

from medcoding.mention import Axes, Laterality
from retrieval.title_axes import Trimester, content, dominance_in, said_in, title_axes, trimester_in
from retrieval.wording import forms


def test_a_title_is_taken_apart() -> None:
    """Side, episode and what the record would have to say."""
    title = title_axes(
        "Displaced fracture of lateral malleolus of right fibula, subsequent encounter for closed fracture"
    )
    assert title.sides == {"right"}
    assert title.episode == "subsequent"
    assert {"malleol", "displac"} <= content(title.says)


def test_what_stands_in_brackets_may_be_said_or_not() -> None:
    """`Acute on chronic systolic (congestive) heart failure` is that failure, congestive or not."""
    title = title_axes("Acute on chronic systolic (congestive) heart failure")
    assert title.optional == {"congest"}
    assert "congest" not in title.says


def test_a_denial_ends_at_its_comma() -> None:
    """K40.31 is `with obstruction, without gangrene, recurrent`: it denies the gangrene, not the recurrence."""
    title = title_axes("Unilateral inguinal hernia, with obstruction, without gangrene, recurrent")
    assert title.denies == {"gangren"}
    assert "recurrent" in title.says


@pytest.mark.parametrize(
    ("said", "trimester"),
    [
        ("13w6d", "first"),
        ("14w0d", "second"),
        ("27w6d", "second"),
        ("28w0d", "third"),
        ("in her second trimester", "second"),
        ("pregnant", None),
    ],
)
def test_the_weeks_tell_the_trimester(said: str, trimester: Trimester | None) -> None:
    """First before 14 0/7 weeks, third from 28 0/7 (chapter 15)."""
    assert trimester_in(forms(said)) == trimester


@pytest.mark.parametrize(
    ("said", "side", "dominant"),
    [
        ("hemiplegia", "right", True),
        ("hemiplegia", "left", False),
        ("left-handed man", "left", True),
        ("left-handed man", "right", False),
        ("ambidextrous", "left", True),
        ("nondominant side", "right", False),
        ("hemiplegia", None, None),
    ],
)
def test_the_right_side_is_dominant_unless_the_record_says_otherwise(
    said: str, side: Laterality | None, dominant: bool | None
) -> None:
    """Guideline I.C.6.a."""
    assert dominance_in(forms(said), Axes(laterality=side)) is dominant


def test_the_side_that_is_not_dominant_is_no_word_of_the_title() -> None:
    """It is an axis: the record need not say `non`, and the side stays (guideline I.C.6.a)."""
    dominant, other = (
        title_axes(f"Hemiplegia and hemiparesis following cerebral infarction affecting left {kind} side")
        for kind in ("dominant", "non-dominant")
    )
    assert (dominant.dominant, other.dominant) == (True, False)
    assert dominant.says == other.says
    assert other.sides == {"left"}


def test_a_denied_word_is_not_said() -> None:
    """Neither by itself nor through what it would imply."""
    said = said_in(("cellulitis", "shin"), Axes(), ("shin",))
    assert "shin" not in said.words
