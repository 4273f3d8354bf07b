"""Behaviour of the measured signals: probability and margin of a choice, read from the tokens that spell it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from agent.llm import Answer, TokenScore
from agent.questions import MentionAnswer
from agent.signals import choice_signals


def scored(*tokens: tuple[str, float] | tuple[str, float, dict[str, float]], content: str | None = None) -> Answer[Any]:
    """An answer of the given tokens, each with its share and its rivals' shares."""
    scores = tuple(
        TokenScore(
            text=token[0].encode(),
            logprob=math.log(token[1]),
            alternatives=tuple(
                (text.encode(), math.log(share)) for text, share in (token[2] if len(token) > 2 else {}).items()
            ),
        )
        for token in tokens
    )
    text = "".join(token[0] for token in tokens) if content is None else content
    return Answer(value=MentionAnswer(evidence=[], reason="", missing=None, choice="1"), content=text, tokens=scores)


def test_probability_is_that_of_the_ids_tokens() -> None:
    """The tokens of the id and of its closing quote are multiplied, no others; the margin is to the best rival."""
    answer = scored(
        ('{"reason":"é","choice":"', 0.1),
        ("1", 0.8, {"1": 0.8, "2": 0.15, "none": 0.05}),
        ("2", 0.5, {"2": 0.5, '"}': 0.4}),
        ('"}', 1.0),
        ("<|im_end|>", 0.3),
        content='{"reason":"é","choice":"12"}',
    )
    signals = choice_signals(answer, ("1", "2", "12", "none"))
    assert signals.choice_probability == pytest.approx(0.4)
    assert signals.margin == pytest.approx(0.4 - 0.8 * 0.4)


def test_probability_is_renormalised_over_the_allowed_ids() -> None:
    """Shares of tokens that cannot spell an allowed id are taken out."""
    answer = scored(('{"choice":"', 1.0), ("1", 0.3, {"2": 0.2, "7": 0.4, " ": 0.1}), ('"}', 0.5, {"9": 0.5}))
    signals = choice_signals(answer, ("1", "2", "none"))
    assert signals.choice_probability == pytest.approx(0.6)
    assert signals.margin == pytest.approx(0.2)


def test_a_token_may_span_more_than_the_id() -> None:
    """Quotes and brackets in the id's token do not disturb the alignment, nor does text before the answer."""
    answer = scored(("thinking…", 0.2), ('{"choice":', 0.9), ('"1"}', 0.7, {'"2"}': 0.3}), content='{"choice":"1"}')
    assert choice_signals(answer, ("1", "2")).choice_probability == pytest.approx(0.7)


@pytest.mark.parametrize(
    "answer",
    [
        scored(content='{"choice":"1"}'),
        scored(('{"choice":"2"}', 0.5), content='{"choice":"1"}'),
        scored(('{"other":"1"}', 0.5)),
        scored(content=""),
    ],
)
def test_tokens_that_do_not_spell_the_answer_give_no_probability(answer: Answer[Any]) -> None:
    """Without an alignment there is no number, rather than a wrong one."""
    assert choice_signals(answer, ("1", "2")).choice_probability is None
