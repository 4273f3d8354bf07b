"""The decider: small trees over the signs of each offered code, held to the direction in which a sign points.

It learns from encounters that the labels did not learn from, so that it sees the labels as they are on new notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.code_signs import SIGNS, label_signs
from agent.decider import Decider, Trees
from agent.encoder_files import Floats
from agent.label_head import LabelHead, LabelReading
from agent.sentence_space import SentenceSpace
from medcoding.errors import IntegrityError
from training.encoder.examples import Example
from training.encoder.made_up import STORY

_STORY_WEIGHT: Final = 0.05
"""Of a row of a made-up story: their language is narrow, and they must not decide against notes."""


_FAR: Final = 1e-3


class DeciderPlan(NamedTuple):
    """How the trees are grown."""

    trees: int = 120
    rate: float = 0.06
    depth: int = 3
    fewest: int = 15
    """Rows of a leaf."""
    ridge: float = 5.0


class Rows(NamedTuple):
    """The offered codes of some examples."""

    signs: Floats
    right: NDArray[np.bool_]
    weight: Floats


def rows_of(examples: Sequence[Example], head: LabelHead, space: SentenceSpace) -> Rows:
    """Signs with the labels' columns filled in, as they are at answer time before anything is read again."""
    signs: list[tuple[float, ...]] = []
    right: list[bool] = []
    weight: list[float] = []
    for example in examples:
        labels = _reading(example, head, space)
        for asked in example.asked:
            rows = zip(asked.signs, asked.codes, strict=True)
            signs += [(*row, *label_signs(code, asked.sentence, labels)) for row, code in rows]
            right += asked.right
            weight += [_STORY_WEIGHT if example.case_id.startswith(STORY) else 1.0] * len(asked.codes)
    return Rows(
        np.array(signs, dtype=np.float32).reshape(-1, len(SIGNS)),
        np.array(right, dtype=np.bool_),
        np.array(weight, dtype=np.float32),
    )


def grow(rows: Rows, plan: DeciderPlan) -> Decider:
    """Trees for the rows. Raises `IntegrityError` where they do not answer as the library that grew them does."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=plan.trees,
        learning_rate=plan.rate,
        max_depth=plan.depth,
        min_samples_leaf=plan.fewest,
        l2_regularization=plan.ridge,
        monotonic_cst=[sign.direction for sign in SIGNS],
        early_stopping=False,
        random_state=0,
    )
    model.fit(rows.signs, rows.right, sample_weight=rows.weight)
    decider = Decider(_trees(model))
    told = model.predict_proba(rows.signs)[:, 1]
    if np.abs(decider.probabilities(rows.signs) - told).max() > _FAR:
        raise IntegrityError("The decider's trees were not read as they were grown; install the versions asked for.")
    return decider


def _trees(model: Any) -> Trees:
    """scikit-learn's own nodes (it has no public way to them), padded to the largest tree."""
    grown = [predictor[0].nodes for predictor in model._predictors]  # noqa: SLF001
    shape = (len(grown), max(map(len, grown)))
    sign, left, right = (np.zeros(shape, dtype=np.int32) for _ in range(3))
    bound, value = np.zeros(shape, dtype=np.float64), np.zeros(shape, dtype=np.float64)
    for row, nodes in enumerate(grown):
        places, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
        span = slice(0, len(nodes))
        sign[row, span] = np.where(leaf, 0, nodes["feature_idx"])
        bound[row, span] = np.where(leaf, 0.0, nodes["num_threshold"])
        left[row, span] = np.where(leaf, places, nodes["left"])
        right[row, span] = np.where(leaf, places, nodes["right"])
        value[row, span] = np.where(leaf, nodes["value"], 0.0)
    start = np.ravel(model._baseline_prediction).astype(np.float32)  # noqa: SLF001
    depth = np.array([max(int(nodes["depth"].max()) for nodes in grown)], dtype=np.int32)
    return Trees(sign, bound.astype(np.float32), left, right, value.astype(np.float32), start, depth)


def _reading(example: Example, head: LabelHead, space: SentenceSpace) -> LabelReading:
    codes = [code for asked in example.asked for code in asked.codes]
    marked = np.array(example.marks, dtype=np.float32)
    return head.read(example.numbers, space.static(example.texts), marked, codes)
