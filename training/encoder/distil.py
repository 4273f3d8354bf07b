"""Static token vectors distilled from the backbone, after model2vec (Minish, 2024): no text is run through it later.

Each token of the vocabulary is embedded alone; principal components bring the vectors to the width wanted; a token
counts less the commoner it is (the vocabulary is sorted by frequency, and Zipf's law gives the rest). Then the vectors
are tuned so that the sum over a text's tokens points where the backbone's vector of the text does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from agent.encoder_files import Floats
from retrieval.encoder import MAX_TOKENS, TextEncoder

_AT_ONCE: Final = 500
_BATCH: Final = 256


class DistilPlan(NamedTuple):
    """How token vectors are made."""

    width: int = 256
    passes: int = 4
    rate: float = 0.002
    most_texts: int = 40_000
    every_token: bool = True
    """False embeds only the tokens that the texts hold, and leaves the others without a vector."""


class TokenVectors(NamedTuple):
    """What `vectors.npz` holds of it."""

    tokens: NDArray[np.int8]
    scales: Floats
    projection: Floats
    mean: Floats
    agreement: float
    """Mean cosine of static and backbone vector over texts that were not tuned on."""


def distil(
    tokenizer_file: Path,
    backbone: TextEncoder,
    texts: Sequence[str],
    plan: DistilPlan,
    told: Callable[[int, int], None],
) -> TokenVectors:
    """Token vectors for a backbone, tuned on texts. `told` hears texts embedded, of how many."""
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    chosen = list(dict.fromkeys(texts))[: plan.most_texts]
    words = _words(tokenizer, chosen, plan)
    vectors = _embedded(backbone, [*words.values(), *chosen], told)
    alone = np.zeros((tokenizer.get_vocab_size(), vectors.shape[1]), dtype=np.float32)
    alone[list(words)] = vectors[: len(words)]
    taught = vectors[len(words) :]
    mean = taught.mean(axis=0) if len(taught) else alone.mean(axis=0)
    projection = _components(np.concatenate([alone - alone.mean(axis=0), taught - mean]), plan.width)
    ranks = np.arange(len(alone), dtype=np.float32)
    first = ((alone - alone.mean(axis=0)) @ projection) * np.log1p(ranks)[:, None] / np.log1p(len(alone))
    tuned, agreement = _tuned(first, (taught - mean) @ projection, tokenizer, chosen, plan)
    scales = np.maximum(np.abs(tuned).max(axis=1), 1e-6) / 127
    tokens = np.clip(np.round(tuned / scales[:, None]), -127, 127).astype(np.int8)
    return TokenVectors(
        tokens, scales.astype(np.float32), projection.astype(np.float32), mean.astype(np.float32), agreement
    )


def _words(tokenizer: Tokenizer, texts: Sequence[str], plan: DistilPlan) -> dict[int, str]:
    """The tokens that get a vector of their own to begin with, by number."""
    numbers: Iterable[int] = range(tokenizer.get_vocab_size())
    if not plan.every_token:
        encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        numbers = sorted({number for one in encoded for number in one.ids})
    return {number: _printed(tokenizer, number) for number in numbers}


def _printed(tokenizer: Tokenizer, number: int) -> str:
    """A token as a text of its own; a continuation without its mark."""
    return str(tokenizer.id_to_token(number) or "").removeprefix("##") or "?"


def _embedded(backbone: TextEncoder, texts: Sequence[str], told: Callable[[int, int], None]) -> Floats:
    found = []
    for start in range(0, len(texts), _AT_ONCE):
        found += backbone.encode(texts[start : start + _AT_ONCE])
        told(min(start + _AT_ONCE, len(texts)), len(texts))
    return np.stack(found).astype(np.float32)


def _components(rows: Floats, width: int) -> Floats:
    """Directions of most variance, backbone width x at most `width`."""
    _, directions = np.linalg.eigh(rows.T @ rows)
    components: Floats = directions[:, ::-1][:, :width].astype(np.float32)
    return components


def _tuned(
    first: Floats, targets: Floats, tokenizer: Tokenizer, texts: Sequence[str], plan: DistilPlan
) -> tuple[Floats, float]:
    """The token vectors after some passes over the texts; every twentieth text only judges."""
    torch.manual_seed(0)
    table = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(first), freeze=False, mode="sum", sparse=False)
    ids = [encoded.ids for encoded in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    usable = [place for place, row in enumerate(ids) if row]
    learned = [place for place in usable if place % 20]
    judged = [place for place in usable if place % 20 == 0]
    goal = torch.nn.functional.normalize(torch.from_numpy(targets), dim=1)
    optimizer = torch.optim.Adam(table.parameters(), lr=plan.rate)
    dice = np.random.default_rng(0)
    for _ in range(plan.passes):
        order = dice.permutation(learned)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH].tolist()
            loss = 1 - _cosines(table, ids, goal, places).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    with torch.no_grad():
        agreement = float(_cosines(table, ids, goal, judged).mean()) if judged else 0.0
        return table.weight.detach().numpy(), round(agreement, 4)


def _cosines(
    table: torch.nn.EmbeddingBag, ids: Sequence[Sequence[int]], goal: torch.Tensor, places: Sequence[int]
) -> torch.Tensor:
    flat = torch.tensor([number for place in places for number in ids[place]])
    starts = torch.tensor(np.cumsum([0, *(len(ids[place]) for place in places[:-1])]))
    sums = torch.nn.functional.normalize(table(flat, starts), dim=1)
    return (sums * goal[list(places)]).sum(dim=1)
