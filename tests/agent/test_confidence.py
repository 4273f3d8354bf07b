"""Two scores that are never mixed: how likely the code is right, how far the record supports the most specific one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.confidence import Scores, score
from medcoding.codebook import Codebook
from medcoding.finding import Finding, Severity
from medcoding.mention import Assertion
from medcoding.proposal import ModelSignals, Source
from tests.charts import mention
from tests.flow.notes import proposed

CEILING_OF_RULES = 0.80
CEILING_OF_THE_MODEL = 0.90

SHARES = st.floats(0, 1)


def found(severity: Severity, *codes: str) -> Finding:
    """A finding about some codes."""
    return Finding(rule="r", severity=severity, codes=codes, message="m", source="s", mend="m")


def scores(book: Codebook, *findings: Finding, code: str = "I10", fallback: str = "", **changes: Any) -> Scores:
    """Scores of one proposed code with one mention."""
    about = {k: changes.pop(k) for k in ("assertion", "heads_problem") if k in changes}
    return score(proposed(code, **changes), [mention(1, "words", 1, **about)], findings, book, fallback=fallback)


@given(strength=SHARES, stated=st.booleans(), assertion=st.sampled_from(Assertion), severity=st.sampled_from(Severity))
def test_rules_are_never_surer_than_their_ceiling(
    strength: float, stated: bool, assertion: Assertion, severity: Severity, fy2027: Codebook
) -> None:
    """Law: whatever speaks for a code, rules alone stay at 0.80 or below."""
    held = scores(fy2027, found(severity, "I10"), strength=strength, heads_problem=stated, assertion=assertion)
    assert 0.0 <= held.confidence <= CEILING_OF_RULES


@given(probability=st.none() | SHARES, strength=SHARES)
def test_the_model_is_never_surer_than_its_ceiling(
    probability: float | None, strength: float, fy2027: Codebook
) -> None:
    """Law: an uncalibrated probability never makes a code more than 0.90 sure."""
    signals = ModelSignals(choice_probability=probability)
    held = scores(fy2027, source=Source.LLM, strength=strength, signals=signals)
    assert 0.0 <= held.confidence <= CEILING_OF_THE_MODEL


@given(low=SHARES, high=SHARES, source=st.sampled_from([Source.LLM, Source.RULES]))
def test_a_clearer_choice_is_never_less_sure(low: float, high: float, source: Source, fy2027: Codebook) -> None:
    """Law: confidence grows with the strength of the choice."""
    low, high = sorted((low, high))
    less, more = (scores(fy2027, source=source, strength=s) for s in (low, high))
    assert less.confidence <= more.confidence


@pytest.mark.parametrize("source", [Source.LLM, Source.RULES])
def test_a_finding_that_must_be_resolved_lowers_it(source: Source, fy2027: Codebook) -> None:
    """Only for the code it speaks of, and the reasons say so; advice changes nothing."""
    free = scores(fy2027, source=source)
    held = scores(fy2027, found(Severity.MUST_RESOLVE, "I10"), source=source)
    assert held.confidence < free.confidence
    assert "a finding must be resolved first" in held.reasons
    assert scores(fy2027, found(Severity.MUST_RESOLVE, "E11.9"), source=source) == free
    assert scores(fy2027, found(Severity.ADVISE, "I10"), source=source) == free


def test_an_uncertain_diagnosis_is_less_sure(fy2027: Codebook) -> None:
    """Coded as if established in a stay, with II.H named."""
    held = scores(fy2027, assertion=Assertion.POSSIBLE)
    assert held.confidence < scores(fy2027).confidence
    assert any("II.H" in reason for reason in held.reasons)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"fallback": "chosen by rules, no language model is configured"},
            "chosen by rules, no language model is configured",
        ),
        ({}, "chosen by rules"),
        ({"heads_problem": True}, "stated as a problem of its own"),
        (
            {"source": Source.LLM, "signals": ModelSignals(choice_probability=0.914)},
            "the model chose it with probability 0.91",
        ),
        ({"source": Source.LLM}, "the model chose it"),
    ],
)
def test_the_reasons_say_what_it_rests_on(changes: dict[str, Any], reason: str, fy2027: Codebook) -> None:
    """Who chose, what spoke for it."""
    assert reason in scores(fy2027, **changes).reasons


def test_before_the_scale_every_answer_says_that_it_is_not_calibrated(fy2027: Codebook) -> None:
    """The number is no probability yet."""
    assert scores(fy2027).reasons[-1] == "not calibrated"


@pytest.mark.parametrize(
    ("code", "documentation", "axes"),
    [
        ("I10", 1.0, ()),
        ("M25.561", 1.0, ()),
        ("M25.569", 0.65, ("laterality",)),
        ("N18.30", 0.65, ("type, site or severity",)),
        ("S93.401A", 0.65, ("type, site or severity",)),
    ],
)
def test_what_the_record_leaves_open_lowers_the_documentation_score(
    code: str, documentation: float, axes: tuple[str, ...], fy2027: Codebook
) -> None:
    """An unspecified code with more specific siblings; confidence does not move."""
    held = scores(fy2027, code=code)
    assert (held.documentation, held.open_axes) == (documentation, axes)
    assert held.confidence == scores(fy2027).confidence
