"""A model behind an OpenAI-compatible server, in practice vLLM: bounded, counted, and silent about what it carried.

Each layer owns one loop and calls only the next one down, so no retry is nested around another:

    VllmLLM.answer            one question: a free slot, the breaker, the total seconds, errors made safe
    └── Instructor            asks again, with what was wrong, when an answer does not fit (`reask` times)
        └── _Transport        tenacity: bounded attempts and seconds, for transport errors only
            └── AsyncOpenAI   one HTTP request (`max_retries=0`), never through a proxy, never redirected

Raises `ConfigError` (base URL missing or malformed) when built, and the errors of `agent.llm` when asked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from agent.llm import Answer, AnswerT, LlmSettings, Message, TokenScore, UnusableAnswerError, Usage
from medcoding.addresses import web_address
from medcoding.errors import ChartwrightError, ConfigError, DependencyError
from medcoding.record import Record

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletion

_URL_SETTING: Final = "CHARTWRIGHT_LLM__BASE_URL"
_TOP_LOGPROBS: Final = 20
"""Alternatives asked for at each token; vLLM's default limit."""


class VllmLLM:
    """Implements `agent.llm.LLM`. Use it within one event loop, then `aclose`."""

    def __init__(self, settings: LlmSettings) -> None:
        base_url = _server_url(settings.base_url)
        import instructor

        self._settings = settings
        self._transport = _Transport(settings, _client(settings, base_url))
        create = instructor.patch(create=self._transport.create, mode=instructor.Mode.JSON_SCHEMA)
        self._asker = instructor.AsyncInstructor(client=None, create=create, mode=instructor.Mode.JSON_SCHEMA)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._breaker = _Breaker(settings.breaker_failures, settings.breaker_s)
        self._model = settings.model
        # Instructor logs the answers it refuses, openai (at debug) the requests: both hold note text.
        logging.getLogger("instructor").setLevel(logging.CRITICAL + 1)
        logging.getLogger("openai").setLevel(logging.WARNING)

    @property
    def name(self) -> str:
        """The configured model, else the one the server listed first, else empty before the first answer."""
        return self._model or ""

    async def answer(
        self, messages: Sequence[Message], response_model: type[AnswerT], *, cache_salt: str | None = None
    ) -> Answer[AnswerT]:
        """See `LLM.answer`. Takes at most `total_s` once a slot is free."""
        async with self._slots:
            self._breaker.check()
            try:
                async with asyncio.timeout(self._settings.total_s):
                    answer = await self._ask(messages, response_model, cache_salt)
            except Exception as error:  # noqa: BLE001 - whatever it is, its message may quote the note
                failure = self._failure(error)
            else:
                self._breaker.succeeded()
                return answer
        raise failure  # Outside the handler: nothing that quotes the note stays chained to it.

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _ask(
        self, messages: Sequence[Message], response_model: type[AnswerT], cache_salt: str | None
    ) -> Answer[AnswerT]:
        if self._model is None:
            self._model = await self._transport.first_model()
        settings = self._settings
        value, completion = await self._asker.create_with_completion(
            messages=[message.model_dump() for message in messages],  # type: ignore[misc] # openai's own TypedDicts
            response_model=response_model,
            max_retries=settings.reask,
            model=self._model,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            seed=settings.seed,
            logprobs=True,
            top_logprobs=_TOP_LOGPROBS,
            extra_body={"cache_salt": cache_salt} if cache_salt else None,
        )
        content = completion.choices[0].message.content or ""
        return Answer(value=value, content=content, usage=_usage(completion.usage), tokens=_token_scores(completion))

    def _failure(self, error: Exception) -> ChartwrightError:
        """Turn whatever went wrong into one of our own errors, without a word of what was sent or answered."""
        from instructor.core import InstructorRetryException

        cause = error.__cause__ if isinstance(error, InstructorRetryException) and error.__cause__ else error
        if isinstance(cause, TimeoutError) or _is_transient(cause):
            self._breaker.failed()
            return _down(f"does not answer ({_fault(cause)})")
        self._breaker.succeeded()
        if isinstance(cause, ChartwrightError):
            return cause
        return _refusal(cause) or _unusable(error)


class ServedModel(Record):
    """The model a server would answer with."""

    name: str
    context_tokens: int | None
    """Longest prompt and answer together; None where the server does not say."""


