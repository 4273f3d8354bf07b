"""The folder of the fast encoder: what training writes and what answering reads.

<folder>/card.json        what it is: labels, signs, thresholds, data, figures, digests of the files below
         README.md        the same for people
         vectors.npz      static token vectors (int8) with their scales, the way from backbone to sentence vectors,
                          centroids of the training encounters
         tokenizer.json   of the backbone
         labels.onnx      sentence vectors and marks to a logit a label and its attention over the sentences (int8)
         decider.onnx     rows of `agent.code_signs` to a probability each
         backbone/        model.onnx and tokenizer.json where the backbone is another than the index's encoder
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from medcoding.errors import ConfigError, IntegrityError
from medcoding.record import Record
from retrieval.index_folder import file_digest

SHIPPED: Final = Path(__file__).resolve().parent.parent / "training" / "models" / "encoder"
CARD: Final = "card.json"
VECTORS: Final = "vectors.npz"
TOKENIZER: Final = "tokenizer.json"
LABELS: Final = "labels.onnx"
DECIDER: Final = "decider.npz"
BACKBONE: Final = "backbone"
FILES: Final = (VECTORS, TOKENIZER, LABELS, DECIDER)
_MEND: Final = "train it again with 'chartwright train encoder' or install Chartwright again"

Floats = NDArray[np.float32]


class Thresholds(Record):
    """Where the encoder takes a code, and where it is unsure; all of its own probability."""

    taken_from: float
    """A mention's best code below this is not taken."""
    unsure_from: float
    unsure_to: float
    """Sentences whose best code lies between the two are read again with the backbone."""
    most_read: int
    """Most sentences of an encounter that are read so."""


class EncoderCard(Record):
    """`card.json`."""

    name: str
    edition: str
    """Whose codes the labels are."""
    backbone: str
    """The digest of the model that the sentence vectors were distilled from; `index` for that of the index."""
    labels: tuple[str, ...]
    """Codes with enough examples, in the order of the graph's logits."""
    signs: tuple[str, ...]
    thresholds: Thresholds
    distances: tuple[float, ...]
    """Quantiles (0, 1, … 100 %) of the distance of a training encounter from the nearest centroid."""
    files: dict[str, str]
    """SHA-256 by name."""
    report: dict[str, Any]
    """Data, split and figures, as README.md tells them."""


class EncoderVectors(NamedTuple):
    """`vectors.npz`."""

    tokens: NDArray[np.int8]
    """Vocabulary x width."""
    scales: Floats
    """One a token; a token's vector, weighted by its rarity, is its row times its scale."""
    projection: Floats
    """Backbone width x width."""
    mean: Floats
    """What is taken from a backbone vector before it is projected."""
    centroids: Floats
    """Centroids x width, unit length."""


class EncoderFiles(NamedTuple):
    """The folder, opened and found whole."""

    folder: Path
    card: EncoderCard
    vectors: EncoderVectors

    @property
    def digest(self) -> str:
        """The beginning of the card's own digest: it names the digests of all files."""
        return file_digest(self.folder / CARD)[:16]


def open_encoder(folder: Path = SHIPPED) -> EncoderFiles:
    """Raises `ConfigError` when there is no encoder in the folder, `IntegrityError` when a file has changed."""
    path = folder / CARD
    if not path.is_file():
        raise ConfigError(f"There is no encoder in {folder}; {_MEND}.")
    try:
        card = EncoderCard.model_validate_json(path.read_bytes())
        digests = {name: file_digest(folder / name) for name in card.files}
        if digests != card.files or not set(FILES) <= set(digests):
            raise IntegrityError(f"The encoder in {folder.name} has changed since it was trained; {_MEND}.")
        with np.load(folder / VECTORS, allow_pickle=False) as stored:
            vectors = EncoderVectors(**{name: stored[name] for name in EncoderVectors._fields})
    except (ValidationError, OSError, KeyError, ValueError):
        raise IntegrityError(f"The encoder in {folder.name} is damaged; {_MEND}.") from None
    return EncoderFiles(folder, card, vectors)
