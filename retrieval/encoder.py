"""Sentences to vectors on onnxruntime and tokenizers alone; torch is not needed to answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

_BATCH: Final = 16
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
        self._tokenizer.enable_padding()
        self._one = lru_cache(maxsize=_CACHED_TEXTS)(self._encode_one)

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """Vectors of the texts; repeated short texts are answered from a cache."""
        if len(texts) == 1:
            return [self._one(texts[0])]
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for rows in _by_length(texts):
            vectors[rows] = self._run([texts[i] for i in rows])
        return list(vectors)

    def _encode_one(self, text: str) -> FloatVector:
        return self._run([text])[0]

    def _run(self, texts: list[str]) -> FloatVector:
        encoded = self._tokenizer.encode_batch(texts)
        inputs = {
            "input_ids": np.array([e.ids for e in encoded], dtype=np.int64),
            "attention_mask": np.array([e.attention_mask for e in encoded], dtype=np.int64),
        }
        (vectors,) = self._session.run(None, inputs)
        return np.asarray(vectors, dtype=np.float32)


def _by_length(texts: Sequence[str]) -> Iterator[list[int]]:
    """Positions of the texts in batches of similar length, so that little is spent on padding."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]
