"""Low-rank weights: merging them is the same as computing them beside, and damaged ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from index_build.findable.adapter import (
    ADAPTER_FOLDER,
    WEIGHTS,
    LowRankPair,
    adapter_name,
    merge_adapter,
    read_adapter,
)
from medcoding.errors import IntegrityError
from training.retrieval_adapter import _attached

LAYERS = ("0", "2")


def _model() -> torch.nn.Sequential:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.GELU(), torch.nn.Linear(5, 4)).requires_grad_(False)


def _adapter() -> dict[str, LowRankPair]:
    torch.manual_seed(2)
    return {
        "0": LowRankPair(torch.randn(2, 6), torch.randn(5, 2)),
        "2": LowRankPair(torch.randn(2, 5), torch.randn(4, 2)),
    }


def test_merged_weights_do_what_the_weights_beside_did() -> None:
    """The trained model with its weights beside and the plain model with them merged give the same vectors."""
    trained, merged, adapter = _model(), _model(), _adapter()
    for layer, pair in adapter.items():
        linear = trained.get_submodule(layer)
        assert isinstance(linear, torch.nn.Linear)
        down, up = _attached(linear, 2)
        down.data, up.data = pair.down, pair.up
    merge_adapter(merged, adapter)
    inputs = torch.randn(7, 6)
    assert not torch.allclose(trained(inputs), _model()(inputs))
    assert torch.allclose(trained(inputs), merged(inputs), atol=1e-5)


def test_training_begins_at_the_model_as_it_is() -> None:
    """Fresh low-rank weights change nothing."""
    model = _model()
    inputs = torch.randn(3, 6)
    before = model(inputs)
    for layer in LAYERS:
        linear = model.get_submodule(layer)
        assert isinstance(linear, torch.nn.Linear)
        _attached(linear, 2)
    assert torch.equal(model(inputs), before)


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    """By layer, in single precision."""
    _write(tmp_path, _adapter())
    read = read_adapter(tmp_path / WEIGHTS)
    assert set(read) == set(LAYERS)
    assert torch.allclose(read["0"].up, _adapter()["0"].up, atol=1e-2)
    assert adapter_name(tmp_path) != ""
    assert adapter_name(tmp_path / "none") == ""


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    """Cut short, or with one side missing."""
    path = _write(tmp_path, _adapter())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(IntegrityError, match="adapter"):
        read_adapter(path)
    save_file({"0.down": torch.zeros(2, 6)}, path)
    with pytest.raises(IntegrityError, match="adapter"):
        read_adapter(path)


def test_weights_of_another_model_are_refused() -> None:
    """A layer that is not there, or of another width."""
    with pytest.raises(IntegrityError, match="does not fit"):
        merge_adapter(_model(), {"9": _adapter()["0"]})
    with pytest.raises(IntegrityError, match="does not fit"):
        merge_adapter(_model(), {"2": _adapter()["0"]})


def test_the_adapter_that_ships_is_small_and_whole() -> None:
    """A few MB, every tuned layer of the encoder."""
    path = ADAPTER_FOLDER / WEIGHTS
    if not path.is_file():
        pytest.skip("no adapter ships")
    assert path.stat().st_size < 4_000_000
    assert len(read_adapter(path)) == 36


def _write(folder: Path, adapter: dict[str, LowRankPair]) -> Path:
    sides = {f"{layer}.down": pair.down for layer, pair in adapter.items()}
    sides |= {f"{layer}.up": pair.up for layer, pair in adapter.items()}
    save_file({name: tensor.half() for name, tensor in sides.items()}, folder / WEIGHTS)
    return folder / WEIGHTS
