"""An encoder without a model: texts that share words get near vectors."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from retrieval.encoder import DIMENSIONS
from retrieval.store import FloatVector
from retrieval.wording import forms


class HashedWords:
    """Each normal form has its own place in the vector."""

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """One unit-length vector a text."""
        return [_vector(forms(text)) for text in texts]


def _vector(words: Sequence[str]) -> FloatVector:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    for word in words or ("nothing",):
        vector[zlib.crc32(word.encode()) % DIMENSIONS] += 1
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
