"""What an old stroke left behind."""

from __future__ import annotations

import pytest

from agent.sequelae import settle_sequelae
from medcoding.codebook import Codebook
from tests.agent.settled_sets import code_set, record


@pytest.mark.parametrize(
    ("sentence", "deficit", "code", "expected"),
    [
        ("Residual hemiplegia after a stroke in 2021.", "hemiplegia", "G81.92", {"I69.352"}),
        ("Slurred speech since an intracerebral hemorrhage two years ago.", "Slurred speech", "R47.1", {"I69.122"}),
        ("Dysphagia left from an old stroke.", "Dysphagia", "R13.11", {"I69.391", "R13.11"}),
        ("Facial weakness from a prior subarachnoid hemorrhage.", "Facial weakness", "R29.810", {"I69.092"}),
        ("Hemiplegia from a spinal tumor.", "Hemiplegia", "G81.92", {"G81.92"}),
    ],
)
def test_a_deficit_is_reported_with_its_stroke(
    sentence: str, deficit: str, code: str, expected: set[str], fy2027: Codebook
) -> None:
    """Guideline I.C.9.d.1: side and kind of stroke choose the code; dysphagia keeps its phase beside it."""
    chart = record(sentence)
    settled = code_set(chart, (deficit, code))
    settle_sequelae(chart, settled, fy2027)
    assert set(settled.lines) == expected


def test_a_history_without_deficits_does_not_stand_beside_them(fy2027: Codebook) -> None:
    """Guideline I.C.9.d.3: Z86.73 is for a stroke that left nothing."""
    chart = record("Stroke in 2022.", "Aphasia persists.")
    settled = code_set(chart, ("Stroke", "Z86.73"), ("Aphasia", "R47.01"))
    settle_sequelae(chart, settled, fy2027)
    assert set(settled.lines) == {"I69.320"}


def test_a_new_stroke_keeps_its_own_deficits(fy2027: Codebook) -> None:
    """Beside an acute infarct only what a sentence traces to the old one is a sequela (guideline I.C.9.d.2)."""
    chart = record("Acute infarct with left hemiplegia.", "Dysarthria is old, from a stroke in 2019.")
    settled = code_set(chart, ("infarct", "I63.9"), ("hemiplegia", "G81.94"), ("Dysarthria", "R47.1"))
    settle_sequelae(chart, settled, fy2027)
    assert set(settled.lines) == {"I63.9", "G81.94", "I69.322"}
