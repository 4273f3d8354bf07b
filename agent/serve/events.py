"""Answers that come in pieces: server-sent events, and work that ends when the caller hangs up.

    event: codes          the coding result, as soon as it stands
    event: explanation    one explanation of one of its codes, in the order they are written
    event: done           the complete result, with what all of it took
    event: error          in their place where the rest cannot be had: a problem document

The next piece is asked for only when the connection has taken the last one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from agent.serve import problems
from agent.told import Step

OutcomeT = TypeVar("OutcomeT")

EVENT_STREAM: Final = "text/event-stream"

_log = logging.getLogger(__name__)


def wants_events(request: Request) -> bool:
    """True when the caller names the media type of event streams as one it accepts."""
    ranges = request.headers.get("accept", "").lower().split(",")
    return any(one.partition(";")[0].strip() == EVENT_STREAM for one in ranges)


async def while_there(request: Request, work: Coroutine[Any, Any, OutcomeT]) -> OutcomeT:
    """The outcome of some work. It is cancelled, and `ClientDisconnect` raised, when the caller hangs up meanwhile.

    The request's body must have been read.
    """
    working, leaving = asyncio.create_task(work), asyncio.create_task(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


class EventStream(StreamingResponse):
    """Sends steps as events; closing the connection closes what makes them."""

    def __init__(self, first: Step, rest: AsyncGenerator[Step, None], retry_after_s: float) -> None:
        self._events = _events(first, rest, retry_after_s)
        super().__init__(self._events, headers={"X-Accel-Buffering": "no"}, media_type=EVENT_STREAM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the last event, or until nobody listens."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()


async def first_of(steps: AsyncGenerator[Step, None]) -> Step:
    """The first step, before which an error is still an answer of its own."""
    return await anext(steps)


async def _events(first: Step, rest: AsyncGenerator[Step, None], retry_after_s: float) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield await _event(first)
        try:
            async for step in rest:
                yield await _event(step)
        except Exception as error:  # noqa: BLE001 - whatever it is, its message may quote the note
            _log.error("An answer in pieces met %s", type(error).__name__)
            yield b"event: error\ndata: " + bytes(problems.of_error(error, retry_after_s).body) + b"\n\n"


async def _event(step: Step) -> bytes:
    """One event; the JSON of a record has no line end in it."""
    record = await run_in_threadpool(step.record.model_dump_json)
    return f"event: {step.name}\ndata: {record}\n\n".encode()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
