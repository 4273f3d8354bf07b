"""Behaviour of spans: by route template, with listed attributes, never continued from a caller, off by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from agent.bootstrap import build_operation
from agent.operation.health import ModelServer
from agent.operation.metrics import ServiceMetrics
from agent.operation.operation import Operation, WatchedPipeline
from agent.operation.settings import OperationSettings
from agent.operation.tracing import ALLOWED_ATTRIBUTES, AllowedOnly, Tracing, otlp_exporter
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.settings import Settings
from tests.agent.operation.test_metrics import ENCOUNTER, SAID, samples, value

CALLER: Final = "4711" * 8


class Collected:
    """An operation whose spans are kept here."""

    def __init__(self) -> None:
        self.kept = InMemorySpanExporter()
        self.metrics = ServiceMetrics()
        self.tracing = Tracing(self.kept, self.metrics.dropped)
        model = ModelServer(Settings(_env_file=None).llm, OperationSettings())
        self.operation = Operation(self.metrics, self.tracing, model)

    def spans(self) -> Sequence[ReadableSpan]:
        """Everything that was exported, after sending what is still held."""
        self.tracing.close()
        return self.kept.get_finished_spans()


async def asked(pipeline: Pipeline, settings: Settings, collected: Collected) -> None:
    """One lookup with a caller's own words everywhere, and one encounter."""
    app = create_app(WatchedPipeline(pipeline, collected.operation), settings, operation=collected.operation)
    headers = {"traceparent": f"00-{CALLER}-00f067aa0ba902b7-01", "tracestate": f"x={SAID}", "X-Name": SAID}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chartwright.test") as client:
        await client.get(f"/v1/codes/{SAID}", params={"patient": SAID}, headers=headers)
        await client.post("/v1/encounters", json=ENCOUNTER | {"case_id": SAID}, headers=headers)


async def test_a_request_is_a_span_by_its_template(pipeline: Pipeline, settings: Settings) -> None:
    """Method, template, status and request id; nothing that the caller wrote, not even a trace id."""
    collected = Collected()
    await asked(pipeline, settings, collected)
    spans = collected.spans()
    names = [span.name for span in spans]
    assert "GET /v1/codes/{code}" in names
    told = "".join(span.to_json() for span in spans)
    assert SAID not in told
    assert CALLER not in told
    lookup = spans[names.index("GET /v1/codes/{code}")]
    assert (lookup.attributes or {})["http.response.status_code"] == 422
    assert len(str((lookup.attributes or {})["chartwright.request_id"])) == 32


async def test_the_steps_of_the_flow_are_inside_their_request(pipeline: Pipeline, settings: Settings) -> None:
    """One span a step, below the encounter's, below the request's, end to end."""
    collected = Collected()
    await asked(pipeline, settings, collected)
    spans = {span.name: span for span in collected.spans()}
    request, encounter = spans["POST /v1/encounters"], spans["encounter"]
    assert encounter.parent is not None
    assert encounter.parent.span_id == request.context.span_id
    steps = [s for s in spans.values() if s.parent and s.parent.span_id == encounter.context.span_id]
    assert {step.name for step in steps} >= {"reconcile", "check", "explain"}
    assert all((encounter.end_time or 0) >= (step.end_time or 0) for step in steps)


def test_what_is_not_listed_never_reaches_an_exporter() -> None:
    """Attributes, events and the words of a status, whoever put them there; each is counted."""
    kept = InMemorySpanExporter()
    lost: list[int] = []
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(AllowedOnly(kept, lost.append)))
    span = provider.get_tracer("x").start_span("encounter", attributes={"note": SAID, "chartwright.codes": 3})
    span.record_exception(ValueError(SAID))
    span.set_status(StatusCode.ERROR, SAID)
    span.end()
    (seen,) = kept.get_finished_spans()
    assert SAID not in seen.to_json()
    assert dict(seen.attributes or {}) == {"chartwright.codes": 3}
    assert seen.status.status_code is StatusCode.ERROR
    assert lost == [2]


async def test_an_error_is_told_by_its_status_alone(settings: Settings) -> None:
    """No exception event, no message."""

    class Failing(Pipeline):
        def __init__(self) -> None:
            pass

        async def code(self, encounter: Any) -> Any:
            raise ValueError(SAID)

    collected = Collected()
    app = create_app(Failing(), settings, operation=collected.operation)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chartwright.test") as client:
        assert (await client.post("/v1/encounters", json=ENCOUNTER)).status_code == 500
    (span,) = collected.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.events == ()
    assert SAID not in span.to_json()
    found = samples(collected.metrics.exposition())
    assert value(found, "chartwright_requests_total", method="POST", route="/v1/encounters", status="500") == 1


def test_nothing_is_sent_unless_configured(settings: Settings) -> None:
    """Without an endpoint there is no span at all."""
    with build_operation(settings).tracing.request("GET") as span:
        assert span is None


def test_spans_reach_a_collector(dead_port: int) -> None:
    """The exporter of the extra sends to the endpoint that is set, and only there; a dead one costs no exception."""
    exporter = otlp_exporter(f"http://127.0.0.1:{dead_port}/v1/traces", 0.2)
    tracing = Tracing(exporter, lambda _: None)
    with tracing.request("GET"):
        pass
    tracing.close()
    assert exporter.export([]) in set(SpanExportResult)


@pytest.mark.parametrize("name", ["url.query", "url.path", "http.target", "exception.message", "enduser.id"])
def test_what_the_stock_instrumentation_exports_is_not_listed(name: str) -> None:
    """These can hold what a caller wrote."""
    assert name not in ALLOWED_ATTRIBUTES
