from __future__ import annotations

import pytest

from medcoding.codebook import Codebook
from tests.agent.settled_sets import codes, reconciled, record


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


def test_diabetes_has_a_code_for_every_complication(fy2027: Codebook) -> None:
    """As many as there are (guideline I.C.4.a)."""
    chart = record("Type 2 diabetes.", "Polyneuropathy.", "CKD stage 4.")
    found = codes(
        reconciled(fy2027, chart, ("Type 2 diabetes", "E11.9"), ("Polyneuropathy", "G62.9"), ("CKD stage 4", "N18.4"))
    )
    assert {"E11.22", "N18.4"} <= found
    assert {"E11.40", "E11.42"} & found
    assert "E11.9" not in found
