"""How familiar an encounter is to the encoder: does it know the codes, and has it seen notes like this one?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from agent.encoder_files import EncoderFiles, Floats
from medcoding.proposal import Choice
from medcoding.record import Record


class Familiarity(Record):
    """Measured outside the encoder's own probabilities."""

    known: float
    """Share of the mentions whose code, or its category, had enough examples in training; 1 where none was coded."""
    distance: float
    """Of the note's mean sentence vector from the nearest centroid of the training encounters: 0, alike, to 2."""
    rarity: float
    """Share of the training encounters that lie nearer, 0 to 1."""


def familiarity(
    choices: Sequence[Choice], vectors: Floats, files: EncoderFiles, knows: Callable[[str], bool]
) -> Familiarity:
    """`vectors` are those of the encounter's sentences."""
    categories = {label[:3] for label in files.card.labels}
    codes = [choice.code for choice in choices if choice.code]
    known = sum(knows(code) or code[:3] in categories for code in codes)
    distance = distance_from(files.vectors.centroids, vectors)
    nearer = sum(quantile < distance for quantile in files.card.distances)
    return Familiarity(
        known=round(known / len(codes), 3) if codes else 1.0,
        distance=round(distance, 4),
        rarity=round(nearer / max(1, len(files.card.distances)), 3),
    )


def distance_from(centroids: Floats, vectors: Floats) -> float:
    """Cosine distance of the mean of some sentence vectors from the nearest centroid."""
    mean = note_vector(vectors)
    return float(1.0 - (centroids @ mean).max()) if len(centroids) else 2.0


def note_vector(vectors: Floats) -> Floats:
    """The direction of the mean of an encounter's sentence vectors."""
    if not len(vectors):
        return np.zeros(vectors.shape[1], dtype=np.float32)
    mean = vectors.mean(axis=0)
    unit: Floats = (mean / max(float(np.linalg.norm(mean)), 1e-6)).astype(np.float32)
    return unit
