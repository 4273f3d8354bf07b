"""The one way to a language model, seen from the steps: settings, messages, answers, errors.

`agent.instructed` implements it over a transport: a server (`agent.vllm`), this process (`agent.local`), recorded
answers (`agent.replay`). A step knows only the protocol `LLM`, so a test gives it a scripted one.

Errors: `DependencyError` (server missing, down, too slow or refusing) and `UnusableAnswerError` (the answer does not
fit). No message, log line or chained exception holds note text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, Field, SecretStr

from medcoding.errors import ModelOutputError
from medcoding.record import Record

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class LlmSettings(Record):
    """Where the model server is and what one question to it may take."""

    base_url: str | None = None
    """The server's OpenAI-compatible root, for instance `http://127.0.0.1:8000/v1`; None means no model server."""
    allowed_hosts: tuple[str, ...] = ()
    """The only hosts a chart may go to, as JSON (`["vllm.hospital.org"]`); empty allows this machine, private
    addresses and names of the local network."""
    model: str | None = None
    """Name the server knows the model by; None takes the first one it lists. `mini`, or a folder with a model, answers
    in this process without a server."""
    api_key: SecretStr | None = None
    timeout_s: float = Field(default=60.0, gt=0)
    """Longest wait for one HTTP request."""
    total_s: float = Field(default=120.0, gt=0)
    """Longest time for one question, retries and asking again included; waiting for a free slot is not."""
    attempts: int = Field(default=3, ge=1)
    """HTTP requests for one completion when the transport fails."""
    backoff_s: float = Field(default=0.5, ge=0)
    """First pause between attempts; doubles each time, with jitter."""
    concurrency: int = Field(default=8, ge=1)
    """Questions in flight at once."""
    breaker_failures: int = Field(default=5, ge=1)
    """Questions in a row lost to the transport after which the server is left alone."""
    breaker_s: float = Field(default=30.0, ge=0)
    """How long it is left alone."""
    reask: int = Field(default=1, ge=0)
    """How often an unusable answer is asked for again."""
    max_tokens: int = Field(default=400, ge=1)
    note_tokens: int = Field(default=12_000, ge=100)
    """About how many tokens of a record are shown; the model's context must hold some 4,000 more."""
    temperature: float = Field(default=0.0, ge=0)
    seed: int = 0
    samples: int = Field(default=0, ge=0, le=8)
    """Further samples of an answer that is not sure of itself; how many agree is recorded."""
    sure_from: float = Field(default=0.8, ge=0, le=1)
    """Probability of the choice from which no further sample is asked."""
    sample_temperature: float = Field(default=0.7, gt=0)
    expand: bool = True
    """Offer more telling siblings of a chosen code in a second short round."""
    repair: bool = True
    """Ask once more about codes of which a check says that they must be resolved."""
    explain: bool = True
    """Let the model put rationales and answers to a coder's question into words, from the established facts."""
    record: Path | None = None
    """Append every answer to this file, from which it can be replayed; it holds words of the record."""
    replay: Path | None = None
    """Take the answers from this file instead of the model; whatever else decided them must be set as it was then."""
    cost_per_1k_tokens_in: float = Field(default=0.0, ge=0)
    cost_per_1k_tokens_out: float = Field(default=0.0, ge=0)

    def money(self, usage: Usage) -> float:
        """Price of a usage, in the currency of the two cost settings."""
        return (usage.tokens_in * self.cost_per_1k_tokens_in + usage.tokens_out * self.cost_per_1k_tokens_out) / 1000


class Message(Record):
    """One message of a chat."""

    role: Literal["system", "user"]
    content: str = Field(repr=False)


class Usage(Record):
    """Tokens spent, over every attempt that got an answer."""

    tokens_in: int = 0
    tokens_cached: int = 0
    """Part of `tokens_in` that the server had already computed."""
    tokens_out: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_cached=self.tokens_cached + other.tokens_cached,
            tokens_out=self.tokens_out + other.tokens_out,
        )


class TokenScore(Record):
    """One generated token with its natural-log probability and those of the alternatives at its place."""

    text: bytes
    """UTF-8; a token may be part of a character."""
    logprob: float
    alternatives: tuple[tuple[bytes, float], ...] = ()


class Answer(Record, Generic[AnswerT]):
    """A parsed answer and what was measured about it."""

    value: AnswerT
    content: str = Field(default="", repr=False)
    """The JSON as generated."""
    usage: Usage = Usage()
    tokens: tuple[TokenScore, ...] = Field(default=(), repr=False)
    """Empty when the server sent no logprobs."""


class UnusableAnswerError(ModelOutputError):
    """The model answered, but not what was asked; `usage` is what that cost."""

    def __init__(self, message: str, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage or Usage()


class LLM(Protocol):
    """A language model that answers in the shape of a pydantic model."""

    @property
    def name(self) -> str:
        """Name of the model, for the stamp and the trail."""
        ...

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,
        sample: int = 0,
    ) -> Answer[AnswerT]:
        """Answer as a `response_model`. Raises `DependencyError` or `ModelOutputError`, both free of note text.

        Only questions with the same `cache_salt` share the server's prefix cache. `sample` 0 is the answer itself; a
        higher number asks for a further one at `sample_temperature`, with a seed of its own.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
