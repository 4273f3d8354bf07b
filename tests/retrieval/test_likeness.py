from __future__ import annotations

import pytest

from retrieval.likeness import implied, joined, root, roots


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("hypoxic", "hypoxia"),
        ("bleeding", "hemorrhage"),
        ("diabetic", "diabete"),
        ("alcoholic", "alcohol"),
        ("perforated", "perforation"),
        ("bowel", "intestine"),
        ("cardioembolic", "embolism"),
        ("tibial", "tibia"),
    ],
)
def test_a_chart_and_a_title_meet_in_a_root(said: str, printed: str) -> None:
    """An adjective, a verb or a synonym of the word that the tabular list prints."""
    assert root(said) == root(printed)


@pytest.mark.parametrize(
    ("one", "other"), [("arthritis", "arthrosis"), ("displaced", "nondisplaced"), ("nephritis", "nephrosis")]
)
def test_conditions_that_differ_stay_apart(one: str, other: str) -> None:
    """An inflammation is no degeneration, and a displaced fracture is not a nondisplaced one."""
    assert root(one) != root(other)


def test_a_part_of_the_body_implies_what_it_belongs_to() -> None:
    """`Shin` is of the lower limb (L03.11), `sigmoid` of the large intestine (K57.3), `L2` is a lumbar vertebra."""
    assert root("lower limb") in implied(("shin",))
    assert root("large intestine") in implied(("sigmoid",))
    assert {root("lumbar"), root("vertebra")} <= implied(("l2",))
    assert root("upper limb") not in implied(("shin",))


def test_a_part_of_the_heart_names_no_side() -> None:
    """`Right coronary artery` is one artery, and the 3 of `stage 3` is not that of `3 days`."""
    assert joined(("right", "coronary", "artery")) == ("right coronary", "coronary", "artery")
    assert "3" not in joined(("stage", "3"))
    assert "3" in joined(("3", "day"))
    assert "bilateral" in roots(("bilateral",))
