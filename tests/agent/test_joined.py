from __future__ import annotations

import pytest

from agent.reconcile import reconcile
from medcoding.codebook import Codebook
from medcoding.mention import Assertion, Axes
from tests.agent.settled_sets import TABLE, choice, codes, reconciled, record, said


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("Crohn's colitis", "K50.10"), ("rectal bleeding", "K62.5"), {"K50.111"}),
        (("Alcoholic cirrhosis", "K70.30"), ("ascites", "R18.8"), {"K70.31"}),
        (("Anemia", "D64.9"), ("colon cancer", "C18.9"), {"D63.0", "C18.9"}),
        (("Type 2 diabetes", "E11.9"), ("CKD stage 3b", "N18.32"), {"E11.22", "N18.32"}),
    ],
)
def test_a_combination_takes_the_place_of_what_it_says(
    one: tuple[str, str], other: tuple[str, str], expected: set[str], fy2027: Codebook
) -> None:
    """What a note asks for beside it stays (guidelines I.A.15, I.A.17, I.B.9)."""
    chart = record(f"{one[0]}.", f"{other[0]}.")
    assert codes(reconciled(fy2027, chart, one, other)) == expected


def test_the_deficit_of_a_past_stroke_is_its_sequela(fy2027: Codebook) -> None:
    """One code, and none for the stroke itself (guidelines I.B.10, I.C.9.d.1)."""
    chart = record("Residual aphasia after a cerebral infarction last year.")
    assert codes(reconciled(fy2027, chart, ("aphasia", "R47.01"), ("cerebral infarction", "I63.9"))) == {"I69.320"}


@pytest.mark.parametrize(
    ("sentence", "deficit", "code", "expected"),
    [
        ("Prior stroke with right-sided hemiplegia (dominant side).", "hemiplegia", "G81.91", {"I69.351"}),
        ("Prior stroke with left hemiplegia.", "hemiplegia", "G81.94", {"I69.354"}),
        ("Prior stroke and a left hemiplegia of childhood.", "hemiplegia", "G81.94", {"G81.94", "Z86.73"}),
    ],
)
def test_what_a_past_stroke_came_with_is_its_sequela(
    sentence: str, deficit: str, code: str, expected: set[str], fy2027: Codebook
) -> None:
    """One clause names the two; the right side is dominant unless the record says otherwise (I.C.9.d.1, I.C.6.a)."""
    chart = record(sentence)
    stroke = said(chart, 1, "Prior stroke", assertion=Assertion.HISTORICAL, concept="I63.9")
    left = said(chart, 2, deficit, concept="G81.9")
    found = reconcile(chart, [stroke, left], [choice(1, "Z86.73"), choice(2, code)], fy2027, TABLE)
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("hand", "side", "expected"),
    [
        ("Right-handed man.", "Left", "I69.354"),
        ("Left side is nondominant.", "Left", "I69.354"),
        ("Left-handed man.", "Left", "I69.352"),
        ("Ambidextrous.", "Left", "I69.352"),
        ("Seen with his wife.", "Left", "I69.354"),
        ("Seen with his wife.", "Right", "I69.351"),
    ],
)
def test_the_dominant_side_of_a_deficit(hand: str, side: str, expected: str, fy2027: Codebook) -> None:
    """As documented; else right is dominant and left is not (guideline I.C.6.a)."""
    chart = record(f"{side} hemiparesis after cerebral infarction last year.", hand)
    given = (("hemiparesis", "G81.94" if side == "Left" else "G81.91"), ("cerebral infarction", "I63.9"))
    assert codes(reconciled(fy2027, chart, *given, axes=Axes(laterality="left" if side == "Left" else "right"))) == {
        expected
    }


def test_diabetes_has_a_code_for_every_complication(fy2027: Codebook) -> None:
    """As many as there are (guideline I.C.4.a)."""
    chart = record("Type 2 diabetes.", "Polyneuropathy.", "CKD stage 4.")
    found = codes(
        reconciled(fy2027, chart, ("Type 2 diabetes", "E11.9"), ("Polyneuropathy", "G62.9"), ("CKD stage 4", "N18.4"))
    )
    assert {"E11.22", "N18.4"} <= found
    assert {"E11.40", "E11.42"} & found
    assert "E11.9" not in found
