"""The learned reranker at answer time: a small ONNX graph over `retrieval.features`, on onnxruntime alone.

<folder>/reranker.onnx   rows of features to a score each
         words.json      weights of words, by rarity
         card.json       what it is: data, split, figures, and the digests of the two files above
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from medcoding.errors import DependencyError, IntegrityError
from retrieval.features import FEATURES, ScoredWay, features
from retrieval.index_folder import file_digest

MODEL: Final = "reranker.onnx"
WORDS: Final = "words.json"
CARD: Final = "card.json"
_REBUILD: Final = "run 'chartwright index build'"


class LearnedReranker:
    """Scores candidates of one query together; one thread, about a millisecond for a hundred."""

    def __init__(self, folder: Path) -> None:
        """Raises `DependencyError` when the folder is not there, `IntegrityError` when a file has changed."""
        import onnxruntime

        _check(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._weights: dict[str, float] = orjson.loads((folder / WORDS).read_bytes())
            self._session = onnxruntime.InferenceSession(
                str(folder / MODEL), options, providers=["CPUExecutionProvider"]
            )
        except Exception:  # noqa: BLE001 - the library raises bare exceptions of its own
            raise IntegrityError(f"The reranker in the index is damaged; {_REBUILD}.") from None

    def scores(self, query: str, candidates: Sequence[ScoredWay]) -> list[float]:
        """How likely each candidate is what the query means, 0 to 1, in order."""
        if not candidates:
            return []
        scores: list[float] = self.scores_of(features(query, candidates, self._weights)).tolist()
        return scores

    def scores_of(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same from rows of features."""
        (found,) = self._session.run(None, {"features": rows})
        return np.asarray(found, dtype=np.float32)


def _check(folder: Path) -> None:
    """The card names the digest of every file and the columns the graph was trained on."""
    try:
        card = orjson.loads((folder / CARD).read_bytes())
        digests = {name: file_digest(folder / name) for name in (MODEL, WORDS)}
    except FileNotFoundError:
        raise DependencyError(f"The reranker is missing from the index; {_REBUILD}.") from None
    except orjson.JSONDecodeError:
        raise IntegrityError(f"The reranker's card is damaged; {_REBUILD}.") from None
    if not isinstance(card, dict) or card.get("files") != digests:
        raise IntegrityError(f"The reranker in the index has changed since it was trained; {_REBUILD}.")
    if tuple(card.get("features", ())) != FEATURES:
        raise IntegrityError(f"The reranker was trained for another version of Chartwright; {_REBUILD}.")
