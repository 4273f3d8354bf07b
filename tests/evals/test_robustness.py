"""The loss that writing differently causes, on a coder whose weakness is known."""

from __future__ import annotations

import pytest

from agent.pipeline import Pipeline
from evals.perturbations import Perturbation
from evals.robustness import EVERY_KIND, RobustnessReport, as_text, pipeline_answer, robustness_run
from evals.scores import CodeKey
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from tests.evals.scored_encounters import coded, final

TERMS = {"Hypertension": "I10", "COPD": "J44.9"}


def literal_coder(encounter: Encounter) -> frozenset[CodeKey]:
    """Codes only what is written exactly as it knows it."""
    text = encounter.documents[0].text
    return frozenset((CodeSystem.ICD10CM, code) for term, code in TERMS.items() if term in text)


def visits(number: int) -> list[CodedEncounter]:
    """Every second one has COPD too."""
    return [
        coded("Hypertension and COPD.", final("I10"), final("J44.9", 2), case_id=f"v{n}")
        if n % 2
        else coded("Hypertension.", final("I10"), case_id=f"v{n}")
        for n in range(number)
    ]


@pytest.fixture(scope="module")
def report() -> RobustnessReport:
    """Over twenty visits."""
    return robustness_run(literal_coder, visits(20))


def test_the_loss_is_the_coders_own(report: RobustnessReport) -> None:
    """COPD written out is lost in ten visits: 30 codes of 30 become 20 of 30 and F1 0.8; capitals lose hypertension."""
    losses = {loss.kind: loss for loss in report.losses}
    assert report.f1.value == 1
    expanded = losses[Perturbation.EXPANDED]
    assert (expanded.changed, expanded.answered_differently) == (10, 10)
    assert expanded.f1.second == pytest.approx(2 * 10 / (20 + 10))
    assert expanded.over_suite.second == pytest.approx(2 * 20 / (30 + 20))
    assert expanded.exact.difference == -1
    assert losses[Perturbation.CAPITALS].f1.second == pytest.approx(2 * 10 / (30 + 10))


def test_what_changes_nothing_is_no_loss(report: RobustnessReport) -> None:
    """Copied text is found twice and coded once; one section cannot change places."""
    losses = {loss.kind: loss for loss in report.losses}
    copied, reordered = losses[Perturbation.COPIED_FORWARD], losses[Perturbation.REORDERED]
    assert (copied.changed, copied.answered_differently, copied.f1.difference) == (20, 0, 0)
    assert (reordered.changed, reordered.f1.difference, reordered.over_suite.difference) == (0, None, 0)


def test_the_worst_stands_first(report: RobustnessReport) -> None:
    """All ways are there; those that changed nothing come last."""
    assert {loss.kind for loss in report.losses} == set(EVERY_KIND)
    known = [loss.f1.difference for loss in report.losses if loss.f1.difference is not None]
    assert known == sorted(known)
    assert report.losses[-1].f1.difference is None
    assert "| expanded | 10 | 10 | 1.000 | 0.667 | -0.333 (-0.333 to -0.333) |" in as_text(report)


def test_the_gold_is_not_shown_to_the_coder() -> None:
    """What is asked is a plain encounter."""
    asked: list[Encounter] = []

    def watching(encounter: Encounter) -> frozenset[CodeKey]:
        asked.append(encounter)
        return literal_coder(encounter)

    robustness_run(watching, visits(2), [Perturbation.CAPITALS])
    assert {type(e) for e in asked} == {Encounter}
    assert len(asked) == 4


def test_the_pipeline_is_measured(pipeline: Pipeline) -> None:
    """Shouted hypertension is hypertension."""
    visit = coded("Assessment: Hypertension, continue lisinopril.", final("I10"))
    found = robustness_run(pipeline_answer(pipeline), [visit], [Perturbation.CAPITALS, Perturbation.ABBREVIATED])
    assert found.f1.value == 1
    assert [loss.f1.difference for loss in found.losses] == [0, 0]


def test_no_encounter_is_refused() -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="no coded encounter"):
        robustness_run(literal_coder, [])
