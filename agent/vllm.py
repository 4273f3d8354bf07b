"""The transport to an OpenAI-compatible server, in practice vLLM.

    _Http.create          tenacity: bounded attempts and seconds, for transport errors only
    └── AsyncOpenAI       one HTTP request (`max_retries=0`), never through a proxy, never redirected

A chart goes to hosts inside only: loopback, private addresses, names of the local network, or what the operator lists.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from agent.instructed import InstructedLLM
from agent.llm import LlmSettings
from agent.recording import as_asked
from medcoding.addresses import web_address
from medcoding.errors import ConfigError, DependencyError
from medcoding.record import Record

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai._legacy_response import LegacyAPIResponse
    from openai.types.chat import ChatCompletion

_URL_SETTING: Final = "CHARTWRIGHT_LLM__BASE_URL"
_INSIDE_NAMES: Final = (".local", ".localhost", ".internal", ".lan", ".intranet", ".home.arpa")
"""Endings reserved for, or used in, local networks only (RFC 6761, RFC 6762, RFC 8375)."""


class VllmLLM(InstructedLLM):
    """A model behind an OpenAI-compatible server.

    Raises `ConfigError` when the base URL is missing, malformed or outside the allowed hosts.
    """

    def __init__(self, settings: LlmSettings) -> None:
        http = _Http(settings, _client(settings, server_url(settings)))
        super().__init__(settings, as_asked(http, settings))


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
            f"{server_url(settings)}/models",
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


class _Http:
    """Raw completions over HTTP, each under one bounded retry for transport errors."""

    def __init__(self, settings: LlmSettings, client: AsyncOpenAI) -> None:
        self._client = client
        self._settings = settings

    async def create(self, **request: Any) -> ChatCompletion:
        """One chat completion. Raises openai's own errors."""
        if "response_format" in request:  # as it is: openai would walk through every node of the schema
            whole = {**(request["extra_body"] or {}), "response_format": request.pop("response_format")}
            request["extra_body"] = whole

        async def send() -> ChatCompletion:  # openai's own method does not look like a coroutine function to tenacity
            return _completion(await self._client.chat.completions.with_raw_response.create(**request))

        return await self._retrying()(send)

    async def model_name(self) -> str:
        """Name of the first model the server lists; `DependencyError` when it lists none."""

        async def send() -> list[str]:
            return [model.id for model in (await self._client.models.list()).data]

        names: list[str] = await self._retrying()(send)
        for name in names:
            return name
        raise DependencyError(f"The model server at {_URL_SETTING} serves no model; start it with one.")

    def fault(self, error: BaseException) -> DependencyError | None:
        """See `Transport.fault`."""
        if isinstance(error, TimeoutError) or _is_transient(error):
            return _down(f"does not answer ({_kind(error)})")
        return _refusal(error)

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


def _completion(raw: LegacyAPIResponse[ChatCompletion]) -> ChatCompletion:
    """Read by pydantic itself where it can be: openai builds every token's object in Python, ten times as slowly."""
    from openai.types.chat import ChatCompletion
    from pydantic import ValidationError

    try:
        return ChatCompletion.model_validate_json(raw.content)
    except ValidationError:  # a server of another mind about the format, or no JSON: openai's own words for it
        return raw.parse()


def server_url(settings: LlmSettings) -> str:
    """The configured address; a bare host gets the usual `/v1`. Raises `ConfigError`."""
    parts = web_address(settings.base_url or "")
    if parts is None or parts.username or parts.query or parts.fragment:
        raise ConfigError(
            f"{_URL_SETTING} must be a plain http:// or https:// address, such as http://localhost:8000/v1."
        )
    host = (parts.hostname or "").lower()
    if not (host in settings.allowed_hosts if settings.allowed_hosts else _is_inside(host)):
        raise ConfigError(
            f"{_URL_SETTING} names a host to which no chart may go; add it to CHARTWRIGHT_LLM__ALLOWED_HOSTS if it may."
        )
    return parts._replace(path=parts.path.rstrip("/") or "/v1").geturl()


def _is_inside(host: str) -> bool:
    """True for this machine, private addresses, and names that no public name server answers for."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_INSIDE_NAMES)
    return address.is_private and not address.is_unspecified


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


def _kind(error: BaseException) -> str:
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
