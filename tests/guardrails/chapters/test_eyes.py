"""Glaucoma and blindness."""

from __future__ import annotations

import pytest

from guardrails.chapters.eyes import (
    bilateral_beside_one_eye,
    blindness_has_a_category,
    both_eyes_alike,
    highest_stage,
    stage_is_documented,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(stage_is_documented, "H40.1112", "resolve H40.1112", "Primary open-angle glaucoma, right eye."),
        row(stage_is_documented, "H40.1112", "", "Moderate primary open-angle glaucoma, right eye."),
        row(stage_is_documented, "H40.1114", "resolve H40.1114", "Primary open-angle glaucoma, right eye."),
        row(stage_is_documented, "H40.1110", "", "Primary open-angle glaucoma, right eye."),
        row(both_eyes_alike, "H40.1112 H40.1122", "resolve H40.1112"),
        row(both_eyes_alike, "H40.1112 H40.1121"),
        row(bilateral_beside_one_eye, "H40.1132 H40.1112", "resolve H40.1132"),
        row(bilateral_beside_one_eye, "H40.1132"),
        row(highest_stage, "H40.1111 H40.1113", "resolve H40.1111"),
        row(highest_stage, "H40.10X1 H40.10X3"),
        row(blindness_has_a_category, "H54.0X43 H54.3", "resolve H54.3"),
        row(blindness_has_a_category, "H35.52 H54.3"),
    ],
)
def test_eyes(fy2026: Codebook, given: Row) -> None:
    """Type, eye and stage; one stage an eye, one code for eyes alike; blindness by category (I.C.7)."""
    assert holds(given, fy2026)
