"""The fit of a calibrator: what supports a code raises it, few answers move little, and stated shares come true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.calibrator import INPUTS, Answer
from medcoding.errors import InputError
from medcoding.proposal import ConfidenceInputs, Source
from training.calibrator_recipe import read_gold
from training.calibrators import Outcome, confidence_of, cross_fitted, expected_error, fit, frequent_codes

MADE_BY = {Source.RULES: "rules", Source.LLM: "mini, prompt p1"}


def outcomes(
    number: int, seed: int = 1, source: Source = Source.RULES, kind: str = "gold", base: float = -1.0
) -> list[Outcome]:
    """Answers of four codes a case, right more often where the problem is stated and mentioned twice."""
    rng = np.random.default_rng(seed)
    made = []
    for place in range(number):
        stated, twice = bool(rng.random() < 0.5), bool(rng.random() < 0.4)
        share = 1 / (1 + np.exp(-(base + 2.0 * stated + 1.5 * twice)))
        inputs = ConfidenceInputs(stated=stated, mentions=1 + twice, documented=1.0, uncalibrated=0.7)
        case = f"{kind}-{place // 4}"
        right = bool(rng.random() < share)
        made.append(Outcome(case, kind, source, "cardiology", Answer("I10", inputs), right))
    return made


def test_stated_shares_come_true() -> None:
    """On answers that it never saw, the fitted shares are those that are right, and all of it is reproducible."""
    fitted = fit(outcomes(1_600), "gold", MADE_BY)
    unseen = outcomes(2_000, seed=2)
    shares = np.array([confidence_of(one, fitted) for one in unseen])
    right = np.array([float(one.right) for one in unseen])
    assert expected_error(shares, right) < 0.05
    assert expected_error(np.full(len(right), 0.9), right) > 0.2
    assert fit(outcomes(1_600), "gold", MADE_BY) == fitted


def test_no_weight_is_below_zero() -> None:
    """Not even where, by chance or by harm, support went with wrong answers."""
    perverse = [one._replace(right=not one.right) for one in outcomes(400)]
    fitted = fit(perverse, "gold", MADE_BY)
    assert min(fitted.weights.values()) >= 0
    assert set(fitted.weights) == {name for name, _ in INPUTS}


def test_other_gold_adds_to_the_weights_and_not_to_the_scale() -> None:
    """A suite on which nearly everything is right makes no confidence of the encounters higher."""
    easy = outcomes(600, seed=3, kind="suite", base=2.0)
    alone, both = fit(outcomes(800), "gold", MADE_BY), fit([*outcomes(800), *easy], "gold", MADE_BY)
    unseen = outcomes(500, seed=4)
    means = [np.mean([confidence_of(one, fitted) for one in unseen]) for fitted in (alone, both)]
    assert abs(means[0] - means[1]) < 0.03


def test_each_source_has_a_scale_of_its_own() -> None:
    """The model's answers are right more often, and its scale says so; one with a handful of answers gets none."""
    of_model = outcomes(400, seed=5, source=Source.LLM, base=1.0)
    few = [one._replace(source=Source.ENCODER) for one in outcomes(20, seed=6)]
    fitted = fit([*outcomes(400), *of_model, *few], "gold", MADE_BY)
    assert {scale.source for scale in fitted.scales} == {Source.RULES, Source.LLM}
    by = {scale.source: scale for scale in fitted.scales}
    assert by[Source.LLM].made_by == "mini, prompt p1"
    same = outcomes(1)[0]
    assert confidence_of(same._replace(source=Source.LLM), fitted) > confidence_of(same, fitted)


def test_a_small_stratum_stays_where_its_source_is() -> None:
    """Three wrong answers of one specialty move it less than sixty do, and nothing moves it far."""
    many = outcomes(600)
    wrong = [one._replace(right=False, specialty="urology", case_id=f"u{n}") for n, one in enumerate(outcomes(60))]
    shifts = []
    for number in (3, 60):
        (scale,) = fit([*many, *wrong[:number]], "gold", MADE_BY).scales
        shifts.append(scale.specialties["urology"].shift)
    assert shifts[1] < shifts[0] < 0
    assert shifts[0] > -0.5


def test_few_encounters_make_it_cautious() -> None:
    """What is taken off for doubt shrinks as encounters come."""
    (few,), (more,) = (fit(outcomes(number), "gold", MADE_BY).scales for number in (100, 1_600))
    assert few.caution > more.caution > 0


def test_cross_fitting_covers_every_answer() -> None:
    """One share for each, from the other encounters alone."""
    steps: list[int] = []
    shares = cross_fitted(outcomes(200), "gold", MADE_BY, lambda done, _: steps.append(done))
    assert len(shares) == 200
    assert steps[-1] == len(steps)
    assert ((shares > 0) & (shares < 1)).all()


def test_codes_are_counted_once_an_encounter() -> None:
    """A code twice on one claim is one encounter that carries it."""
    assert frequent_codes([("a", ["I10", "I10"]), ("b", ["I10", "E11.9"])]) == {"I10": 2, "E11.9": 1}


def test_gold_without_an_encounter_is_refused(tmp_path: Path) -> None:
    """An empty folder teaches nothing."""
    with pytest.raises(InputError, match="no coded encounter"):
        read_gold(tmp_path)
