"""Label-wise attention over sentence vectors, after PLM-ICD (Huang et al., 2022), learned on one core.

A label begins as the vector of its title, both where it looks and what it looks for: before the first example it finds
sentences like its description, and few examples are enough to move it from there. Rare labels weigh more.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from agent.encoder_files import Floats
from agent.label_head import MARKS

_SHARPNESS: Final = 10.0
_STRENGTH: Final = 8.0
_STRETCH: Final = 3.0
"""What the mixed vectors are multiplied by before tanh, so that it bends them little at first."""
_MOST_WEIGHT: Final = 8.0


class AttentionPlan(NamedTuple):
    """How the labels are learned."""

    passes: int = 8
    batch: int = 32
    rate: float = 0.002
    negatives: int = 800
    """Labels drawn beside those that a batch carries; the others are left out of its loss."""
    seed: int = 11


class ReadNote(NamedTuple):
    """An encounter as the labels learn from it."""

    vectors: Floats
    """Sentences x width."""
    marks: Floats
    labels: tuple[int, ...]
    """Places of its labels."""


class LabelAttention(nn.Module):
    """Sentence vectors and marks to a logit and an attention for each label asked."""

    def __init__(self, titles: Floats, shares: Floats) -> None:
        """`titles`: labels x width, unit length; `shares`: of the training encounters that carry each label."""
        super().__init__()
        width = titles.shape[1]
        self.mix = nn.Parameter(torch.eye(width) * _STRETCH)
        self.queries = nn.Parameter(torch.from_numpy(titles) * _SHARPNESS / _STRETCH)
        self.values = nn.Parameter(torch.from_numpy(titles) * _STRENGTH / _STRETCH)
        self.bias = nn.Parameter(torch.logit(torch.from_numpy(shares).clamp(1e-4, 0.5)) + 2.0)
        self.looks = nn.Parameter(torch.zeros(len(MARKS)))
        self.counts = nn.Parameter(torch.zeros(len(MARKS)))

    def forward(self, sentences: Tensor, marks: Tensor, labels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (notes x labels) and attention (notes x labels x sentences); `mask` is 0 for padding."""
        mixed = torch.tanh(sentences @ self.mix)
        looked = mixed @ self.queries[labels].T + (marks @ self.looks)[..., None]
        attention = torch.softmax(looked + (mask[..., None] - 1) * 1e4, dim=1)
        worth = mixed @ self.values[labels].T + (marks @ self.counts)[..., None]
        return (attention * worth).sum(dim=1) + self.bias[labels], attention.transpose(1, 2)


def learn(
    model: LabelAttention,
    notes: Sequence[ReadNote],
    checkpoint: Path,
    plan: AttentionPlan,
    told: Callable[[int, int, float], None],
) -> None:
    """Learn in place; every pass is kept, a stopped run goes on behind the last. `told` hears pass, of, mean loss."""
    torch.set_num_threads(1)
    weights = _weights(notes, len(model.queries))
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.0)
    done = _resumed(model, optimizer, checkpoint, plan)
    for number in range(done + 1, plan.passes + 1):
        dice = random.Random(f"{plan.seed}:{number}")  # noqa: S311 - an order, no secret
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * (1 - (number - 1) / plan.passes)
        losses = [_step(model, optimizer, batch, (weights, plan, dice)) for batch in _batches(notes, plan.batch, dice)]
        kept = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "pass": number, "plan": tuple(plan)}
        torch.save(kept, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)
        told(number, plan.passes, float(np.mean(losses)))


def _resumed(model: LabelAttention, optimizer: torch.optim.Optimizer, checkpoint: Path, plan: AttentionPlan) -> int:
    """The pass that a checkpoint of the same plan and size has reached."""
    if not checkpoint.is_file():
        return 0
    kept = torch.load(checkpoint, weights_only=True)
    same = tuple(kept["plan"]) == tuple(plan) and kept["model"]["queries"].shape == model.queries.shape
    if not same:
        return 0
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    return int(kept["pass"])


def _step(
    model: LabelAttention,
    optimizer: torch.optim.Optimizer,
    batch: Sequence[ReadNote],
    how: tuple[Tensor, AttentionPlan, random.Random],
) -> float:
    weights, plan, dice = how
    carried = {label for note in batch for label in note.labels}
    drawn = dice.sample(range(len(weights)), min(len(weights), plan.negatives))
    labels = sorted(carried | set(drawn))
    place = {label: at for at, label in enumerate(labels)}
    goal = torch.zeros(len(batch), len(labels))
    for row, note in enumerate(batch):
        goal[row, [place[label] for label in note.labels]] = 1.0
    sentences, marks, mask = padded(batch)
    logits, _ = model(sentences, marks, torch.tensor(labels), mask)
    every = nn.functional.binary_cross_entropy_with_logits(logits, goal, pos_weight=weights[labels], reduction="none")
    loss: Tensor = every.sum() / max(1.0, float(goal.sum()))
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def padded(batch: Sequence[ReadNote]) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors, marks and mask of some notes, filled up to the longest."""
    longest = max(len(note.vectors) for note in batch)
    width, marked = batch[0].vectors.shape[1], len(MARKS)
    sentences = torch.zeros(len(batch), longest, width)
    marks, mask = torch.zeros(len(batch), longest, marked), torch.zeros(len(batch), longest)
    for row, note in enumerate(batch):
        number = len(note.vectors)
        sentences[row, :number] = torch.from_numpy(note.vectors)
        marks[row, :number] = torch.from_numpy(note.marks)
        mask[row, :number] = 1.0
    return sentences, marks, mask


def _weights(notes: Sequence[ReadNote], labels: int) -> Tensor:
    """What an example of each label weighs: the root of how much rarer it is than the commonest, bounded."""
    counts = np.bincount([label for note in notes for label in note.labels], minlength=labels)
    weights = np.sqrt(counts.max(initial=1) / np.maximum(counts, 1)).clip(1.0, _MOST_WEIGHT)
    return torch.from_numpy(weights.astype(np.float32))


def _batches(notes: Sequence[ReadNote], size: int, dice: random.Random) -> Iterator[list[ReadNote]]:
    """Notes of like length together, so that little is filled up; the batches in any order."""
    usable = [note for note in notes if len(note.vectors)]
    ordered = sorted(usable, key=lambda note: len(note.vectors) + dice.random() * 4)
    starts = list(range(0, len(ordered), size))
    dice.shuffle(starts)
    yield from (ordered[start : start + size] for start in starts)
