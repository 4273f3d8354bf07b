"""OpenTelemetry spans of requests and of the steps of the flow, with allow-listed attributes.

The stock instrumentation exported query strings and paths with record numbers, so the spans are made here: named by
route templates, without events, without status descriptions, and never continued from a caller's trace id, which could
name a patient. What an exporter gets has been through the list once more, whoever made the span.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from medcoding.errors import ConfigError
from medcoding.result import CodingResult

ALLOWED_ATTRIBUTES: Final = frozenset(
    "http.request.method http.route http.response.status_code chartwright.request_id chartwright.lane chartwright.codes"
    " chartwright.edition chartwright.stage_ms error.type".split()
)
"""What a span may say; `chartwright.edition` is a name such as FY2027, `error.type` a class."""

_NANOSECONDS: Final = 1_000_000_000


class Tracing:
    """Makes spans, and hands them on where an exporter is given; else it does nothing."""

    def __init__(self, exporter: SpanExporter | None, dropped: Callable[[int], None]) -> None:
        self._provider: TracerProvider | None = None
        if exporter is None:
            return
        resource = Resource({"service.name": "chartwright", "service.version": version("chartwright")})
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(AllowedOnly(exporter, dropped)))

    @contextmanager
    def request(self, method: str) -> Iterator[Span | None]:
        """A span around one request; who opens it names it when the route is known. None where nothing is traced."""
        if self._provider is None:
            yield None
            return
        tracer = self._provider.get_tracer("chartwright")
        with tracer.start_as_current_span(
            method, kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    def coded(self, result: CodingResult, started: float) -> None:
        """A span for one coded encounter with one for each step, laid end to end; `started` is of `time.time()`."""
        if self._provider is None:
            return
        tracer = self._provider.get_tracer("chartwright")
        at = int(started * _NANOSECONDS)
        attributes = {
            "chartwright.lane": result.route.value,
            "chartwright.codes": len(result.codes),
            "chartwright.edition": result.edition,
        }
        with tracer.start_as_current_span("encounter", start_time=at, attributes=attributes, end_on_exit=False) as span:
            for stage, milliseconds in result.cost.stage_ms.items():
                step = tracer.start_span(stage, start_time=at, attributes={"chartwright.stage_ms": milliseconds})
                at += int(milliseconds * _NANOSECONDS / 1000)
                step.end(at)
        span.end(max(at, time.time_ns()))

    def close(self) -> None:
        """Send what is still held."""
        if self._provider is not None:
            self._provider.shutdown()


def named(span: Span | None, name: str, attributes: Mapping[str, str | int]) -> None:
    """Name a span of a request and say how it ended."""
    if span is not None:
        span.update_name(name)
        span.set_attributes(attributes)
        failed = int(attributes.get("http.response.status_code", 0)) >= 500
        span.set_status(Status(StatusCode.ERROR if failed else StatusCode.OK))


class AllowedOnly(SpanExporter):
    """Hands spans on with listed attributes and nothing else that could hold text."""

    def __init__(self, exporter: SpanExporter, dropped: Callable[[int], None]) -> None:
        self._exporter = exporter
        self._dropped = dropped

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans as they may be seen."""
        return self._exporter.export([self._seen(span) for span in spans])

    def shutdown(self) -> None:
        """End the inner exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Let the inner exporter send what it holds."""
        return self._exporter.force_flush(timeout_millis)

    def _seen(self, span: ReadableSpan) -> ReadableSpan:
        attributes = dict(span.attributes or {})
        kept = {name: value for name, value in attributes.items() if name in ALLOWED_ATTRIBUTES}
        lost = len(attributes) - len(kept) + len(span.events) + len(span.links)
        if lost:
            self._dropped(lost)
        return ReadableSpan(
            name=span.name, context=span.context, parent=span.parent, resource=span.resource, attributes=kept,
            kind=span.kind, instrumentation_scope=span.instrumentation_scope, status=Status(span.status.status_code),
            start_time=span.start_time, end_time=span.end_time,
        )  # fmt: skip


def otlp_exporter(endpoint: str, timeout_s: float) -> SpanExporter:
    """The exporter for an OTLP endpoint over HTTP. Raises `ConfigError` when its package is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise ConfigError(
            "CHARTWRIGHT_OPERATION__TRACE_ENDPOINT is set, but the exporter is not installed; run"
            " pip install 'chartwright[telemetry]'."
        ) from None
    return OTLPSpanExporter(endpoint=endpoint, timeout=timeout_s)
