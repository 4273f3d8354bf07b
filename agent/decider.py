"""The decider at answer time: small trees over rows of signs to a probability each, in numpy alone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from agent.encoder_files import Floats
from medcoding.errors import IntegrityError


class Trees(NamedTuple):
    """Trees side by side, trees x nodes; a leaf leads to itself."""

    sign: NDArray[np.int32]
    """Column that a node asks about."""
    bound: Floats
    """A row goes left where its sign is at most this."""
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    """Of a leaf: what it adds to the log-odds."""
    start: Floats
    """One number: the log-odds before any tree."""
    depth: NDArray[np.int32]
    """One number: most steps from a root to a leaf."""


class Decider:
    """Gradient-boosted trees, their sum through the logistic function."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._places = np.arange(len(trees.sign))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises `IntegrityError` for a damaged file."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(Trees(**{name: stored[name] for name in Trees._fields}))
        except (OSError, KeyError, ValueError):
            raise IntegrityError(f"{path.name} of the encoder is damaged; train the encoder again.") from None

    def save(self, path: Path) -> None:
        """As `load` reads it."""
        np.savez(path, **self._trees._asdict())

    def probabilities(self, rows: Floats) -> Floats:
        """One a row; rows x `agent.code_signs.SIGNS`."""
        trees, places = self._trees, self._places
        node = np.zeros((len(rows), len(places)), dtype=np.int32)
        for _ in range(int(trees.depth[0])):
            asked = np.take_along_axis(rows, trees.sign[places, node], axis=1)
            goes_left = asked <= trees.bound[places, node]
            node = np.where(goes_left, trees.left[places, node], trees.right[places, node])
        odds = trees.start[0] + trees.value[places, node].sum(axis=1)
        found: Floats = (1 / (1 + np.exp(-odds))).astype(np.float32)
        return found
