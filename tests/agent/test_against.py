"""What speaks against coding a mention."""

from __future__ import annotations

from typing import Any

import pytest

from agent.against import clause_of_drug, reason_against
from medcoding.chart import SectionKind
from medcoding.mention import Assertion, MentionKind
from medcoding.proposal import NotCodedReason
from tests.charts import chart, mention

HPI, PSH = SectionKind.HISTORY_PRESENT_ILLNESS, SectionKind.PAST_SURGICAL_HISTORY


def reason(sentence: str, words: str, code: str, setting: str = "outpatient", **more: Any) -> NotCodedReason | None:
    """Why words of a sentence are left out."""
    values: dict[str, Any] = {"term": words, "stems": (code,), "concept": code, "section": HPI} | more
    against = reason_against(chart([sentence], setting=setting), mention(1, words, 1, **values))
    return against.reason if against else None


@pytest.mark.parametrize(
    ("assertion", "setting", "expected"),
    [
        (Assertion.PRESENT, "outpatient", None),
        (Assertion.NEGATED, "outpatient", NotCodedReason.NEGATED),
        (Assertion.HYPOTHETICAL, "inpatient", NotCodedReason.HYPOTHETICAL),
        (Assertion.POSSIBLE, "outpatient", NotCodedReason.UNCERTAIN),
        (Assertion.POSSIBLE, "inpatient", None),
    ],
)
def test_the_assertion_decides_first(assertion: Assertion, setting: str, expected: NotCodedReason | None) -> None:
    """Uncertain diagnoses count in a stay only (II.H, IV.H)."""
    assert reason("Pneumonia.", "Pneumonia", "J18.9", setting, assertion=assertion) is expected


@pytest.mark.parametrize(
    ("sentence", "words", "code", "expected"),
    [
        ("Pacemaker placement this morning, uneventful.", "Pacemaker placement", "Z95.0", NotCodedReason.NOT_ASSESSED),
        ("Pacemaker placement in 2019.", "Pacemaker placement", "Z95.0", None),
        ("Pacemaker, paced rhythm.", "Pacemaker", "Z95.0", None),
        ("Splenectomy tonight, stable.", "Splenectomy", "Z90.81", NotCodedReason.NOT_ASSESSED),
        ("s/p splenectomy", "splenectomy", "Z90.81", None),
    ],
)
def test_an_operation_of_this_episode_leaves_no_status_yet(
    sentence: str, words: str, code: str, expected: NotCodedReason | None
) -> None:
    """A device that is there counts; one that is put in today does not."""
    assert reason(sentence, words, code, kind=MentionKind.PROCEDURE) is expected


def test_a_past_operation_counts() -> None:
    """Its status is reported (I.C.21.c.3)."""
    past = {"assertion": Assertion.HISTORICAL, "section": PSH, "kind": MentionKind.PROCEDURE}
    assert reason("CABG", "CABG", "Z95.1", **past) is None


def test_the_clause_of_a_drug_ends_at_a_semicolon() -> None:
    """What is said of another drug says nothing of this one."""
    record = chart(["aspirin daily; prednisone x5 days"])
    drug = mention(1, "aspirin", 1, kind=MentionKind.DRUG)
    assert clause_of_drug(record, drug) == "aspirin daily"


@pytest.mark.parametrize(
    ("sentence", "words", "code", "expected"),
    [
        ("Pregnancy test negative before the CT.", "Pregnancy test negative", "Z32.02", NotCodedReason.NOT_ASSESSED),
        ("Flu shot at the pharmacy in October.", "Flu shot", "Z23", NotCodedReason.NOT_ASSESSED),
        ("Old appendectomy scar.", "scar", "L90.5", NotCodedReason.NOT_ASSESSED),
    ],
)
def test_what_is_only_named_is_no_reason_for_the_visit(
    sentence: str, words: str, code: str, expected: NotCodedReason
) -> None:
    """A test before treatment, a vaccine given elsewhere, a scar in passing (guideline I.C.21.c)."""
    assert reason(sentence, words, code) is expected


@pytest.mark.parametrize(("code", "kept"), [("Z87.81", False), ("Z86.69", False), ("Z87.310", True), ("Z86.73", True)])
def test_a_residual_history_in_passing_tells_nothing(code: str, *, kept: bool) -> None:
    """A healed fracture bears on osteoporosis, a past stroke on every stay; a past ear infection on nothing."""
    past = {"assertion": Assertion.HISTORICAL, "concept": "H66.90"}
    assert (reason("Told in passing.", "passing", code, **past) is None) is kept
