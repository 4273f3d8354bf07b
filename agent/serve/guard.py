"""The outermost layer: an id for every answer, and no exception past it whose message could quote a note."""

from __future__ import annotations

import asyncio
import logging
import traceback
import uuid
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from agent.operation.operation import REQUEST_ID as TOLD
from agent.serve.problems import internal

REQUEST_ID: Final = "X-Request-ID"

_log = logging.getLogger(__name__)
_OURS_TO_PASS: Final = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)


class Guard:
    """ASGI middleware. The request id is always its own: one that a caller sends could name a patient."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer with a problem when it ends in an error."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        scope[TOLD] = answer.request_id
        try:
            with bound_contextvars(request_id=answer.request_id):
                await self._app(scope, receive, answer)
        except _OURS_TO_PASS:
            raise
        except ClientDisconnect:
            return
        except BaseException as error:  # noqa: BLE001 - the search core's panic is a BaseException
            _log.error("Request %s met %s", answer.request_id, _where(error))
            if not answer.started:
                await internal()(scope, receive, answer)


class _Answer:
    """Sends what the application answers, with the headers every answer carries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.request_id = uuid.uuid4().hex
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID] = self.request_id
            headers["Cache-Control"] = "no-store"
            headers["X-Content-Type-Options"] = "nosniff"
        await self._send(message)


def _where(error: BaseException) -> str:
    """Type of an error and the line that raised it; its message is left out."""
    frames = list(traceback.walk_tb(error.__traceback__))
    frame, line = frames[-1]
    return f"{type(error).__name__} at {frame.f_globals.get('__name__', '?')}:{line}"
