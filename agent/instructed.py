"""A language model behind Instructor, whatever carries the request: bounded, counted, and silent about what it carried.

Each layer owns one loop and calls only the next one down, so no retry is nested around another:

    InstructedLLM.answer      one question: a free slot, the breaker, the total seconds, errors made safe
    └── Instructor            asks again, with what was wrong, when an answer does not fit (`reask` times)
        └── Transport.create  one chat completion: over HTTP (`agent.vllm`), in this process (`agent.local`), or as it
                              was recorded (`agent.replay`)
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from agent.llm import Answer, AnswerT, LlmSettings, Message, TokenScore, UnusableAnswerError, Usage
from medcoding.errors import ChartwrightError, DependencyError

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletion

_TOP_LOGPROBS: Final = 5
"""Alternatives asked for at each token; vLLM's default limit."""


class Transport(Protocol):
    """Carries one chat completion."""

    async def create(self, **request: Any) -> ChatCompletion:
        """The completion of a request as the OpenAI chat interface takes it."""
        ...

    async def model_name(self) -> str:
        """The model that answers when none is configured. Raises `DependencyError` when there is none."""
        ...

    def fault(self, error: BaseException) -> DependencyError | None:
        """One sentence for a fault of the transport itself, without a word of what was sent; None for other errors.

        A retryable one counts against the breaker.
        """
        ...

    async def aclose(self) -> None:
        """Release what it holds."""
        ...


class InstructedLLM:
    """Implements `agent.llm.LLM` over a transport. Use it within one event loop, then `aclose`."""

    def __init__(self, settings: LlmSettings, transport: Transport) -> None:
        import instructor

        self._settings = settings
        self._transport = transport
        create = instructor.patch(create=transport.create, mode=instructor.Mode.JSON_SCHEMA)
        self._asker = instructor.AsyncInstructor(client=None, create=create, mode=instructor.Mode.JSON_SCHEMA)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._breaker = _Breaker(settings.breaker_failures, settings.breaker_s)
        self._model = settings.model
        # Instructor logs the answers it refuses, openai (at debug) the requests: both hold note text.
        logging.getLogger("instructor").setLevel(logging.CRITICAL + 1)
        logging.getLogger("openai").setLevel(logging.WARNING)

    @property
    def name(self) -> str:
        """The configured model, else the one the transport named, else empty before the first answer."""
        return self._model or ""

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,
        sample: int = 0,
    ) -> Answer[AnswerT]:
        """See `LLM.answer`. Takes at most `total_s` once a slot is free."""
        async with self._slots:
            self._breaker.check()
            try:
                async with asyncio.timeout(self._settings.total_s):
                    answer = await self._ask(messages, response_model, cache_salt, sample)
            except Exception as error:  # noqa: BLE001 - whatever it is, its message may quote the note
                failure = self._failure(error)
            else:
                self._breaker.succeeded()
                return answer
        raise failure  # Outside the handler: nothing that quotes the note stays chained to it.

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()

    async def _ask(
        self, messages: Sequence[Message], response_model: type[AnswerT], cache_salt: str | None, sample: int
    ) -> Answer[AnswerT]:
        if self._model is None:
            self._model = await self._transport.model_name()
        value, completion = await self._asker.create_with_completion(
            messages=[message.model_dump() for message in messages],  # type: ignore[misc] # openai's own TypedDicts
            response_model=response_model,
            max_retries=self._settings.reask,
            **request_parameters(self._settings, self._model, cache_salt, sample),
        )
        content = completion.choices[0].message.content or ""
        return Answer(value=value, content=content, usage=usage_of(completion.usage), tokens=token_scores(completion))

    def _failure(self, error: Exception) -> ChartwrightError:
        """Turn whatever went wrong into one of our own errors, without a word of what was sent or answered."""
        from instructor.core import InstructorRetryException

        cause = error.__cause__ if isinstance(error, InstructorRetryException) and error.__cause__ else error
        fault = self._transport.fault(cause)
        if fault is not None and fault.retryable:
            self._breaker.failed()
            return fault
        self._breaker.succeeded()
        if isinstance(cause, ChartwrightError):
            return cause
        return fault or _unusable(error)


def request_parameters(settings: LlmSettings, model: str, cache_salt: str | None, sample: int = 0) -> dict[str, Any]:
    """What a request says besides its messages and the shape of its answer."""
    return {
        "model": model,
        "max_tokens": settings.max_tokens,
        "temperature": settings.sample_temperature if sample else settings.temperature,
        "seed": settings.seed + sample,
        "logprobs": True,
        "top_logprobs": _TOP_LOGPROBS,
        "extra_body": {"cache_salt": cache_salt} if cache_salt else None,
    }


class _Breaker:
    """Leaves a model alone for a while after several questions in a row were lost."""

    def __init__(self, threshold: int, rest_s: float) -> None:
        self._threshold = threshold
        self._rest_s = rest_s
        self._failures = 0
        self._closed_at = 0.0
        """Monotonic second at which questions are let through again."""

    def check(self) -> None:
        """Raise `DependencyError` while the model is left alone."""
        left = self._closed_at - time.monotonic()
        if left > 0:
            raise DependencyError(
                f"The model server failed {self._failures} times in a row and is left alone for another {left:.0f} s;"
                " check that it runs and that CHARTWRIGHT_LLM__BASE_URL names it.",
                retryable=True,
            )

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._threshold:
            self._closed_at = time.monotonic() + self._rest_s

    def succeeded(self) -> None:
        self._failures = 0


def _unusable(error: Exception) -> UnusableAnswerError:
    """The sentence for an answer that came but does not fit, with the tokens it took."""
    from instructor.core import IncompleteOutputException

    if isinstance(error, IncompleteOutputException):
        usage = usage_of(getattr(error.last_completion, "usage", None))
        return UnusableAnswerError(
            "The model's answer was cut off; raise CHARTWRIGHT_LLM__MAX_TOKENS or use another model.", usage
        )
    kind = type(error.__cause__ or error).__name__
    usage = usage_of(getattr(error, "total_usage", None))
    return UnusableAnswerError(f"The model's answer does not fit what it was asked ({kind}); use another model.", usage)


def usage_of(usage: CompletionUsage | None) -> Usage:
    """Tokens of one completion; zero where the server did not count them."""
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details
    return Usage(
        tokens_in=usage.prompt_tokens,
        tokens_cached=(details.cached_tokens or 0) if details else 0,
        tokens_out=usage.completion_tokens,
    )


def token_scores(completion: ChatCompletion) -> tuple[TokenScore, ...]:
    """The generated tokens with their log-probabilities; empty where the server sent none."""
    logprobs = completion.choices[0].logprobs
    return tuple(
        TokenScore(
            text=_token_bytes(token),
            logprob=token.logprob,
            alternatives=tuple((_token_bytes(other), other.logprob) for other in token.top_logprobs),
        )
        for token in (logprobs.content if logprobs else None) or ()
    )


def _token_bytes(token: Any) -> bytes:
    return bytes(token.bytes) if token.bytes is not None else str(token.token).encode()
