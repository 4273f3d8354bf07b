"""Infarctions by type and time, and hypertension kept apart."""

from __future__ import annotations

import pytest

from agent.heart_disease import keeps_hypertension_apart, settle_infarctions
from medcoding.codebook import Codebook
from tests.agent.settled_sets import code_set, codes, reconciled, record


@pytest.mark.parametrize(
    ("sentence", "given", "expected"),
    [
        ("NSTEMI, type 2, from the anemia.", {"NSTEMI": "I21.4"}, {"I21.A1"}),
        ("NSTEMI that became an anterior STEMI.", {"NSTEMI": "I21.4", "anterior STEMI": "I21.09"}, {"I21.09"}),
        ("NSTEMI two weeks after an anterior STEMI.", {"NSTEMI": "I21.4", "STEMI": "I21.09"}, {"I22.2", "I21.09"}),
        ("Seen 12 days after NSTEMI.", {"NSTEMI": "I25.2"}, {"I21.4"}),
        ("Seen 40 days after NSTEMI.", {"NSTEMI": "I25.2"}, {"I25.2"}),
    ],
)
def test_an_infarction_by_its_type_and_time(
    sentence: str, given: dict[str, str], expected: set[str], fy2027: Codebook
) -> None:
    """Guideline I.C.9.e: type 2 apart, evolution to elevation as one, four weeks until it is old."""
    chart = record(sentence)
    settled = code_set(chart, *given.items())
    settle_infarctions(chart, settled, fy2027)
    assert set(settled.lines) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Heart failure from amyloid, not due to hypertension.", {"I50.9", "I10"}),
        ("Heart failure and hypertension.", {"I50.9", "I11.0"}),
    ],
)
def test_what_the_provider_keeps_apart_is_not_presumed(sentence: str, expected: set[str], fy2027: Codebook) -> None:
    """Guideline I.C.9.a: the presumed link ends where the documentation says that they are unrelated."""
    chart = record(sentence)
    assert codes(reconciled(fy2027, chart, ("Heart failure", "I50.9"), ("hypertension", "I10"))) == expected


def test_a_denied_hypertension_keeps_nothing_apart() -> None:
    """`No history of hypertension` says nothing about a cause."""
    assert not keeps_hypertension_apart(record("No history of hypertension."))
