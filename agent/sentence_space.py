"""Sentences as vectors of one space: static token vectors for all, the backbone's where they are worth its time.

A static vector is the weighted sum of the vectors of a text's tokens (distilled from the backbone as model2vec does);
a backbone vector is projected into the same space, so that what reads sentences need not know which kind it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from agent.encoder_files import TOKENIZER, EncoderVectors, Floats
from medcoding.errors import IntegrityError
from retrieval.encoder import MAX_TOKENS


class SentenceSpace:
    """Vectors of unit length, texts x width."""

    def __init__(self, folder: Path, vectors: EncoderVectors) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception:  # noqa: BLE001 - the library raises bare exceptions of its own
            raise IntegrityError(f"{TOKENIZER} of the encoder is damaged; train the encoder again.") from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._vectors = vectors

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self._vectors.tokens.shape[1])

    def static(self, texts: Sequence[str]) -> Floats:
        """From the token vectors; zeros for a text without a known token. A microsecond a word."""
        found = np.zeros((len(texts), self.width), dtype=np.float32)
        tokens, scales = self._vectors.tokens, self._vectors.scales
        for row, encoded in zip(
            found, self._tokenizer.encode_batch(list(texts), add_special_tokens=False), strict=True
        ):
            if encoded.ids:
                row[:] = scales[encoded.ids] @ tokens[encoded.ids].astype(np.float32)
        return _unit(found)

    def projected(self, vectors: Sequence[Floats]) -> Floats:
        """From vectors of the backbone."""
        moved = (np.stack(vectors) - self._vectors.mean) @ self._vectors.projection
        return _unit(moved.astype(np.float32))


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = (rows / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit
