from __future__ import annotations

import pytest

from agent.replaced import settle_replaced
from medcoding.codebook import Codebook
from tests.agent.settled_sets import code_set, record


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Right total knee replacement scheduled.", "M17.11"),
        ("S/p right total knee replacement 2021.", "Z96.651"),
        ("Elective right total knee replacement.", "M17.11"),
    ],
)
def test_a_joint_is_diseased_or_replaced(sentence: str, kept: str, fy2027: Codebook) -> None:
    """A planned prosthesis is no status yet; a replaced joint has no arthritis (guideline I.C.21.c.3)."""
    chart = record("Osteoarthritis of the right knee.", sentence)
    settled = code_set(chart, ("Osteoarthritis", "M17.11"), ("total knee replacement", "Z96.651"))
    settle_replaced(chart, settled, fy2027)
    assert list(settled.lines) == [kept]


def test_the_other_knee_keeps_its_arthritis(fy2027: Codebook) -> None:
    """One side is replaced, the other is not."""
    chart = record("Osteoarthritis of the left knee.", "S/p right total knee replacement 2021.")
    settled = code_set(chart, ("Osteoarthritis", "M17.12"), ("total knee replacement", "Z96.651"))
    settle_replaced(chart, settled, fy2027)
    assert set(settled.lines) == {"M17.12", "Z96.651"}


def test_a_working_transplant_ends_the_end_stage(fy2027: Codebook) -> None:
    """Its stage is that of the transplant (guideline I.C.14.a.2)."""
    chart = record("Kidney transplant.", "CKD stage 3a.", "ESRD before that.")
    settled = code_set(chart, ("Kidney transplant", "Z94.0"), ("CKD stage 3a", "N18.31"), ("ESRD", "N18.6"))
    settle_replaced(chart, settled, fy2027)
    assert set(settled.lines) == {"Z94.0", "N18.31"}
