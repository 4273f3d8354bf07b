"""Learning: packs, one after another, until the time is over; a stopped run goes on at its checkpoint."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from training.mini.decoder import Decoder, DecoderPlan, Pack
from training.mini.lessons import Lesson
from training.mini.packing import PackMaker, Targets
from training.mini.tokens import starting_vectors

_CHECKPOINT: Final = "checkpoint.pt"
_MATRICES: Final = ("_proj.weight",)
_WORDS: Final = "embed_tokens.weight"
_FAST_PAIRS: Final = 14
"""Of the 32 pairs of a head, those that have turned by half a circle within some hundred tokens."""
_SHARPNESS: Final = 2.0
_VERY_FAST_PAIRS: Final = 6
_ALWAYS: Final = 2.0
_WORD_SCALE: Final = 0.5
_OUT_SCALE: Final = 0.05
_HANDED_ON: Final = 0.25


class LearningPlan(NamedTuple):
    """What decides the training, besides lessons and size."""

    minutes: float = 55.0
    """Of wall clock, over all its runs; the learning rate follows it, for a busy machine is slower."""
    steps: int | None = None
    """Instead of minutes, a number of steps."""
    packs: int = 3
    """Lessons a step."""
    matrix_rate: float = 0.006
    """Highest learning rate of the layers' matrices, under Muon (Jordan, 2024)."""
    word_rate: float = 0.0005
    """Highest learning rate of the embeddings, under AdamW: low, so that words of like meaning stay side by side."""
    other_rate: float = 0.001
    """Highest learning rate of norms and output weights, under AdamW."""
    warm_up: int = 20
    answer_weight: float = 0.5
    """Of an answer's tokens, summed: what the form decides costs nothing soon, what is decided counts fully."""
    choice_weight: float = 3.0
    """Of the chosen number once more."""
    tapped_weight: float = 1.0
    """Of the score that a candidate's number is given beneath the last layer."""
    pointed_weight: float = 1.0
    """Of looking, in the last layer, from the place of the choice at the number that is right."""
    said_weight: float = 0.5
    """Of telling, half way up, which words of the candidates the mention holds."""
    text_weight: float = 0.1
    """Of the next word anywhere in prompt and note."""
    text_tokens: int = 32
    """So many places of a pack, drawn by chance."""
    save_every: int = 20
    seed: int = 11


class Progress(NamedTuple):
    """Where the training stands."""

    step: int
    share: float
    """Of the time or the steps, 0 to 1."""
    loss: float
    choices: float
    """Share of right choices among the step's questions, as the output scores them."""
    tapped: float
    """The same by the score beneath the last layer."""
    packs: int


