"""The backbone: the encoder of the index, or another sentence-transformers model, exported as the index's own is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from index_build.findable.embedding_cache import CachedEncoder
from medcoding.errors import InputError
from retrieval.encoder import OnnxEncoder, TextEncoder
from retrieval.index_folder import IndexFolder, file_digest
from training.encoder.graphs import quiet

if TYPE_CHECKING:
    from torch import Tensor

_OPSET: Final = 17
_INPUTS: Final = ("input_ids", "attention_mask")
_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")


class Backbone(NamedTuple):
    """A model that embeds sentences, behind a cache."""

    name: str
    """As the card names it: the index's name for its encoder, or the digest of another model's weights."""
    folder: Path
    """With `model.onnx` and `tokenizer.json`."""
    encoder: TextEncoder
    is_own: bool
    """True where the encoder's folder has to bring it along."""


def prepared_backbone(source: Path | None, index: IndexFolder, work: Path) -> Backbone:
    """The index's encoder, or the model of a folder. Raises `InputError` for a folder without a usable model."""
    if source is None:
        cached = CachedEncoder(OnnxEncoder(index.encoder), work / "vectors-index.sqlite")
        return Backbone(index.manifest.encoder, index.encoder, cached, is_own=False)
    weights = next((source / name for name in _WEIGHTS if (source / name).is_file()), None)
    if weights is None or not (source / "tokenizer.json").is_file():
        raise InputError(f"{source} holds no sentence-transformers model with a tokenizer.json; give its folder.")
    name = file_digest(weights)[:16]
    folder = work / f"backbone-{name}"
    if not (folder / "tokenizer.json").is_file():
        _export(source, folder)
    cached = CachedEncoder(OnnxEncoder(folder), work / f"vectors-{name}.sqlite")
    return Backbone(name, folder, cached, is_own=True)


def _export(source: Path, folder: Path) -> None:
    """int8 ONNX with pooling and normalisation inside."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(str(source), local_files_only=True, device="cpu").eval()

    class Pooled(torch.nn.Module):
        """Token ids to sentence vectors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vector: Tensor = torch.nn.functional.normalize(self.model(features)["sentence_embedding"], dim=1)
            return vector

    folder.mkdir(parents=True, exist_ok=True)
    whole, example = folder / "model.fp32.onnx", torch.ones((2, 8), dtype=torch.int64)
    axes = {name: {0: "texts", 1: "tokens"} for name in _INPUTS}
    with quiet(), torch.no_grad():
        torch.onnx.export(
            Pooled(), (example, example), str(whole), input_names=list(_INPUTS), output_names=["vector"],
            dynamic_axes=axes, opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(whole, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    whole.unlink()
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
