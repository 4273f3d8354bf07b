"""The labels as an ONNX graph in int8."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from agent.label_head import MARKS
from training.encoder.attention import LabelAttention

_OPSET: Final = 17


class _OneNote(nn.Module):
    """The labels over one note: no padding, no mask."""

    def __init__(self, model: LabelAttention) -> None:
        super().__init__()
        self.model = model

    def forward(self, sentences: Tensor, marks: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        mixed = torch.tanh(sentences @ self.model.mix)
        queries, values = self.model.queries[labels], self.model.values[labels]
        looked = queries @ mixed.T + (marks @ self.model.looks)[None]
        attention = torch.softmax(looked, dim=1)
        worth = values @ mixed.T + (marks @ self.model.counts)[None]
        return (attention * worth).sum(dim=1) + self.model.bias[labels], attention


def export_labels(path: Path, model: LabelAttention) -> None:
    """Write the graph: `sentences`, `marks` and `labels` (places) to `logits` and `attention` (labels x sentences)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    width = model.mix.shape[0]
    example = (torch.zeros(2, width), torch.zeros(2, len(MARKS)), torch.zeros(3, dtype=torch.int64))
    whole = path.with_suffix(".fp32.onnx")
    with quiet(), torch.no_grad():
        torch.onnx.export(
            _OneNote(model).eval(),
            example,
            str(whole),
            input_names=["sentences", "marks", "labels"],
            output_names=["logits", "attention"],
            dynamic_axes={"sentences": {0: "s"}, "marks": {0: "s"}, "labels": {0: "l"}, "attention": {0: "l", 1: "s"}},
            opset_version=_OPSET,
            dynamo=False,
        )
        quantize_dynamic(whole, path, weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"])
    whole.unlink()


@contextmanager
def quiet() -> Iterator[None]:
    """Exporters and quantizers talk about their own internals; errors still come through."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