def served_model(settings: LlmSettings) -> ServedModel:
    """Ask the server which models it serves. Raises `ConfigError` or `DependencyError`."""
    import httpx

    key = settings.api_key.get_secret_value() if settings.api_key else ""
    try:
        answer = httpx.get(
            f"{_server_url(settings.base_url)}/models",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=settings.timeout_s,
            trust_env=False,
        )
        models = answer.raise_for_status().json()["data"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _down(f"does not list its models ({type(error).__name__})") from None
    named = [m for m in models if settings.model in {None, m.get("id")}]
    if not named:
        raise DependencyError(f"The model server at {_URL_SETTING} does not serve '{settings.model}'; check the name.")
    return ServedModel(name=named[0]["id"], context_tokens=named[0].get("max_model_len"))


class _Transport:
    """Raw completions over HTTP, each under one bounded retry for transport errors."""

    def __init__(self, settings: LlmSettings, client: AsyncOpenAI) -> None:
        self._client = client
        self._settings = settings

    async def create(self, **request: Any) -> ChatCompletion:
        """One chat completion. Raises openai's own errors."""

        async def send() -> ChatCompletion:  # openai's own method does not look like a coroutine function to tenacity
            completion: ChatCompletion = await self._client.chat.completions.create(**request)
            return completion

        return await self._retrying()(send)

    async def first_model(self) -> str:
        """Name of the first model the server lists; `DependencyError` when it lists none."""

        async def send() -> list[str]:
            return [model.id for model in (await self._client.models.list()).data]

        names: list[str] = await self._retrying()(send)
        for name in names:
            return name
        raise DependencyError(f"The model server at {_URL_SETTING} serves no model; start it with one.")

    async def aclose(self) -> None:
        await self._client.close()

    def _retrying(self) -> AsyncRetrying:
        settings = self._settings
        return AsyncRetrying(
            stop=stop_after_attempt(settings.attempts) | stop_before_delay(settings.total_s),
            wait=wait_exponential_jitter(multiplier=settings.backoff_s, max=10.0, jitter=settings.backoff_s),
            retry=retry_if_exception(_is_transient),
            reraise=True,
        )


class _Breaker:
    """Leaves a server alone for a while after several questions in a row were lost."""

    def __init__(self, threshold: int, rest_s: float) -> None:
        self._threshold = threshold
        self._rest_s = rest_s
        self._failures = 0
        self._closed_at = 0.0
        """Monotonic second at which questions are let through again."""

    def check(self) -> None:
        """Raise `DependencyError` while the server is left alone."""
        left = self._closed_at - time.monotonic()
        if left > 0:
            raise _down(f"failed {self._failures} times in a row and is left alone for another {left:.0f} s")

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._threshold:
            self._closed_at = time.monotonic() + self._rest_s

    def succeeded(self) -> None:
        self._failures = 0


def _server_url(base_url: str | None) -> str:
    """Check the configured URL; a bare host gets the usual `/v1`. Raises `ConfigError`."""
    parts = web_address(base_url or "")
    if parts is None or parts.username or parts.query or parts.fragment:
        raise ConfigError(
            f"{_URL_SETTING} must be a plain http:// or https:// address, such as http://localhost:8000/v1."
        )
    return parts._replace(path=parts.path.rstrip("/") or "/v1").geturl()


def _client(settings: LlmSettings, base_url: str) -> AsyncOpenAI:
    """Build the client: an own transport, because only that keeps proxies of the environment out."""
    import httpx
    import openai

    return openai.AsyncOpenAI(
        base_url=base_url,
        api_key=settings.api_key.get_secret_value() if settings.api_key else "none",
        max_retries=0,
        timeout=settings.timeout_s,
        http_client=httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=settings.concurrency)),
            timeout=settings.timeout_s,
            follow_redirects=False,
        ),
    )


def _is_transient(error: BaseException) -> bool:
    """True for what another attempt may mend: no connection, a time-out, 429, 5xx."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code == 429 or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError)


def _fault(error: BaseException) -> str:
    status = getattr(error, "status_code", None)
    if status is not None:
        return f"HTTP {status}"
    return "time-out" if "Timeout" in type(error).__name__ else "no connection"


def _down(what: str) -> DependencyError:
    return DependencyError(
        f"The model server {what}; check that it runs and that {_URL_SETTING} names it.", retryable=True
    )


def _refusal(error: BaseException) -> DependencyError | None:
    """The sentence for a status no retry will mend; None when the error is no HTTP status."""
    status = getattr(error, "status_code", None)
    if status is None:
        return None
    mends = {
        401: "set CHARTWRIGHT_LLM__API_KEY",
        403: "set CHARTWRIGHT_LLM__API_KEY",
        404: f"check CHARTWRIGHT_LLM__MODEL and {_URL_SETTING}",
    }
    mend = mends.get(status, "the note may be longer than the model's context, or the server too old")
    return DependencyError(f"The model server refused the request (HTTP {status}); {mend}.")


def _unusable(error: Exception) -> UnusableAnswerError:
    """The sentence for an answer that came but does not fit, with the tokens it took."""
    from instructor.core import IncompleteOutputException

    if isinstance(error, IncompleteOutputException):
        usage = _usage(getattr(error.last_completion, "usage", None))
        return UnusableAnswerError(
            "The model's answer was cut off; raise CHARTWRIGHT_LLM__MAX_TOKENS or use another model.", usage
        )
    kind = type(error.__cause__ or error).__name__
    usage = _usage(getattr(error, "total_usage", None))
    return UnusableAnswerError(f"The model's answer does not fit what it was asked ({kind}); use another model.", usage)


def _usage(usage: CompletionUsage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details
    return Usage(
        tokens_in=usage.prompt_tokens,
        tokens_cached=(details.cached_tokens or 0) if details else 0,
        tokens_out=usage.completion_tokens,
    )


def _token_scores(completion: ChatCompletion) -> tuple[TokenScore, ...]:
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
