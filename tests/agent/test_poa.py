from __future__ import annotations

import pytest

from medcoding.codebook import Codebook
from tests.agent.settled_sets import reconciled, record


def _indicator(book: Codebook, sentence: str, code: str, setting: str = "inpatient") -> str | None:
    chart = record(sentence, setting=setting)
    (line,) = reconciled(book, chart, (sentence.partition(",")[0], code)).codes
    return line.poa


@pytest.mark.parametrize(
    ("sentence", "code", "poa"),
    [
        ("Pneumonia, present on admission", "J18.9", "Y"),
        ("Pneumonia, treated with ceftriaxone", "J18.9", "Y"),
        ("Pneumonia, hospital-acquired", "J18.9", "N"),
        ("Deep vein thrombosis, hospital day 8", "I82.409", "N"),
        ("Acute blood loss anemia, postoperative", "D62", "N"),
        ("Day 3: generalized drug eruption, itchy", "L27.0", "N"),
        ("Day 9 after carboplatin: nausea, dehydrated", "E86.0", "Y"),
        ("Hypokalemia, on the second morning", "E87.6", "N"),
        ("Delirium, from 11/3 in the evening", "F05", "N"),
        ("Delirium, from 10/30 at home", "F05", "Y"),
        ("Pulmonary embolism, it cannot be clinically determined when it arose", "I26.99", "W"),
        ("Pulmonary embolism, whether on admission is clinically undetermined", "I26.99", "W"),
        ("Pressure ulcer, not documented whether present at admission", "L89.90", "U"),
        ("First degree perineal laceration, repaired", "O70.0", "N"),
        ("Aspirin, long term", "Z79.82", None),
        ("Aphasia, old stroke", "I69.320", None),
        ("HIV, asymptomatic", "Z21", "Y"),
    ],
)
def test_the_record_says_when_a_condition_began(sentence: str, code: str, poa: str | None, fy2027: Codebook) -> None:
    """What nothing places after the admission was present; exempt codes are left blank (guidelines, appendix I)."""
    assert _indicator(fy2027, sentence, code) == poa


@pytest.mark.parametrize("setting", ["outpatient", "ed"])
def test_only_stays_report_it(setting: str, fy2027: Codebook) -> None:
    """Visits carry no indicator."""
    assert _indicator(fy2027, "Pneumonia, present on admission", "J18.9", setting) is None
