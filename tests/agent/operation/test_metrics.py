"""Behaviour of `/metrics`: what is counted, and that no label holds what a caller wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, create_engine, insert

from agent.bootstrap import build_pipeline
from agent.operation.metrics import ServiceMetrics
from agent.operation.operation import Operation, WatchedPipeline
from agent.operation.queues import QueueCollector, database_answers, work_moves
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.settings import Settings
from agent.store.tables import CaseRow, Table, TenantRow, VersionRow
from medcoding.errors import ConfigError
from tests.agent.serve.test_server import free_port
from tests.fakes import ScriptedLLM

ENCOUNTER: Final[dict[str, Any]] = {
    "case_id": "case-1",
    "setting": "outpatient",
    "date_of_service": "2026-11-02",
    "documents": [{"document_id": "note", "text": "ASSESSMENT\n1. Hypertension.\n2. Type 2 diabetes."}],
}
SAID: Final = "Zebrafish"


def samples(exposition: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels, read as Prometheus reads it."""
    families = text_string_to_metric_families(exposition.decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    """One sample; 0 where it is not there."""
    return found.get((name, frozenset(labels.items())), 0.0)


@pytest.fixture
def operation() -> Operation:
    """What a service tells, with nowhere to send traces."""
    return Operation.silent()


@pytest.fixture
async def client(pipeline: Pipeline, settings: Settings, operation: Operation) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the watched application."""
    app = create_app(WatchedPipeline(pipeline, operation), settings, operation=operation)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chartwright.test") as opened:
        yield opened


class TestRequests:
    """What the middleware counts."""

    async def test_by_template_method_and_status(self, client: httpx.AsyncClient) -> None:
        """Paths with something of the caller's in them are one route."""
        for path in ("/v1/codes/I10", "/v1/codes/E11.9", f"/v1/codes/{SAID}", f"/{SAID}"):
            await client.get(path)
        found = samples((await client.get("/metrics")).content)
        route = "/v1/codes/{code}"
        assert value(found, "chartwright_requests_total", method="GET", route=route, status="200") == 2
        assert value(found, "chartwright_requests_total", method="GET", route=route, status="422") == 1
        assert value(found, "chartwright_requests_total", method="GET", route="none", status="404") == 1
        assert value(found, "chartwright_request_seconds_count", route=route) == 3

    async def test_nothing_a_caller_wrote_is_a_label(self, client: httpx.AsyncClient) -> None:
        """Neither path, query, method, header nor body; identifiers neither."""
        await client.request(SAID.upper(), f"/{SAID}?{SAID}=4711", headers={"X-Name": SAID})
        await client.post("/v1/encounters", json=ENCOUNTER | {"case_id": SAID, "patient": {"id": "4711"}})
        text = (await client.get("/metrics")).text
        assert SAID.lower() not in text.lower()
        assert "4711" not in text
        assert 'method="other"' in text

    async def test_is_the_format_that_prometheus_reads(self, client: httpx.AsyncClient) -> None:
        """By its media type and version."""
        assert (await client.get("/metrics")).headers["content-type"].startswith("text/plain; version=")

    async def test_can_be_switched_off(self, pipeline: Pipeline, settings: Settings) -> None:
        """Then there is no such route."""
        silent = settings.model_copy(update={"operation": settings.operation.model_copy(update={"metrics": False})})
        transport = httpx.ASGITransport(create_app(pipeline, silent))
        async with httpx.AsyncClient(transport=transport, base_url="http://chartwright.test") as client:
            assert (await client.get("/metrics")).status_code == 404


class TestFlow:
    """What a coding result adds."""

    async def test_lanes_sources_stages(self, client: httpx.AsyncClient) -> None:
        """One encounter, its codes by who chose them, each step of the flow once."""
        answer = (await client.post("/v1/encounters", json=ENCOUNTER)).json()
        found = samples((await client.get("/metrics")).content)
        assert value(found, "chartwright_encounters_total", lane=answer["route"]) == 1
        assert value(found, "chartwright_codes_total", source="rules") == len(answer["codes"])
        assert value(found, "chartwright_model_fallbacks_total") == 0
        for stage in answer["cost"]["stage_ms"]:
            assert value(found, "chartwright_stage_seconds_count", stage=stage) == 1

    async def test_a_model_that_does_not_answer_is_a_fallback(self, settings: Settings, operation: Operation) -> None:
        """Counted once an encounter."""
        watched = WatchedPipeline(build_pipeline(settings, ScriptedLLM(lambda _: {})), operation)
        app = create_app(watched, settings, operation=operation)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chartwright.test") as client:
            answer = (await client.post("/v1/encounters", json=ENCOUNTER)).json()
            found = samples((await client.get("/metrics")).content)
        assert any(line["source"] == "rules" for line in answer["codes"])
        assert value(found, "chartwright_model_fallbacks_total") == 1

    def test_dropped_keys_and_dependencies(self) -> None:
        """Each by its own name."""
        metrics = ServiceMetrics()
        metrics.dropped(3)
        metrics.seen("model", up=False)
        metrics.seen("database", up=True)
        found = samples(metrics.exposition())
        assert value(found, "chartwright_log_keys_dropped_total") == 3
        assert value(found, "chartwright_dependency_up", dependency="model") == 0
        assert value(found, "chartwright_dependency_up", dependency="database") == 1
        assert value(found, "process_resident_memory_bytes") > 0


class TestOwnPort:
    """A worker's metrics, which has no routes."""

    def test_answers_the_same(self) -> None:
        """What was counted, on a port of its own."""
        metrics = ServiceMetrics()
        metrics.dropped(2)
        port = free_port()
        metrics.serve("127.0.0.1", port)
        found = samples(httpx.get(f"http://127.0.0.1:{port}/metrics").content)
        assert value(found, "chartwright_log_keys_dropped_total") == 2

    def test_a_taken_port_is_the_operators_error(self, dead_port: int) -> None:
        """With the name of the setting."""
        with pytest.raises(ConfigError, match="WORKER_METRICS_PORT"):
            ServiceMetrics().serve("127.0.0.1", dead_port)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An empty case store's tables."""
    opened = create_engine(f"sqlite:///{tmp_path / 'cases.sqlite'}")
    Table.metadata.create_all(opened)
    return opened


def filled(engine: Engine, *waiting: tuple[str, str | None, float]) -> None:
    """Cases of one tenant: state, lane and age in seconds of each."""
    now = datetime.now(UTC)
    with engine.begin() as connection:
        tenant = {"name": "north", "trail_number": 7, "trail_digest": "0" * 64, "opened_at": now}
        connection.execute(insert(TenantRow).values(tenant))
        for number, (state, lane, age) in enumerate(waiting):
            at = now - timedelta(seconds=age)
            case = {"id": f"{number:032x}", "tenant": "north", "reference": str(number), "latest": 1, "received_at": at}
            connection.execute(insert(CaseRow).values(case))
            version = {
                "case_uid": case["id"], "number": 1, "tenant": "north", "state": state, "lane": lane, "digest": "d",
                "setting": "ed", "received_at": at, "due_at": at, "attempts": 0,
                "leased_until": now + timedelta(minutes=1) if state == "leased" else None,
            }  # fmt: skip
            connection.execute(insert(VersionRow).values(version))


class TestQueues:
    """What is read from the case store."""

    def test_lengths_and_ages_by_lane(self, engine: Engine) -> None:
        """The latest versions of all tenants, and the length of their trails."""
        filled(engine, ("queued", None, 90), ("queued", None, 10), ("done", "coder", 5), ("done", "documentation", 1))
        metrics = ServiceMetrics()
        metrics.registry.register(QueueCollector(engine))
        found = samples(metrics.exposition())
        assert value(found, "chartwright_cases", state="queued", lane="none") == 2
        assert value(found, "chartwright_cases", state="done", lane="coder") == 1
        assert 89 < value(found, "chartwright_oldest_case_seconds", state="queued", lane="none") < 120
        assert value(found, "chartwright_trail_rows") == 7
        assert "north" not in metrics.exposition().decode()

    def test_a_database_that_does_not_answer_costs_only_its_own_samples(self, tmp_path: Path) -> None:
        """Everything else is still told."""
        metrics = ServiceMetrics()
        metrics.registry.register(QueueCollector(create_engine(f"sqlite:///{tmp_path / 'none' / 'x.sqlite'}")))
        text = metrics.exposition().decode()
        assert "chartwright_cases{" not in text
        assert "process_resident_memory_bytes" in text

    def test_work_that_stands_is_noticed(self, engine: Engine) -> None:
        """A case due for longer than two leases that nobody takes."""
        assert work_moves(engine, 60)
        filled(engine, ("queued", None, 121))
        assert not work_moves(engine, 60)
        assert work_moves(engine, 61)
        assert database_answers(engine)

    def test_a_long_queue_that_is_worked_on_moves(self, engine: Engine) -> None:
        """Somebody holds a lease."""
        filled(engine, ("queued", None, 500), ("leased", None, 400))
        assert work_moves(engine, 60)
