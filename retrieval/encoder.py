"""Sentences to vectors on onnxruntime and tokenizers alone; torch is not needed to answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from medcoding.errors import DependencyError, IntegrityError
from retrieval.store import FloatVector

DIMENSIONS: Final = 384
"""Width of all-MiniLM-L6-v2's vectors."""

MAX_TOKENS: Final = 128
"""Longer texts are cut; every text that is embedded here is a phrase or a short passage."""

_CACHED_TEXTS: Final = 4_096


class TextEncoder(Protocol):
    """Anything that turns texts into unit-length vectors."""

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """One float32 vector of `DIMENSIONS` per text, in order."""


class OnnxEncoder:
    """all-MiniLM-L6-v2 exported to int8 ONNX (pooling and normalisation inside), one thread."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        model, vocabulary = folder / "model.onnx", folder / "tokenizer.json"
        if not (model.is_file() and vocabulary.is_file()):
            raise DependencyError("The encoder is missing from the index; run 'chartwright index build'.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(vocabulary))
        except Exception:  # noqa: BLE001 - both libraries raise bare exceptions of their own
            raise IntegrityError("The encoder in the index is damaged; run 'chartwright index build'.") from None
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._one = lru_cache(maxsize=_CACHED_TEXTS)(self._encode_one)

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """Vectors of the texts, read only; repeated short texts are answered from a cache.

        One text at a time: int8 activations are scaled over a whole batch, so a text's vector would depend on its
        neighbours (cosine down to .97), and on one thread a batch saves a third of the time at most.
        """
        return [self._one(text) for text in texts]

    def _encode_one(self, text: str) -> FloatVector:
        encoded = self._tokenizer.encode(text)
        inputs = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
        }
        (vectors,) = self._session.run(None, inputs)
        vector: FloatVector = np.asarray(vectors, dtype=np.float32)[0]
        vector.flags.writeable = False  # it is shared with later callers
        return vector
