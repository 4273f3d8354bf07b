"""How a folder with a model answers lessons: greedily, all questions of a lesson at once behind their shared text.

No grammar holds the answers, so this also shows how often the model keeps the form by itself. The product's way with a
grammar is `agent.local`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.mini.lessons import Lesson
from training.mini.tokens import END, chat, common_length, number_of

_LONGEST_ANSWER: Final = 64


class Given(NamedTuple):
    """What was answered to one question."""

    choice: str
    """A number, `none`, or empty where the answer is not of the asked form or chooses what was not offered."""
    evidence: tuple[int, ...] = ()


class Examinee:
    """A model of transformers on the processor, in float32."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForCausalLM  # opens in evaluation mode

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        auto: Any = AutoModelForCausalLM
        self._model = auto.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32)
        self._end = number_of(self._tokenizer, END)

    def answers(self, lesson: Lesson) -> list[Given]:
        """One answer a question, in order."""
        prompts = [chat(lesson.system, lesson.shared + one.question) for one in lesson.questions]
        rows = [encoded.ids for encoded in self._tokenizer.encode_batch(prompts)]
        written = self._written(rows)
        texts = (self._tokenizer.decode(ids[: ids.index(self._end)] if self._end in ids else ids) for ids in written)
        return [_read(text, one.numbers) for text, one in zip(texts, lesson.questions, strict=True)]

    @torch.no_grad()
    def _written(self, rows: list[list[int]]) -> list[list[int]]:
        """Tokens of each answer. The shared beginning is computed once; shorter questions leave a masked gap."""
        shared = min(common_length(rows), min(map(len, rows)) - 1)
        ahead = self._model(input_ids=torch.tensor([rows[0][:shared]]), use_cache=True)
        cache = ahead.past_key_values
        cache.batch_repeat_interleave(len(rows))
        lengths = torch.tensor([len(row) - shared for row in rows])
        longest = int(lengths.max())
        ids = torch.tensor([[*row[shared:], *[0] * (longest - len(row) + shared)] for row in rows])
        places = torch.arange(longest).expand(len(rows), -1)
        mask = torch.cat((torch.ones(len(rows), shared), (places < lengths[:, None]).float()), dim=1).long()
        out = self._model(
            input_ids=ids, attention_mask=mask, position_ids=places + shared, past_key_values=cache, use_cache=True
        )
        latest = out.logits[torch.arange(len(rows)), lengths - 1].argmax(-1)
        return self._continued(latest, mask, lengths + shared, out.past_key_values)

    def _continued(self, latest: Tensor, mask: Tensor, positions: Tensor, cache: Any) -> list[list[int]]:
        written = [latest]
        for _ in range(_LONGEST_ANSWER):
            if all(self._end in row for row in torch.stack(written, dim=1).tolist()):
                break
            mask = torch.cat((mask, torch.ones(len(latest), 1, dtype=torch.long)), dim=1)
            out = self._model(
                input_ids=latest[:, None], attention_mask=mask, position_ids=positions[:, None], past_key_values=cache,
                use_cache=True,
            )  # fmt: skip
            latest, positions, cache = out.logits[:, -1].argmax(-1), positions + 1, out.past_key_values
            written.append(latest)
        found: list[list[int]] = torch.stack(written, dim=1).tolist()
        return found


def _read(text: str, numbers: tuple[str, ...]) -> Given:
    try:
        told = json.loads(text)
        choice, evidence = str(told["choice"]), tuple(int(number) for number in told["evidence"])
    except (ValueError, KeyError, TypeError):
        return Given("")
    return Given(choice if choice in numbers else "", evidence)
