"""What is measured about a model's choice, outside its own claims: the probability of its tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Final

from agent.llm import Answer, TokenScore
from medcoding.proposal import ModelSignals

_CHOICE: Final = re.compile(rb'"choice"\s*:\s*"([^"]*)"\s*\}\s*$')


def choice_signals(answer: Answer[Any], allowed: Sequence[str]) -> ModelSignals:
    """Probability of the chosen id among the allowed ones, from the tokens that spell it and its closing quote.

    The margin is to the strongest token that began another id, so it is never too large. Empty when the server sent
    no logprobs or when its tokens do not spell the answer.
    """
    generated = b"".join(token.text for token in answer.tokens)
    content = answer.content.encode()
    offset, choice = generated.rfind(content), _CHOICE.search(content)
    if not content or offset < 0 or choice is None:
        return ModelSignals()
    start, end = offset + choice.start(1), offset + choice.end(1) + 1
    spellings = tuple(generated[:start] + identifier.encode() + b'"' for identifier in allowed)
    probability, runner_up, position = 1.0, 0.0, 0
    for token in answer.tokens:
        before, position = position, position + len(token.text)
        if position > start and before < end:
            share, next_share = _shares(token, generated[:before], spellings)
            runner_up = max(runner_up, probability * next_share)
            probability *= share
    return ModelSignals(choice_probability=probability, margin=probability - runner_up)


def _shares(token: TokenScore, before: bytes, spellings: Sequence[bytes]) -> tuple[float, float]:
    """Shares of the token and of its strongest rival, what could not spell an allowed id taken out."""
    rivals, outside = 0.0, 0.0
    for text, logprob in token.alternatives:
        so_far = before + text
        if text == token.text:
            continue
        if any(spelling.startswith(so_far) or so_far.startswith(spelling) for spelling in spellings):
            rivals = max(rivals, math.exp(logprob))
        else:
            outside += math.exp(logprob)
    inside = max(1.0 - outside, math.exp(token.logprob))
    return min(1.0, math.exp(token.logprob) / inside), min(1.0, rivals / inside)
