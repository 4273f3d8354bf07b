"""The ground that an encoder knows: centroids of its encounters, and how far from them encounters usually lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from agent.encoder_files import Floats
from agent.familiarity import note_vector
from agent.sentence_space import SentenceSpace
from training.encoder.examples import Example

_CENTROIDS: Final = 16
_ROUNDS: Final = 20
_HELD: Final = 4
"""Every so many-th encounter is kept out of the centroids and measured against them."""


class Ground(NamedTuple):
    """What familiarity is measured by."""

    centroids: Floats
    """Centroids x width, unit length."""
    distances: tuple[float, ...]
    """Quantiles 0, 1, … 100 % of the distance of encounters that made no centroid."""


def familiar_ground(examples: Sequence[Example], space: SentenceSpace) -> Ground:
    """Spherical k-means over the encounters' mean sentence vectors."""
    notes = np.stack([note_vector(space.static(example.texts)) for example in examples])
    held = np.arange(len(notes)) % _HELD == _HELD - 1
    centroids = _centroids(notes[~held] if held.any() else notes)
    judged = notes[held] if held.any() else notes
    distances = 1.0 - (judged @ centroids.T).max(axis=1)
    quantiles = np.quantile(distances, np.linspace(0, 1, 101))
    return Ground(centroids, tuple(round(float(one), 5) for one in quantiles))


def _centroids(notes: Floats) -> Floats:
    dice = np.random.default_rng(0)
    centroids = notes[dice.choice(len(notes), min(_CENTROIDS, len(notes)), replace=False)]
    for _ in range(_ROUNDS):
        nearest = (notes @ centroids.T).argmax(axis=1)
        sums = np.stack([notes[nearest == place].sum(axis=0) for place in range(len(centroids))])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centroids = np.where(lengths > 1e-6, sums / np.maximum(lengths, 1e-6), centroids).astype(np.float32)
    found: Floats = centroids
    return found
