"""The scale on which .9 means that nine of ten such codes are right, and when it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.calibrator import INPUTS, Answer, Answering, Calibrator, load_calibrator, on_scale, why_not
from agent.confidence import Scores
from medcoding.codes import CodeSystem
from medcoding.errors import ConfigError, IntegrityError
from medcoding.proposal import ConfidenceInputs, Source
from medcoding.result import Stamp
from tests.flow.notes import proposed

STAMP = Stamp(code="c", prompt="p1", model="mini", encoder="e1", codebook="b", index="i", settings="s")
HERE = Answering(STAMP, "FY2027", "cardiology")
RAW = Scores(0.5, ("chosen by rules", "not calibrated"), 1.0, ())
INPUT_VALUES = st.builds(
    ConfidenceInputs,
    choice_probability=st.none() | st.floats(0, 1),
    candidate_rank=st.none() | st.integers(1, 20),
    retrieval_lead=st.none() | st.floats(0, 2),
    similar_share=st.none() | st.floats(0, 1),
    findings_open=st.integers(0, 2),
    mentions=st.integers(1, 6),
    words=st.integers(0, 8),
    documented=st.sampled_from([0.3, 0.65, 1.0]),
    stated=st.booleans(),
    uncertain=st.booleans(),
)


@pytest.fixture
def shipped() -> Calibrator:
    """The calibrator that ships."""
    found = load_calibrator(None)
    assert found is not None
    return found


def scored(calibrator: Calibrator | None, at: Answering = HERE, source: Source = Source.RULES, **inputs: Any) -> Scores:
    """One diagnosis on the scale."""
    return on_scale(RAW, proposed("I10", source=source), ConfidenceInputs(**inputs), calibrator, at)


def test_a_calibrated_confidence_says_what_it_rests_on(shipped: Calibrator) -> None:
    """The number of answers stands in place of the words "not calibrated"."""
    found = scored(shipped)
    assert found.calibrated
    assert found.reasons[:-1] == ("chosen by rules",)
    assert found.reasons[-1].startswith("calibrated on ")


@pytest.mark.parametrize(
    ("calibrated_for", "at", "source", "words"),
    [
        ({"editions": ("FY2026",)}, HERE, Source.RULES, "fitted for FY2026, not FY2027"),
        ({}, HERE, Source.ENCODER, "not fitted on answers by the encoder"),
        ({"made_by": "another model, prompt p0"}, HERE, Source.LLM, "fitted for another model, prompt p0, not mini"),
    ],
)
def test_a_stale_calibrator_is_refused(
    shipped: Calibrator, calibrated_for: dict[str, Any], at: Answering, source: Source, words: str
) -> None:
    """Another edition, another model, an answerer it never saw: the confidence stays as it was, with the mend."""
    by_rules = shipped.scale_of(Source.RULES)
    assert by_rules is not None
    scale = by_rules.model_copy(update={"source": Source.LLM, "made_by": calibrated_for.pop("made_by", "rules")})
    stale = shipped.model_copy(update={"scales": (by_rules, scale), **calibrated_for})
    found = scored(stale, at, source)
    assert not found.calibrated
    assert found.confidence == RAW.confidence
    assert words in found.reasons[-1]
    assert "chartwright train calibrator" in found.reasons[-1]


def test_without_a_calibrator_nothing_is_calibrated() -> None:
    """And the answer says how to make one."""
    assert not scored(None).calibrated
    assert "no calibrator is there" in why_not(None, Source.RULES, HERE)


def test_procedures_stay_as_they_are(shipped: Calibrator) -> None:
    """No procedure was among the answers that it was fitted on."""
    line = proposed("J1885").model_copy(update={"system": CodeSystem.HCPCS})
    assert not on_scale(RAW, line, ConfidenceInputs(), shipped, HERE).calibrated


@given(INPUT_VALUES, st.sampled_from(["I10", "I50.9", "R05.9"]))
def test_a_confidence_stays_inside_its_bounds(inputs: ConfidenceInputs, code: str) -> None:
    """Law: never 0 and never 1, whatever speaks for or against a code."""
    calibrator = load_calibrator(None)
    assert calibrator is not None
    scale = calibrator.scale_of(Source.RULES)
    assert scale is not None
    assert 0.01 <= calibrator.confidence(Answer(code, inputs), scale, "cardiology") <= 0.99


@pytest.mark.parametrize(
    "better",
    [
        {"stated": True}, {"mentions": 4}, {"words": 5}, {"documented": 1.0}, {"similar_share": 0.8},
        {"findings_open": 0}, {"uncertain": False}, {"candidate_rank": 1}, {"documents": 1.0}, {"first": True},
        {"choice_probability": 0.99}, {"rules_agree": True},
    ],
)  # fmt: skip
def test_more_support_never_lowers_a_confidence(shipped: Calibrator, better: dict[str, Any]) -> None:
    """Whatever was learned: each input grows with what speaks for the code, and no weight is below 0."""
    poor: dict[str, Any] = {
        "findings_open": 1,
        "uncertain": True,
        "candidate_rank": 4,
        "rules_agree": False,
        "documented": 0.65,
    }
    assert scored(shipped, **(poor | better)).confidence >= scored(shipped, **poor).confidence
    assert all(weight >= 0 for weight in shipped.weights.values())


def test_an_open_finding_costs_confidence(shipped: Calibrator) -> None:
    """What must be resolved first makes a code less sure."""
    assert scored(shipped, findings_open=1).confidence < scored(shipped).confidence


def test_the_digest_is_that_of_the_scale(shipped: Calibrator) -> None:
    """Another weight is another calibrator; another date on its card is not."""
    heavier = shipped.model_copy(update={"weights": shipped.weights | {"stated": 9.0}})
    card = shipped.card.model_copy(update={"index": "another"})
    assert heavier.digest != shipped.digest
    assert shipped.model_copy(update={"card": card}).digest == shipped.digest


def test_a_calibrator_of_other_inputs_is_refused(shipped: Calibrator, tmp_path: Path) -> None:
    """One that weighs what this version does not measure, one that is damaged, one that is not there."""
    file = tmp_path / "calibrator.json"
    file.write_text(shipped.model_copy(update={"weights": {"moon": 1.0}}).model_dump_json(), encoding="utf-8")
    with pytest.raises(IntegrityError, match="moon"):
        load_calibrator(file)
    file.write_text(shipped.model_dump_json()[:-40], encoding="utf-8")
    with pytest.raises(IntegrityError, match="train calibrator"):
        load_calibrator(file)
    with pytest.raises(ConfigError, match="CHARTWRIGHT_CALIBRATOR"):
        load_calibrator(tmp_path / "none.json")


def test_every_weight_names_an_input(shipped: Calibrator) -> None:
    """And every input has a weight."""
    assert set(shipped.weights) == {name for name, _ in INPUTS}
