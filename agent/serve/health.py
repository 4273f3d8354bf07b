"""Whether the process lives, whether it can answer, and what it counted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from fastapi import APIRouter
from sqlalchemy import Engine
from starlette.responses import PlainTextResponse, Response

from agent.lookup import search_codes
from agent.operation.health import Dependency, Probe, asked
from agent.operation.metrics import METRICS_TYPE
from agent.operation.operation import Operation
from agent.operation.queues import database_answers, work_moves
from agent.parts import Parts
from agent.pipeline import Pipeline
from agent.serve.problems import described, unavailable
from agent.settings import Settings
from agent.store.case_store import CaseStore
from medcoding.errors import ChartwrightError
from medcoding.record import Record

_log = logging.getLogger(__name__)
_COUNTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


class Liveness(Record):
    """The process lives."""

    status: Literal["alive"] = "alive"


class Readiness(Record):
    """Encounters can be coded: the index is open, the encoder answers, and so does all that is needed."""

    status: Literal["ready", "degraded"] = "ready"
    """`degraded`: something is down without which it can answer all the same."""
    editions: tuple[str, ...]
    index: str
    """Digest of the index."""
    model_configured: bool
    """False when rules answer alone."""
    model_name: str | None
    dependencies: tuple[Dependency, ...] = ()
    """What it depends on, one by one."""


@dataclass(frozen=True, slots=True)
class HealthService:
    """The functions of the routes that an operator's tools ask."""

    pipeline: Pipeline
    settings: Settings
    operation: Operation
    store: CaseStore | None = None

    async def healthz(self) -> Liveness:
        """Say that the process lives."""
        return Liveness()

    def readyz(self) -> Response:
        """Say whether encounters can be coded, and which of the things that it depends on is down.

        503 only where the service cannot answer; its detail names what is down.
        """
        try:
            ready = _probed(self.pipeline.parts)
        except ChartwrightError as error:
            return self._index_down(str(error))
        except Exception as error:  # noqa: BLE001 - the encoder and the search raise exceptions of their own
            _log.error("Not ready: %s", type(error).__name__)
            return self._index_down("The index or its encoder does not answer; run 'chartwright doctor'.")
        return self._answer(ready)

    def metrics(self) -> Response:
        """Show what was counted: requests, queues, codes, steps of the flow. Nothing in it names a case or a person."""
        return Response(self.operation.metrics.exposition(), headers={"Content-Type": METRICS_TYPE})

    def _answer(self, ready: Readiness) -> Response:
        dependencies = (Dependency(name="index", state="ok", needed=True), *asked(self._probes()))
        for one in dependencies:
            if one.state != "absent":
                self.operation.metrics.seen(one.name, up=one.state == "ok")
        down = [one for one in dependencies if one.state == "down"]
        if needed := [one.detail for one in down if one.needed]:
            return unavailable(" ".join(needed))
        status: Literal["ready", "degraded"] = "degraded" if down else "ready"
        told = ready.model_copy(update={"status": status, "dependencies": dependencies})
        return Response(told.model_dump_json(), media_type="application/json")

    def _index_down(self, detail: str) -> Response:
        self.operation.metrics.seen("index", up=False)
        return unavailable(detail)

    def _probes(self) -> tuple[Probe, ...]:
        """Everything beside the index, whose search has asked the Qdrant server already."""
        qdrant, model_needed = self.settings.qdrant.url is not None, not self.settings.fallback
        probes = [
            Probe("qdrant", lambda: qdrant, True, "start it"),
            Probe(
                "model", self.operation.model.answers, model_needed, "rules answer meanwhile; start the model server"
            ),
        ]
        if self.store is not None:
            engine, lease_s = self.store.engine, self.settings.work.lease_s
            probes.append(Probe("database", partial(database_answers, engine), True, "start it or correct its address"))
            probes.append(Probe("worker", partial(_moves, engine, lease_s), False, "start 'chartwright work'"))
        return tuple(probes)


def health_router(service: HealthService) -> APIRouter:
    """The routes with their place in the OpenAPI document. They ask for no token."""
    routes = APIRouter()
    routes.add_api_route("/healthz", service.healthz)
    routes.add_api_route("/readyz", service.readyz, response_model=Readiness, responses=described(503))
    if service.settings.operation.metrics:
        routes.add_api_route(
            "/metrics", service.metrics, response_model=None, response_class=PlainTextResponse, responses=_COUNTED
        )
    return routes


class _WorkStandsError(ChartwrightError):
    """Cases wait and nobody takes them."""


def _moves(engine: Engine, lease_s: float) -> bool:
    if not work_moves(engine, lease_s):
        raise _WorkStandsError("Cases are waiting and no worker takes them; start 'chartwright work'.")
    return True


def _probed(parts: Parts) -> Readiness:
    """Ask every part once; two texts, because a single one may be answered from the encoder's cache."""
    parts.search.encoder.encode(["ready", "to code"])
    search_codes(parts, "hypertension", None, 1)
    return Readiness(
        editions=tuple(codebook.edition.name for codebook in parts.codebooks.editions),
        index=parts.stamp.index,
        model_configured=parts.model is not None,
        model_name=(parts.model.llm.name or None) if parts.model else None,
    )
