"""The decoder as it is trained: Qwen3's architecture, over packs whose questions share one beginning.

Names and shapes of the weights are those of `Qwen3ForCausalLM` (Qwen team, 2025), so that the exported file is read by
transformers and vLLM as it is. What differs is the way through: the shared beginning is computed once, and
each question attends to it and to itself alone.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class DecoderPlan(NamedTuple):
    """The size of the decoder."""

    vocabulary: int = 8192
    width: int = 256
    layers: int = 5
    heads: int = 4
    key_heads: int = 4
    head_width: int = 64
    inner: int = 640
    rope_base: float = 1_000_000.0
    context: int = 16_384


class Pack(NamedTuple):
    """A lesson in tokens, flat: first the shared beginning, then one question after another."""

    ids: Tensor
    """Tokens, int64."""
    positions: Tensor
    """Of each token; every question goes on behind the shared beginning."""
    shared: int
    """Length of the shared beginning."""
    rows: Tensor
    """Questions x longest question: where each token of a question stands in `ids`; 0 where there is none."""
    is_there: Tensor
    """The same shape: whether there is a token."""


class Decoder(nn.Module):
    """Token embeddings, layers, final norm, output weights."""

    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__()
        self.plan = plan
        self.model = _Body(plan)
        self.lm_head = nn.Linear(plan.width, plan.vocabulary, bias=False)

    def forward(self, pack: Pack) -> tuple[Tensor, list[Tensor]]:
        """Hidden states, tokens x width: those that the output reads, and those after each layer."""
        turns = _turns(pack.positions, self.plan)
        hidden = self.model.embed_tokens(pack.ids)
        seen = _seen(pack, hidden.dtype)
        after = []
        for layer in self.model.layers:
            hidden = layer(hidden, pack, turns, seen)
            after.append(hidden)
        return self.model.norm(hidden), after


class _Body(nn.Module):
    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(plan.vocabulary, plan.width)
        self.layers = nn.ModuleList(_Layer(plan) for _ in range(plan.layers))
        self.norm = nn.RMSNorm(plan.width, eps=1e-6)


class _Layer(nn.Module):
    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(plan.width, eps=1e-6)
        self.self_attn = _Attention(plan)
        self.post_attention_layernorm = nn.RMSNorm(plan.width, eps=1e-6)
        self.mlp = _Inner(plan)

    def forward(self, hidden: Tensor, pack: Pack, turns: tuple[Tensor, Tensor], seen: Tensor) -> Tensor:
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), pack, turns, seen)
        return hidden + self.mlp(self.post_attention_layernorm(hidden))  # type: ignore[no-any-return]


class _Inner(nn.Module):
    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(plan.width, plan.inner, bias=False)
        self.up_proj = nn.Linear(plan.width, plan.inner, bias=False)
        self.down_proj = nn.Linear(plan.inner, plan.width, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(hidden)) * self.up_proj(hidden))  # type: ignore[no-any-return]


class _Attention(nn.Module):
    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__()
        self.plan = plan
        self.q_proj = nn.Linear(plan.width, plan.heads * plan.head_width, bias=False)
        self.k_proj = nn.Linear(plan.width, plan.key_heads * plan.head_width, bias=False)
        self.v_proj = nn.Linear(plan.width, plan.key_heads * plan.head_width, bias=False)
        self.o_proj = nn.Linear(plan.heads * plan.head_width, plan.width, bias=False)
        self.q_norm = nn.RMSNorm(plan.head_width, eps=1e-6)
        self.k_norm = nn.RMSNorm(plan.head_width, eps=1e-6)

    def looks(self, hidden: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Queries and keys, tokens x heads x head width."""
        return self._looks(hidden, _turns(positions, self.plan))

    def _looks(self, hidden: Tensor, turns: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        shape = (len(hidden), -1, self.plan.head_width)
        query = _turned(self.q_norm(self.q_proj(hidden).view(shape)), turns)
        return query, _turned(self.k_norm(self.k_proj(hidden).view(shape)), turns)

    def forward(self, hidden: Tensor, pack: Pack, turns: tuple[Tensor, Tensor], seen: Tensor) -> Tensor:
        shape = (len(hidden), -1, self.plan.head_width)
        query, key = self._looks(hidden, turns)
        value = self.v_proj(hidden).view(shape)
        groups = self.plan.heads // self.plan.key_heads
        if groups > 1:
            key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
        return self.o_proj(_attended(query, key, value, pack, seen).flatten(1))  # type: ignore[no-any-return]


def _attended(query: Tensor, key: Tensor, value: Tensor, pack: Pack, seen: Tensor) -> Tensor:
    """Tokens x heads x head width: the beginning attends to itself, each question to the beginning and to itself.

    Written out, because the fused kernel's way back is several times slower on a processor.
    """
    query = query * query.shape[-1] ** -0.5
    first = slice(0, pack.shared)
    number, longest = pack.rows.shape
    ahead_query, ahead_key, ahead_value = (whole[first].transpose(0, 1) for whole in (query, key, value))
    ahead = (ahead_query @ ahead_key.mT + seen[: pack.shared, : pack.shared]).softmax(-1) @ ahead_value
    asking, own_keys, own_values = (whole[pack.rows].permute(2, 0, 1, 3) for whole in (query, key, value))
    apart = (len(asking), number, longest, -1)
    to_ahead = (asking.flatten(1, 2) @ ahead_key.mT).view(apart)
    to_own = asking @ own_keys.mT + seen[:longest, :longest]
    weights = torch.cat((to_ahead, to_own), dim=-1).softmax(-1)
    on_ahead, on_own = weights[..., : pack.shared], weights[..., pack.shared :]
    asked = (on_ahead.flatten(1, 2) @ ahead_value).view(apart) + on_own @ own_values
    return torch.cat((ahead.transpose(0, 1), asked.permute(1, 2, 0, 3)[pack.is_there]))


def _seen(pack: Pack, kind: torch.dtype) -> Tensor:
    """A square that is 0 where a token may attend to an earlier one and -inf where it would look ahead."""
    longest = max(pack.shared, pack.rows.shape[1])
    return torch.full((longest, longest), float("-inf"), dtype=kind).triu(1)


def _turns(positions: Tensor, plan: DecoderPlan) -> tuple[Tensor, Tensor]:
    """Cosine and sine by token and half head (rotary embedding, Su et al., 2021)."""
    steps = torch.arange(0, plan.head_width, 2).float() / plan.head_width
    angles = positions.float()[:, None] / plan.rope_base**steps
    return angles.cos()[:, None], angles.sin()[:, None]


def _turned(heads: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    cosine, sine = (turn.to(heads.dtype) for turn in turns)
    left, right = heads.chunk(2, dim=-1)
    return torch.cat((left * cosine - right * sine, right * cosine + left * sine), dim=-1)
