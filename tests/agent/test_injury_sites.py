"""Wounds and burns put together from kind, site, side and depth."""

from __future__ import annotations

import pytest

from agent.injury_sites import injuries
from medcoding.codebook import Codebook


def codes(text: str) -> list[str]:
    """The codes that a sentence tells of."""
    return [injury.code for injury in injuries(text)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3 cm laceration, right middle finger, sutured.", "S61.212"),
        ("Laceration of the left thumb with nail bed involved.", "S61.112"),
        ("Laceration left knee with retained glass.", "S81.022"),
        ("Cat bite to the right wrist.", "S61.551"),
        ("Puncture wound, left foot.", "S91.332"),
        ("Scalp laceration, stapled.", "S01.01"),
    ],
)
def test_a_wound_is_coded_by_kind_site_and_side(text: str, code: str) -> None:
    """Guideline I.C.19.b: the axes of the code stand in several words."""
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "Second-degree perineal laceration.",
        "Splenic laceration, left.",
        "First-degree AV block.",
        "Heartburn after meals.",
        "Laceration of an index finger.",
    ],
)
def test_other_lacerations_and_degrees_are_left_alone(text: str) -> None:
    """Lacerations of organs and births, degrees of other things, and a finger without its side."""
    assert not codes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Second-degree burn of the right calf.", ["T24.231"]),
        ("Scald of the left hand with a full-thickness center.", ["T23.302"]),
        ("Chemical burn, second-degree, left foot.", ["T25.622"]),
        ("Third-degree burn left forearm, now a scar.", ["T22.312S"]),
        ("Non-healing second-degree burn right ankle.", ["T25.211A"]),
        ("Burns: third degree 12 % chest; TBSA 25 %.", ["T21.31", "T31.20"]),
    ],
)
def test_a_burn_is_coded_by_depth_site_and_side(text: str, expected: list[str]) -> None:
    """Guideline I.C.19.d: the deepest degree of a site; chemicals apart; healed with a scar is a sequela."""
    assert codes(text) == expected


def test_what_is_put_together_stands_in_the_book(fy2027: Codebook) -> None:
    """Every site leads to billable codes on both sides."""
    sites = (
        "scalp",
        "ear",
        "cheek",
        "thumb",
        "hand",
        "wrist",
        "forearm",
        "elbow",
        "upper arm",
        "thigh",
        "knee",
        "foot",
    )
    for site in sites:
        for side in ("right", "left"):
            for text in (f"laceration {side} {site}", f"puncture wound {side} {site}", f"dog bite {side} {site}"):
                assert all(fy2027.billable_under(code) for code in codes(text)), text
    for site in ("forearm", "elbow", "palm", "hand", "thigh", "calf", "ankle", "foot", "chest", "abdomen", "neck"):
        for depth in ("first-degree", "second-degree", "third-degree"):
            for code in codes(f"{depth} burn left {site}"):
                assert fy2027.billable_under(code), code
