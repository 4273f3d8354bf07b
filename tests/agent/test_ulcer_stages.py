"""The stage of a pressure ulcer that stands apart from its name."""

from __future__ import annotations

import pytest

from agent.ulcer_stages import settle_ulcer_stages
from medcoding.codebook import Codebook
from tests.agent.settled_sets import code_set, record


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Wound 2 x 3 cm, stage 2.", "L89.152"),
        ("Wound bed pink, Stage III per nursing.", "L89.153"),
        ("Base covered by dry eschar.", "L89.150"),
        ("CKD stage 3.", "L89.159"),
        ("Left heel stage 2, sacrum stage 4.", "L89.159"),
    ],
)
def test_the_only_stage_told_is_the_ulcers(line: str, expected: str, fy2027: Codebook) -> None:
    """Guideline I.B.14: anyone who cares for the patient may tell the stage; two stages leave it open."""
    chart = record("Sacral pressure ulcer.", line)
    settled = code_set(chart, ("Sacral pressure ulcer", "L89.159"))
    settle_ulcer_stages(chart, settled, fy2027)
    assert set(settled.lines) == {expected}