class Learner:
    """The decoder, what it learns with, and how far it has come."""

    def __init__(self, tokenizer: Tokenizer, size: DecoderPlan, plan: LearningPlan) -> None:
        torch.manual_seed(plan.seed)
        self.decoder = Decoder(size)
        _begin(self.decoder, tokenizer, plan.seed)
        self.tap = nn.Linear(size.width, 1, bias=False)
        self.probe = nn.Linear(size.width, 1)
        self.plan, self.size = plan, size
        self.maker = PackMaker(tokenizer)
        beside = (*self.tap.named_parameters(prefix="tap"), *self.probe.named_parameters(prefix="probe"))
        named = [*self.decoder.named_parameters(), *beside]
        self.matrices = [tensor for name, tensor in named if name.endswith(_MATRICES)]
        self.words = [tensor for name, tensor in named if name.endswith(_WORDS)]
        self.others = [tensor for name, tensor in named if not name.endswith((*_MATRICES, _WORDS))]
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(self.matrices, lr=plan.matrix_rate, momentum=0.95, weight_decay=0.01),
            torch.optim.AdamW(self.words, lr=plan.word_rate, betas=(0.9, 0.95), weight_decay=0.0),
            torch.optim.AdamW(self.others, lr=plan.other_rate, betas=(0.9, 0.95), weight_decay=0.0),
        )
        self.step, self.packs, self.spent_s = 0, 0, 0.0

    def learn(self, lessons: Sequence[Lesson], work: Path, told: Callable[[Progress], None]) -> None:
        """Go on from the checkpoint in `work`, if there is one, to the end."""
        self.resume(work)
        dice = random.Random(f"{self.plan.seed}:{self.step}")  # noqa: S311 - an order, no secret
        packs = self._endless(lessons, dice)
        began = time.monotonic() - self.spent_s
        while (share := self._share()) < 1:
            loss, right, tapped = self._one_step([next(packs) for _ in range(self.plan.packs)], share, dice)
            self.spent_s = time.monotonic() - began
            told(Progress(self.step, self._share(), loss, right, tapped, self.packs))
            if self.step % self.plan.save_every == 0:
                self.save(work)
        self.save(work)

    def save(self, work: Path) -> None:
        """Write the checkpoint; a run that is killed meanwhile finds the one before."""
        kept = {
            "decoder": self.decoder.state_dict(),
            "tap": self.tap.state_dict(),
            "probe": self.probe.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "at": (self.step, self.packs, self.spent_s),
        }
        torch.save(kept, work / f"{_CHECKPOINT}.new")
        (work / f"{_CHECKPOINT}.new").replace(work / _CHECKPOINT)

    def resume(self, work: Path) -> None:
        """Take up the checkpoint of an earlier run."""
        if not (work / _CHECKPOINT).is_file():
            return
        kept: Mapping[str, Any] = torch.load(work / _CHECKPOINT, weights_only=True)
        self.decoder.load_state_dict(kept["decoder"])
        self.tap.load_state_dict(kept["tap"])
        self.probe.load_state_dict(kept["probe"])
        for optimizer, state in zip(self.optimizers, kept["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.step, self.packs, self.spent_s = kept["at"]

    def _share(self) -> float:
        if self.plan.steps is not None:
            return self.step / self.plan.steps
        return self.spent_s / (60 * self.plan.minutes)

    def _endless(self, lessons: Sequence[Lesson], dice: random.Random) -> Iterator[tuple[Pack, Targets]]:
        while True:
            for at in dice.sample(range(len(lessons)), len(lessons)):
                if made := self.maker.pack(lessons[at], dice):
                    yield made

    def _one_step(
        self, packs: Sequence[tuple[Pack, Targets]], share: float, dice: random.Random
    ) -> tuple[float, float, float]:
        rate = min(1.0, (self.step + 1) / self.plan.warm_up) * max(0.02, 0.5 * (1 + math.cos(math.pi * share)))
        highest_rates = (self.plan.matrix_rate, self.plan.word_rate, self.plan.other_rate)
        for optimizer, highest in zip(self.optimizers, highest_rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = highest * rate
        total, hits, tapped, asked = 0.0, 0, 0, 0
        for pack, targets in packs:
            loss, right, right_tapped = self.loss(pack, targets, dice)
            (loss / len(packs)).backward()  # type: ignore[no-untyped-call]
            total, asked = total + float(loss.detach()), asked + len(targets.right)
            hits, tapped = hits + right, tapped + right_tapped
        nn.utils.clip_grad_norm_([*self.matrices, *self.words, *self.others], 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        self.packs += len(packs)
        return total / len(packs), hits / asked, tapped / asked

    def loss(self, pack: Pack, targets: Targets, dice: random.Random) -> tuple[Tensor, int, int]:
        """What is wrong with the answers to one pack, and how many choices are right. Computed in bfloat16."""
        halved = {name: tensor.bfloat16() for name, tensor in self.decoder.named_parameters()}
        read, after = torch.func.functional_call(self.decoder, halved, (pack,))
        drawn = torch.tensor([dice.randrange(len(pack.ids) - 1) for _ in range(self.plan.text_tokens)])
        drawn = drawn[pack.positions[drawn + 1] == pack.positions[drawn] + 1]
        weights = halved["lm_head.weight"]
        answers, choices, text = (
            functional.cross_entropy((read[at] @ weights.T).float(), pack.ids[at + 1], reduction=how)
            for at, how in ((targets.answers, "sum"), (targets.choices, "mean"), (drawn, "mean"))
        )
        scores = self.tap(after[-2].float()).squeeze(-1)
        said = self.probe(after[(self.size.layers - 1) // 2][targets.words].float()).squeeze(-1)
        told_apart = functional.binary_cross_entropy_with_logits(said, targets.is_said, reduction="sum")
        tapped = torch.stack(
            [
                functional.cross_entropy(scores[numbers][None], torch.tensor([right]))
                for numbers, right in zip(targets.offered, targets.right, strict=True)
            ]
        )
        plan = self.plan
        loss = (
            plan.answer_weight * answers / len(targets.right)
            + plan.choice_weight * choices
            + plan.tapped_weight * tapped.mean()
            + plan.pointed_weight * self._pointed(after[-2], pack, targets)
            + plan.said_weight * told_apart / max(1, len(said))
            + plan.text_weight * text
        )
        chosen = (read[targets.choices] @ weights.T).detach()
        by_output = (row[pack.ids[numbers]] for row, numbers in zip(chosen, targets.offered, strict=True))
        by_tap = (scores[numbers] for numbers in targets.offered)
        return loss, _hits(by_output, targets.right), _hits(by_tap, targets.right)

    def _pointed(self, hidden: Tensor, pack: Pack, targets: Targets) -> Tensor:
        """Cross-entropy of the last layer's attention, in the heads that look for no word of their own."""
        layer: Any = self.decoder.model.layers[-1]
        query, key = layer.self_attn.looks(layer.input_layernorm(hidden.float()), pack.positions)
        half = self.size.heads // 2
        losses = []
        for number, (place, numbers, right) in enumerate(
            zip(targets.choices, targets.offered, targets.right, strict=True)
        ):
            own = pack.rows[number][pack.is_there[number]]
            ahead = torch.cat((torch.arange(pack.shared), own[own <= place]))
            scores = (query[place, half:, None] @ key[ahead][:, half:].permute(1, 2, 0)).squeeze(1)
            scores = scores * self.size.head_width**-0.5
            target = (ahead == numbers[right]).nonzero()[0].expand(half)
            losses.append(functional.cross_entropy(scores, target))
        return torch.stack(losses).mean()


def _hits(scores: Iterable[Tensor], right: Sequence[int]) -> int:
    """How many questions score the right number highest among those they offer."""
    return sum(int(row.argmax()) == place for row, place in zip(scores, right, strict=True))


def _begin(decoder: Decoder, tokenizer: Tokenizer, seed: int) -> None:
    """Embeddings from all-MiniLM-L6-v2, output weights alike, and layers that begin as what they are needed for.

    Every head begins by handing on the word that it looks at; half of them look for their own word further back, and
    one of the first layer for the word before. The first value of every embedding is the same, so that a head can look
    at a place whatever stands there.
    """
    width = decoder.plan.width
    with torch.no_grad():
        for name, tensor in decoder.named_parameters():
            if tensor.dim() == 2:
                nn.init.normal_(
                    tensor, std=tensor.shape[1] ** -0.5 * (0.1 if name.endswith("down_proj.weight") else 1.0)
                )
        for layer in decoder.model.layers:
            _look_back(layer.self_attn, decoder.plan)
            _hand_on(layer.self_attn, decoder.plan)
        _look_one_back(decoder.model.layers[0].self_attn, decoder.plan)
        vectors = torch.from_numpy(starting_vectors(tokenizer, width - 1, seed))
        for weights, scale in ((decoder.model.embed_tokens.weight, _WORD_SCALE), (decoder.lm_head.weight, _OUT_SCALE)):
            nn.init.normal_(weights, std=scale)
            weights[: len(vectors), 1:] = vectors * scale
        decoder.model.embed_tokens.weight[:, 0] = _ALWAYS
        decoder.lm_head.weight[:, 0] = 0.0


def _hand_on(attention: Any, plan: DecoderPlan) -> None:
    """What a head reads it gives back: output weights are the value weights turned round."""
    if plan.heads == plan.key_heads:
        nn.init.orthogonal_(attention.v_proj.weight)
        attention.v_proj.weight[:, 0] = 0.0
        attention.o_proj.weight.copy_(_HANDED_ON * attention.v_proj.weight.T)


def _look_one_back(attention: Any, plan: DecoderPlan) -> None:
    """The last head looks at the token before: its fast pairs agree at a distance of one, whatever the words."""
    half, last = plan.head_width // 2, slice(-plan.head_width, None)
    fast = torch.arange(_VERY_FAST_PAIRS)
    angles = plan.rope_base ** (-2.0 * fast / plan.head_width)
    for projection in (attention.q_proj.weight, attention.k_proj.weight):
        projection[last] *= 0.02
    attention.q_proj.weight[last][fast, 0] = 10 * angles.cos()
    attention.q_proj.weight[last][fast + half, 0] = -10 * angles.sin()
    attention.k_proj.weight[last][fast, 0] = 10.0


def _look_back(attention: Any, plan: DecoderPlan) -> None:
    """Queries equal to keys in the pairs that turn slowly and opposite in those that turn fast.

    At the token itself the two cancel out, at a distance of some dozen tokens or more the slow ones remain: a head
    finds earlier places of its own word. After the near-identity start of Trockman and Kolter (2023).
    """
    half = plan.head_width // 2
    sign = torch.ones(plan.head_width)
    sign[:_FAST_PAIRS] = sign[half : half + _FAST_PAIRS] = -1.0
    rows = plan.head_width * (plan.key_heads // 2)
    if plan.heads == plan.key_heads:
        attention.k_proj.weight[:, 0] = 0.0
        attention.q_proj.weight[:rows] = attention.k_proj.weight[:rows] * sign.repeat(plan.key_heads // 2)[:, None]
        attention.q_norm.weight.fill_(_SHARPNESS)
