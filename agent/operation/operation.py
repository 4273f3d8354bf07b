"""Metrics and traces of one process, and the two places that feed them: requests and the flow."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.llm import LlmSettings
from agent.operation.health import ModelServer
from agent.operation.metrics import NO_ROUTE, ServiceMetrics
from agent.operation.settings import OperationSettings
from agent.operation.tracing import Tracing, named
from agent.pipeline import Pipeline
from agent.stages import Trace
from medcoding.encounter import Encounter

REQUEST_ID: Final = "chartwright.request_id"
"""Key of the ASGI scope under which the request's id is told outwards."""

_CALLER_LEFT: Final = 499
"""Status in metrics of a request whose caller hung up before an answer began."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one process tells its operator."""

    metrics: ServiceMetrics
    tracing: Tracing
    model: ModelServer
    """Whether the model server answers."""
    logs_requests: bool = False
    """True writes one line a request."""

    @classmethod
    def silent(cls) -> Operation:
        """Counts, but sends no traces, writes no lines and knows of no model server."""
        metrics = ServiceMetrics()
        return cls(metrics, Tracing(None, metrics.dropped), ModelServer(LlmSettings(), OperationSettings()))

    def watched(self, pipeline: Pipeline) -> Pipeline:
        """The same pipeline, told about."""
        return WatchedPipeline(pipeline, self)


class WatchedPipeline(Pipeline):
    """The same pipeline; each result is counted and timed, whichever way it was asked for."""

    def __init__(self, pipeline: Pipeline, operation: Operation) -> None:
        super().__init__(pipeline.parts)
        self._pipeline = pipeline
        self._operation = operation

    async def trace(self, encounter: Encounter) -> Trace:
        """The same way; what it took is told."""
        started = time.time()
        trace = await self._pipeline.trace(encounter)
        self._operation.metrics.coded(trace.result, model_asked=self.parts.model is not None)
        self._operation.tracing.coded(trace.result, started)
        return trace


class Observed:
    """ASGI middleware around everything: one span, one count and one log line a request, by route template."""

    def __init__(self, app: ASGIApp, operation: Operation) -> None:
        self._app = app
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and tell how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = _Status(send), time.perf_counter()
        with self._operation.tracing.request(scope["method"] if scope["method"].isalpha() else "other") as span:
            try:
                await self._app(scope, receive, status)
            finally:
                seconds = time.perf_counter() - started
                route, method = route_template(scope), scope["method"]
                self._operation.metrics.answered(method, route, status.code, seconds)
                told = {"http.request.method": method, "http.route": route, "http.response.status_code": status.code}
                named(span, f"{method} {route}", told | {REQUEST_ID: scope.get(REQUEST_ID, "")})
                if self._operation.logs_requests:
                    _log.info("request", extra=_line(scope, route, status.code, seconds))


class _Status:
    """Sends what the application answers and remembers with which status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.code = _CALLER_LEFT

    async def __call__(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.code = message["status"]
        await self._send(message)


def route_template(scope: Scope) -> str:
    """The template of the route that took a request, never its path; `NO_ROUTE` where none did."""
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or NO_ROUTE)


def _line(scope: Scope, route: str, status: int, seconds: float) -> dict[str, object]:
    return {
        "request_id": scope.get(REQUEST_ID, ""), "method": scope["method"], "route": route, "status": status,
        "ms": round(seconds * 1000, 1),
    }  # fmt: skip
