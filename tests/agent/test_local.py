"""Behaviour of the model in this process: only what the schema allows, prefixes kept per tenant, one-sentence errors.

The model is made on the spot, with random weights: what it says is chance, what it can say is not.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from agent.llm import LlmSettings, Message
from agent.local import LocalLLM, local_model
from agent.questions import MentionAnswer, response_model
from agent.signals import choice_signals
from medcoding.errors import ConfigError, DependencyError, IntegrityError
from medcoding.record import Record
from tests.charts import candidates
from tests.real.tiny_model import make_model

SHARED = "A note of some length that every question begins with. " * 20


class Yes(Record):
    """Nothing to choose."""

    answer: Literal["yes"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights."""
    path = tmp_path_factory.mktemp("tiny")
    make_model(path)
    return path


@pytest.fixture
async def llm(folder: Path) -> AsyncIterator[LocalLLM]:
    """The model, opened."""
    opened = opened_model(folder)
    yield opened
    await opened.aclose()


def opened_model(folder: Path, **changes: Any) -> LocalLLM:
    """The model with these settings."""
    settings = LlmSettings(model=str(folder), **changes)
    return LocalLLM(settings, local_model(settings))


def ask(text: str) -> tuple[Message, ...]:
    """A question that begins with what all share."""
    return (Message(role="system", content="Choose."), Message(role="user", content=SHARED + text))


async def test_only_what_was_offered_can_be_said(llm: LocalLLM) -> None:
    """A model of random weights answers an offered number on sentences that exist, as compact JSON."""
    shape = response_model(candidates("M10.9", "M10.062", "I10"), (1, 2, 3))
    answer = await llm.answer(ask("Which?"), shape)
    assert answer.value.choice in {"1", "2", "3", "none"}
    assert set(answer.value.evidence) <= {1, 2, 3}
    assert answer.content == json.dumps(answer.value.model_dump(), separators=(",", ":"), ensure_ascii=False)


async def test_the_probability_of_a_choice_is_measured(llm: LocalLLM) -> None:
    """Shares of all offered answers are read from the tokens: between chance and certainty, with a margin below it."""
    shape = response_model(candidates("M10.9", "I10"), (1, 2))
    signals = choice_signals(await llm.answer(ask("Which?"), shape), ("1", "2", "none"))
    assert signals.choice_probability is not None
    assert signals.margin is not None
    assert 1 / 3 <= signals.choice_probability <= 1
    assert 0 <= signals.margin <= signals.choice_probability


async def test_what_is_forced_is_certain(llm: LocalLLM) -> None:
    """An answer the schema leaves no choice in has probability one."""
    answer = await llm.answer(ask("Yes?"), Yes)
    assert answer.value.answer == "yes"
    assert max(-token.logprob for token in answer.tokens) == pytest.approx(0.0, abs=1e-5)


async def test_the_same_question_gets_the_same_answer(llm: LocalLLM) -> None:
    """Also when its beginning was computed already; further samples are drawn with seeds of their own."""
    shape = response_model(candidates(*(f"M10.{n}" for n in range(9))), tuple(range(1, 30)))
    first, again = [await llm.answer(ask("Which?"), shape) for _ in range(2)]
    assert first.content == again.content
    sampled = [(await llm.answer(ask("Which?"), shape, sample=n)).content for n in (1, 1, 2, 3, 4)]
    assert sampled[0] == sampled[1]
    assert len(set(sampled)) > 1


async def test_a_shared_beginning_is_computed_once_within_a_tenant(llm: LocalLLM) -> None:
    """The second question of a tenant finds the note computed; another tenant's does not."""
    first = await llm.answer(ask("One?"), Yes, cache_salt="north")
    second = await llm.answer(ask("Two?"), Yes, cache_salt="north")
    other = await llm.answer(ask("Two?"), Yes, cache_salt="south")
    assert first.usage.tokens_cached == 0
    assert second.usage.tokens_cached > 0.8 * second.usage.tokens_in
    assert other.usage.tokens_cached == 0


async def test_a_note_beyond_the_context_is_named_as_such(folder: Path, tmp_path: Path) -> None:
    """The mend is the budget of the note; nothing of the note is in the sentence."""
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 64}))
    short = opened_model(tmp_path)
    with pytest.raises(DependencyError, match="CHARTWRIGHT_LLM__NOTE_TOKENS") as caught:
        await short.answer(ask("Too long?"), Yes)
    assert "some length" not in str(caught.value)
    await short.aclose()


async def test_an_answer_that_takes_too_long_is_given_up(folder: Path) -> None:
    """The caller gets its error at its limit, and the next question is not kept waiting by the old one."""
    hasty = opened_model(folder, total_s=0.01, max_tokens=4000)
    with pytest.raises(DependencyError, match="too long") as caught:
        await hasty.answer(ask("Write on"), MentionAnswer)
    assert caught.value.retryable
    started = time.monotonic()
    await asyncio.to_thread(lambda: hasty._transport._worker.submit(lambda: None).result(30))  # type: ignore[attr-defined]
    assert time.monotonic() - started < 30
    await hasty.aclose()


@pytest.mark.parametrize("asked", ["no-such-model", "/nowhere/at/all"])
def test_a_model_that_is_not_there_is_refused(asked: str) -> None:
    """The mend names the server's address and the model that ships."""
    with pytest.raises(ConfigError, match=r"CHARTWRIGHT_LLM__BASE_URL.*mini"):
        local_model(LlmSettings(model=asked))


def test_other_weights_are_another_model(folder: Path, tmp_path: Path) -> None:
    """The name, which goes into the stamp, holds a digest of the weights."""
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    before = local_model(LlmSettings(model=str(tmp_path))).name
    with (tmp_path / "model.safetensors").open("ab") as weights:
        weights.write(b"\0")
    assert local_model(LlmSettings(model=str(tmp_path))).name != before


def test_a_model_trained_on_another_wording_is_refused(folder: Path, tmp_path: Path) -> None:
    """A card that names a prompt with another digest than the prompt in the tree is an integrity error."""
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = {"name": "m", "prompt": "v1", "prompt_digest": "0" * 64, "context_tokens": 2048}
    (tmp_path / "chartwright.json").write_text(json.dumps(card))
    with pytest.raises(IntegrityError, match="another wording"):
        local_model(LlmSettings(model=str(tmp_path)))
