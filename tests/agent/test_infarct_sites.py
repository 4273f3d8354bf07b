"""Cerebral infarctions by mechanism, vessel and side."""

from __future__ import annotations

import pytest

from agent.infarct_sites import infarcts
from medcoding.codebook import Codebook
from medcoding.encounter import Setting


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cardioembolic infarct in the right MCA territory.", ["I63.411"]),
        ("Acute left PCA infarct, embolic.", ["I63.432"]),
        ("Thrombotic infarction of the left anterior cerebral artery.", ["I63.322"]),
        ("Old embolic infarct, left MCA.", []),
        ("Left MCA infarct.", []),
        ("No embolic infarct in the MCA territory.", []),
    ],
)
def test_mechanism_vessel_and_side_make_the_code(text: str, expected: list[str], fy2027: Codebook) -> None:
    """Category I63; an old one, a denied one and one without its mechanism are left to other steps."""
    found = [infarct.code for infarct in infarcts(text, Setting.INPATIENT)]
    assert found == expected
    assert all(fy2027.is_billable(code) for code in found)


def test_an_office_visit_has_no_new_infarct() -> None:
    """What an office note tells of an infarct is its history (guideline I.C.9.d)."""
    assert not list(infarcts("Embolic infarct, left MCA.", Setting.OUTPATIENT))
