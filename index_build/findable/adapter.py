"""Low-rank weights that tune the sentence encoder to clinical wordings, merged into it before it is exported.

LoRA (Hu et al., 2021): beside a linear layer of weight W stand `down` (rank x inputs) and `up` (outputs x rank); the
tuned layer is W + up·down. The file holds both for every tuned layer, in half precision.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from medcoding.errors import IntegrityError
from retrieval.index_folder import file_digest

if TYPE_CHECKING:
    from torch import Tensor, nn

ADAPTER_FOLDER: Final = Path(__file__).parents[1] / "models" / "retrieval_adapter"
WEIGHTS: Final = "adapter.safetensors"
DOWN: Final = ".down"
UP: Final = ".up"
_REINSTALL: Final = "install Chartwright again, or train it with 'chartwright train adapter'"


class LowRankPair(NamedTuple):
    """What is added to one layer: `up` (outputs x rank) times `down` (rank x inputs)."""

    down: Tensor
    up: Tensor


def adapter_name(folder: Path = ADAPTER_FOLDER) -> str:
    """What tells the adapter's weights from others: the beginning of their digest; empty where there is no adapter."""
    path = folder / WEIGHTS
    return file_digest(path)[:12] if path.is_file() else ""


def read_adapter(path: Path) -> dict[str, LowRankPair]:
    """Both matrices by layer. Raises `IntegrityError` for a damaged file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
        layers = sorted(name.removesuffix(DOWN) for name in tensors if name.endswith(DOWN))
        return {layer: LowRankPair(tensors[layer + DOWN], tensors[layer + UP]) for layer in layers}
    except (SafetensorError, KeyError, OSError):
        raise IntegrityError(f"The adapter {path.name} is damaged or missing; {_REINSTALL}.") from None


def merge_adapter(model: nn.Module, adapter: dict[str, LowRankPair]) -> None:
    """Add the low-rank products to the model's own weights. Raises `IntegrityError` when they are another model's."""
    import torch

    for layer, pair in adapter.items():
        try:
            weight = model.get_submodule(layer).get_parameter("weight")
            with torch.no_grad():
                weight.add_(pair.up @ pair.down)
        except (AttributeError, RuntimeError):
            raise IntegrityError(f"The adapter does not fit the encoder at {layer}; {_REINSTALL}.") from None
