"""Behaviour of the picker: one character changed, everything else left as it is."""

from __future__ import annotations

from typing import Final

import pytest

from agent.review.choices import code_choices
from medcoding.codebook import Codebook


def offered(codebook: Codebook, code: str, axis: str) -> dict[str, str]:
    """The choices of one axis: code and meaning."""
    found = next(one for one in code_choices(codebook, code).axes if one.axis == axis)
    return {choice.code: choice.meaning for choice in found.choices}


def test_the_other_side_of_a_knee(fy2027: Codebook) -> None:
    """Right, left and unspecified, in the words of a side alone."""
    assert offered(fy2027, "M17.11", "laterality") == {
        "M17.10": "unspecified side", "M17.11": "right side", "M17.12": "left side",
    }  # fmt: skip


def test_the_phase_of_care_of_a_fracture_keeps_side_and_site(fy2027: Codebook) -> None:
    """Each seventh character of the same fracture, and no other bone."""
    phases = offered(fy2027, "S52.502A", "encounter")
    assert {code[:-1] for code in phases} == {"S52.502"}
    assert "initial encounter for closed fracture" in phases["S52.502A"]
    assert "S52.502D" in phases


def test_a_stage_that_needs_one_more_character(fy2027: Codebook) -> None:
    """Stage 3 of chronic kidney disease is three codes, and each is offered."""
    stages = offered(fy2027, "N18.9", "stage")
    assert {"N18.30", "N18.31", "N18.32", "N18.4"} <= set(stages)
    assert stages["N18.4"] == "stage 4 (severe)"


SIDE_FIRST: Final = ("S52.502A", "H40.1131", "M17.11")


@pytest.mark.parametrize("code", SIDE_FIRST)
def test_the_side_is_asked_first(fy2027: Codebook, code: str) -> None:
    """Then the seventh character; each choice exists, and exactly one is the code itself."""
    choices = code_choices(fy2027, code)
    assert choices.axes[0].axis == "laterality"
    for axis in choices.axes:
        assert [choice.code for choice in axis.choices if choice.chosen] == [code]
        assert all(fy2027.is_billable(choice.code) for choice in axis.choices)


def test_codes_beside_are_of_the_category_and_bounded(fy2027: Codebook) -> None:
    """A category of hundreds shows those around the code and says how many it leaves out."""
    choices = code_choices(fy2027, "S52.502A")
    assert "S52.502A" in {choice.code for choice in choices.beside}
    assert len(choices.beside) <= 60
    assert choices.beside_left_out + len(choices.beside) == len(fy2027.billable_under("S52"))


def test_an_unknown_code_has_no_choices(fy2027: Codebook) -> None:
    """What the edition does not hold has no neighbours."""
    choices = code_choices(fy2027, "M17.77")
    assert choices.axes == ()
