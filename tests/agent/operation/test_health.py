"""Behaviour of `/readyz`: it names what is down, and refuses only where it cannot answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from agent.llm import LlmSettings
from agent.operation.health import Dependency, ModelServer, Probe, asked
from agent.operation.metrics import ServiceMetrics
from agent.operation.operation import Operation
from agent.operation.queues import database_answers
from agent.operation.settings import OperationSettings
from agent.operation.tracing import Tracing
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.serve.health import Readiness
from agent.settings import Settings
from medcoding.errors import DependencyError
from tests.model_server import serving

SAID: Final = "Zebrafish"
ASKED: Final = OperationSettings(probe_timeout_s=0.5, probe_every_s=0)


def with_model(settings: Settings, url: str, *, fallback: bool) -> tuple[Settings, Operation]:
    """Settings and operation of an installation with a model server at the address."""
    llm = LlmSettings(base_url=url, model="m")
    metrics = ServiceMetrics()
    operation = Operation(metrics, Tracing(None, metrics.dropped), ModelServer(llm, ASKED))
    return settings.model_copy(update={"llm": llm, "fallback": fallback}), operation


async def readiness(pipeline: Pipeline, settings: Settings, operation: Operation) -> httpx.Response:
    """What `/readyz` answers."""
    transport = httpx.ASGITransport(create_app(pipeline, settings, operation=operation))
    async with httpx.AsyncClient(transport=transport, base_url="http://chartwright.test") as client:
        return await client.get("/readyz")


def states(response: httpx.Response) -> dict[str, str]:
    """The state of each dependency."""
    return {one.name: one.state for one in Readiness.model_validate_json(response.content).dependencies}


async def test_alone_it_is_ready(pipeline: Pipeline, settings: Settings) -> None:
    """Neither a model nor a Qdrant server is needed where none is configured."""
    response = await readiness(pipeline, settings, Operation.silent())
    assert response.json()["status"] == "ready"
    assert states(response) == {"index": "ok", "qdrant": "absent", "model": "absent"}


async def test_a_model_that_is_down_degrades(pipeline: Pipeline, settings: Settings, dead_port: int) -> None:
    """Rules answer meanwhile: 200, and it says what is down."""
    changed, operation = with_model(settings, f"http://127.0.0.1:{dead_port}/v1", fallback=True)
    response = await readiness(pipeline, changed, operation)
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert states(response)["model"] == "down"
    assert 'chartwright_dependency_up{dependency="model"} 0.0' in operation.metrics.exposition().decode()


async def test_without_the_fallback_it_is_not_ready(pipeline: Pipeline, settings: Settings, dead_port: int) -> None:
    """Where rules may not answer, a model that is down is a 503 that names it."""
    changed, operation = with_model(settings, f"http://127.0.0.1:{dead_port}/v1", fallback=False)
    response = await readiness(pipeline, changed, operation)
    assert response.status_code == 503
    assert "The model does not answer" in response.json()["detail"]


async def test_a_model_that_answers_is_ok(pipeline: Pipeline, settings: Settings) -> None:
    """Asked for the list of its models."""
    with serving() as server:
        changed, operation = with_model(settings, server.url, fallback=False)
        assert states(await readiness(pipeline, changed, operation))["model"] == "ok"


def test_an_answer_holds_for_a_while(dead_port: int) -> None:
    """A server is not asked for every probe of a balancer."""
    llm = LlmSettings(base_url=f"http://127.0.0.1:{dead_port}/v1")
    server = ModelServer(llm, OperationSettings(probe_timeout_s=0.5, probe_every_s=3600))
    errors = []
    for _ in range(2):
        with pytest.raises(httpx.HTTPError) as failed:
            server.answers()
        errors.append(failed.value)
    assert errors[0] is errors[1]


def test_each_is_asked_whatever_became_of_the_others() -> None:
    """Our own errors speak for themselves; of others only what to look at is said."""

    def ours() -> bool:
        raise DependencyError("The search server is down; start it.")

    def foreign() -> bool:
        raise ValueError(SAID)

    found = asked(
        (
            Probe("qdrant", ours, True, "start it"),
            Probe("database", foreign, True, "start it"),
            Probe("worker", lambda: True, False, ""),
            Probe("model", lambda: False, True, ""),
        )
    )
    assert found == (
        Dependency(name="qdrant", state="down", needed=True, detail="The search server is down; start it."),
        Dependency(name="database", state="down", needed=True, detail="The database does not answer; start it."),
        Dependency(name="worker", state="ok", needed=False),
        Dependency(name="model", state="absent", needed=False),
    )


def test_a_database_that_is_gone_is_down(tmp_path: Any) -> None:
    """The driver's exception is what the probe takes for it."""
    with pytest.raises(OperationalError):
        database_answers(create_engine(f"sqlite:///{tmp_path / 'none' / 'x.sqlite'}"))


async def test_an_index_that_is_down_is_told_in_the_metrics(pipeline: Pipeline, settings: Settings) -> None:
    """Beside the 503."""

    class Silent:
        def encode(self, texts: object) -> Any:
            raise RuntimeError(SAID)

    parts = replace(pipeline.parts, search=replace(pipeline.parts.search, encoder=Silent()))
    operation = Operation.silent()
    assert (await readiness(Pipeline(parts), settings, operation)).status_code == 503
    assert 'chartwright_dependency_up{dependency="index"} 0.0' in operation.metrics.exposition().decode()
