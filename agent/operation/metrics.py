"""Counters, gauges and histograms in a registry of their own. No label holds anything that a caller wrote.

chartwright_requests_total              method, route template, status
chartwright_request_seconds             route template
chartwright_encounters_total            lane
chartwright_codes_total                 source: who chose the code
chartwright_model_fallbacks_total       encounters with a model configured of which rules chose some code
chartwright_model_tokens_total          direction: in, cached, out
chartwright_stage_seconds               step of the flow
chartwright_log_keys_dropped_total      what was to be logged or traced beyond the lists of what may be
chartwright_dependency_up               1, 0; see `agent.operation.health`
chartwright_cases, _oldest_case_seconds state, lane; see `agent.operation.queues`
chartwright_trail_rows                  rows of all trails
process_*                               memory, processor time, open files
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from medcoding.errors import ConfigError
from medcoding.proposal import Source
from medcoding.result import CodingResult

METRICS_TYPE: Final = CONTENT_TYPE_LATEST

NO_ROUTE: Final = "none"
"""The route label of a request that none of the routes took."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_STAGE_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class ServiceMetrics:
    """What is counted in one process. Safe to use from several threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        registry = self.registry
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "chartwright_requests", "Requests answered", ("method", "route", "status"), registry=registry
        )
        self._request_seconds = Histogram(
            "chartwright_request_seconds", "Time to the last byte", ("route",), buckets=_REQUEST_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._encounters = Counter("chartwright_encounters", "Encounters coded", ("lane",), registry=registry)
        self._codes = Counter("chartwright_codes", "Codes proposed", ("source",), registry=registry)
        self._fallbacks = Counter(
            "chartwright_model_fallbacks",
            "Encounters of which rules chose a code in a model's place",
            registry=registry,
        )
        self._tokens = Counter("chartwright_model_tokens", "Tokens spent", ("direction",), registry=registry)
        self._stage_seconds = Histogram(
            "chartwright_stage_seconds", "Time of a step of the flow", ("stage",), buckets=_STAGE_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._dropped = Counter(
            "chartwright_log_keys_dropped", "Keys that may not be logged or traced", registry=registry
        )
        self._up = Gauge(
            "chartwright_dependency_up", "Whether it answered when last asked", ("dependency",), registry=registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is a template, `NO_ROUTE` where there is none."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def coded(self, result: CodingResult, *, model_asked: bool) -> None:
        """Count one coding result."""
        self._encounters.labels(result.route.value).inc()
        for line in result.codes:
            self._codes.labels(line.source.value).inc()
        if model_asked and any(line.source is Source.RULES for line in result.codes):
            self._fallbacks.inc()
        cost = result.cost
        for direction, tokens in (("in", cost.tokens_in), ("cached", cost.tokens_cached), ("out", cost.tokens_out)):
            self._tokens.labels(direction).inc(tokens)
        for stage, milliseconds in cost.stage_ms.items():
            self._stage_seconds.labels(stage).observe(milliseconds / 1000)

    def dropped(self, keys: int) -> None:
        """Count keys that were kept out of a log line or a span."""
        self._dropped.inc(keys)

    def seen(self, name: str, *, up: bool) -> None:
        """Note whether a dependency answered."""
        self._up.labels(name).set(up)

    def serve(self, host: str, port: int) -> None:
        """Answer `/metrics` on a port of its own, from a thread. Raises `ConfigError` when the port cannot be had."""
        try:
            start_http_server(port, host, self.registry)
        except OSError as error:
            raise ConfigError(
                f"Metrics cannot be answered on {host} port {port} ({error.strerror}); set another"
                " CHARTWRIGHT_OPERATION__WORKER_METRICS_PORT."
            ) from None

    def exposition(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)
