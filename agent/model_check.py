"""Ask a language model what has one allowed answer: does it answer, within the schema, with probabilities, in time?"""

from __future__ import annotations

import asyncio
import time
from typing import Final, Literal

from agent.llm import LLM, Answer, LlmSettings, Message, UnusableAnswerError
from agent.local import LocalLLM, local_model
from agent.vllm import VllmLLM, served_model
from medcoding.record import Record

_BESIDE_THE_NOTE: Final = 4_000
"""Tokens that instructions, guideline passages, candidates and the answer take at most."""
_ADVICE_SCHEMA: Final = (
    "it does not keep to the JSON schema; start vLLM with"
    """ --structured-outputs-config '{"backend": "guidance", "disable_any_whitespace": true}'"""
)
_ADVICE_LOGPROBS: Final = (
    "it sends no logprobs, so no confidence can be measured; allow them (--max-logprobs 20 or more)"
)
_ADVICE_CACHE: Final = (
    "it does not report cached tokens; start vLLM with --enable-prefix-caching --enable-prompt-tokens-details"
)


class _Probe(Record):
    """Only one answer is allowed, and it is not the one the question asks for."""

    reason: Literal["schema"]
    choice: Literal["7"]


_QUESTION: Final = (
    Message(role="system", content="You answer in words, at length, and never as JSON."),
    Message(role="user", content="Tell a story about the number 3. " * 20),
)


class ModelCheck(Record):
    """What was found out about a model."""

    name: str
    place: str
    """`a server` or `this process`."""
    context_tokens: int | None
    honours_schema: bool
    seconds: float
    advice: tuple[str, ...]
    """What to change on the server or in the settings, one clause each."""


def check_model(settings: LlmSettings) -> ModelCheck:
    """Ask twice. Raises `ConfigError` or `DependencyError` when there is no model or no answer."""
    if settings.base_url is None:
        local = local_model(settings)
        asked = settings.model_copy(update={"reask": 0, "note_tokens": min(settings.note_tokens, local.note_tokens)})
        return asyncio.run(_checked(LocalLLM(asked, local), local.name, "this process", None))
    served = served_model(settings)
    asked = settings.model_copy(update={"model": served.name, "reask": 0})
    check = asyncio.run(_checked(VllmLLM(asked), served.name, "a server", served.context_tokens))
    needed = settings.note_tokens + _BESIDE_THE_NOTE
    if served.context_tokens is None or served.context_tokens >= needed:
        return check
    short = (
        f"its context of {served.context_tokens:,} tokens is short for notes of {settings.note_tokens:,}; serve it with"
        f" --max-model-len {needed} or lower CHARTWRIGHT_LLM__NOTE_TOKENS"
    )
    return check.model_copy(update={"advice": (*check.advice, short)})


async def _checked(llm: LLM, name: str, place: str, context_tokens: int | None) -> ModelCheck:
    started = time.perf_counter()
    try:
        answers = [await llm.answer(_QUESTION, _Probe, cache_salt="check") for _ in range(2)]
    except UnusableAnswerError:
        answers = []
    finally:
        await llm.aclose()
    return ModelCheck(
        name=name,
        place=place,
        context_tokens=context_tokens,
        honours_schema=bool(answers),
        seconds=round((time.perf_counter() - started) / 2, 3),
        advice=_advice(answers),
    )


def _advice(answers: list[Answer[_Probe]]) -> tuple[str, ...]:
    if not answers:
        return (_ADVICE_SCHEMA,)
    missing = [] if any(answer.tokens for answer in answers) else [_ADVICE_LOGPROBS]
    if not answers[-1].usage.tokens_cached:
        missing.append(_ADVICE_CACHE)
    return tuple(missing)
