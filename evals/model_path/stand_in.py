"""A model server of a few lines on loopback: answers within the schema, at a pace, or with a fault.

It stands in for a server where a fault must come at will or where the server's own time must be known exactly. How
good a real server is, it cannot tell.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Self

from agent.llm import Usage
from medcoding.record import Record

_HEADERS: Final = "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
_CHARS_A_TOKEN: Final = 4
_SPENT: Final = Usage(tokens_in=100, tokens_out=10)


class Pace(Record):
    """How long a server takes."""

    prefill_ms_per_1k: float = 0.0
    """Milliseconds for a thousand tokens it has not seen."""
    decode_ms: float = 0.0
    """Milliseconds for each token it writes."""

    def held_ms(self, usage: Usage) -> float:
        """Milliseconds the server kept a request that took so many tokens."""
        return (
            usage.tokens_in - usage.tokens_cached
        ) * self.prefill_ms_per_1k / 1000 + usage.tokens_out * self.decode_ms


AT_ONCE: Final = Pace()
LARGE_MODEL: Final = Pace(prefill_ms_per_1k=40.0, decode_ms=3.3)
"""About an 8B model on one H200: 3.3 ms a token."""

Fault = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]
"""Sends a good answer's bytes, or something else."""


class StandInServer:
    """Use as an async context manager; `url` is its address."""

    def __init__(self, pace: Pace = AT_ONCE, fault: Fault | None = None) -> None:
        self._pace = pace
        self._fault = fault or _send
        self._seen: set[str] = set()
        self._handlers: set[asyncio.Task[object]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    def close(self) -> None:
        """Stop answering, as a killed server does."""
        self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        if handler:
            self._handlers.add(handler)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while head := await reader.readuntil(b"\r\n\r\n"):
                    body = await reader.readexactly(_length(head))
                    await self._fault(writer, await self._answered(json.loads(body)) if body else _MODELS)
        finally:
            writer.close()

    async def _answered(self, request: dict[str, Any]) -> bytes:
        prompt = "".join(message["content"] for message in request["messages"])
        content = json.dumps(first_allowed(request["response_format"]["json_schema"]["schema"]), separators=(",", ":"))
        shared = request["messages"][0]["content"]
        known = len(shared) // _CHARS_A_TOKEN if shared in self._seen else 0
        self._seen.add(shared)
        usage = Usage(
            tokens_in=len(prompt) // _CHARS_A_TOKEN, tokens_cached=known, tokens_out=len(content) // _CHARS_A_TOKEN
        )
        if held_ms := self._pace.held_ms(usage):
            await asyncio.sleep(held_ms / 1000)
        return completion(content, usage, request.get("top_logprobs", 0))


def first_allowed(schema: dict[str, Any]) -> dict[str, Any]:
    """The first answer a schema allows: the first of every choice, a word where words are asked for."""
    return {name: _first(part) for name, part in schema["properties"].items()}


def completion(content: str, spent: Usage, rivals: int = 0) -> bytes:
    """A chat completion as vLLM sends it, each token with its log-probability and those of its rivals."""
    tokens = [_token(content[at : at + _CHARS_A_TOKEN], rivals) for at in range(0, len(content), _CHARS_A_TOKEN)]
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": content},
        "logprobs": {"content": tokens},
    }
    usage = {
        "prompt_tokens": spent.tokens_in,
        "completion_tokens": spent.tokens_out,
        "total_tokens": spent.tokens_in + spent.tokens_out,
        "prompt_tokens_details": {"cached_tokens": spent.tokens_cached},
    }
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "stand-in", "choices": [choice]}
    return json.dumps({**body, "usage": usage}).encode()


def _token(text: str, rivals: int) -> dict[str, Any]:
    others = [{"token": f"{n}", "bytes": [*str(n).encode()], "logprob": -4.0 - n} for n in range(1, rivals)]
    own = {"token": text, "bytes": list(text.encode()), "logprob": -0.1}
    return {**own, "top_logprobs": [own, *others] if rivals else []}


def _first(part: dict[str, Any]) -> Any:
    if "enum" in part or "const" in part:
        return part.get("enum", [part.get("const")])[0]
    if "anyOf" in part:
        return _first(part["anyOf"][-1])
    kind = part.get("type")
    if kind == "array":
        return [_first(part["items"])]
    if kind in {"integer", "number"}:
        return part.get("minimum", 1)
    return None if kind == "null" else "documented"


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def _send(writer: asyncio.StreamWriter, body: bytes, status: int = 200) -> None:
    writer.write(_HEADERS.format(status=status, length=len(body)).encode() + body)
    await writer.drain()


_MODELS: Final = json.dumps({"object": "list", "data": [{"id": "stand-in", "object": "model"}]}).encode()


async def hang(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Take the request and never answer."""
    del writer, body
    await asyncio.sleep(3600)


async def drip(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Answer one byte at a time, a third of a second each."""
    for byte in _HEADERS.format(status=200, length=len(body)).encode() + body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.3)


async def too_many(writer: asyncio.StreamWriter, body: bytes) -> None:
    """429, always."""
    del body
    await _send(writer, b'{"error": {"message": "busy"}}', 429)


async def broken(writer: asyncio.StreamWriter, body: bytes) -> None:
    """500, always."""
    del body
    await _send(writer, b"worker died", 500)


async def cut_off(writer: asyncio.StreamWriter, body: bytes) -> None:
    """JSON that ends in the middle, sent as if it were whole."""
    await _send(writer, body[: len(body) // 2])


async def closed(writer: asyncio.StreamWriter, body: bytes) -> None:
    """The connection closed in the middle of the answer, as a killed server does."""
    writer.write(_HEADERS.format(status=200, length=len(body)).encode() + body[: len(body) // 2])
    await writer.drain()
    writer.close()


async def other_schema(writer: asyncio.StreamWriter, body: bytes) -> None:
    """A well-formed completion whose content has other keys than were asked for."""
    del body
    await _send(writer, completion('{"codes": ["I10", "Z99.9"]}', _SPENT))


async def not_offered(writer: asyncio.StreamWriter, body: bytes) -> None:
    """A well-formed answer with a number that was not offered."""
    del body
    words = '{"evidence":[1],"reason":"sure","missing":null,"choice":"9999"}'
    await _send(writer, completion(words, _SPENT))


FAULTS: Final[dict[str, Fault]] = {
    "hang": hang,
    "slow drip": drip,
    "429": too_many,
    "500": broken,
    "truncated JSON": cut_off,
    "closed in the middle": closed,
    "wrong schema": other_schema,
    "id not offered": not_offered,
}
