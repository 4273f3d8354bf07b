"""Planted names, numbers and dates through every route, every refusal, errors and time-outs: what of them comes out.

The real application over a real store, with a pipeline, a model and workers that fail with the planted words in their
exceptions. Looked through: log lines, spans, metrics, every header, the bodies of errors, every address in an answer.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx
from fastapi import FastAPI
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from agent.llm import LlmSettings
from agent.operation.health import ModelServer
from agent.operation.logs import json_logging
from agent.operation.metrics import ServiceMetrics
from agent.operation.operation import Operation, WatchedPipeline
from agent.operation.settings import OperationSettings
from agent.operation.tracing import Tracing
from agent.pipeline import Pipeline
from agent.serve.actors import LOCAL_ACTOR
from agent.serve.app import create_app
from agent.settings import Settings
from agent.stages import Trace
from agent.store.case_store import CaseStore
from agent.store.opening import open_store
from agent.store.records import CaseState, WorklistQuery
from evals.service_load.planting import Planted, Spring, answerable, anywhere, refused, routes_of
from evals.service_load.words import Escape, Sieve, kind_of, links_of, planted_words, urls_of
from medcoding.encounter import Encounter
from medcoding.record import Record

Told = Callable[[int], object]
_PATIENCE_S: Final = 0.3


class CanaryPlan(NamedTuple):
    """How much is planted."""

    words: int = 2000
    seed: int = 1
    rounds: int = 40
    """Requests to each route with words at one place each."""
    again: int = 8
    """Times that each kind of failure is met."""


class CanaryReport(Record):
    """What came out."""

    words: int
    requests: int
    routes: int
    statuses: dict[str, int]
    log_lines: int
    spans: int
    keys_withheld: int
    """Keys that the lists kept out of log lines and spans."""
    escapes: int
    by_place: dict[str, int]
    first: tuple[Escape, ...]
    """The first twenty."""


def measure_canaries(
    pipeline: Pipeline, settings: Settings, folder: Path, plan: CanaryPlan, told: Told
) -> CanaryReport:
    """Plant words and look for them. `folder` gets case stores that are thrown away."""
    return asyncio.run(_Search(pipeline, settings, folder, plan, told).report())


class _Failing(Pipeline):
    """Ends every encounter in an error that quotes its note, as a library's would."""

    async def trace(self, encounter: Encounter) -> Trace:
        """Fail."""
        raise ValueError(encounter.model_dump_json())


class _Hanging(Pipeline):
    """Never answers."""

    async def trace(self, encounter: Encounter) -> Trace:
        """Wait."""
        await asyncio.Event().wait()
        raise AssertionError(encounter.case_id)


class _Search:
    """Sends planted requests and looks through everything that comes back or is written."""

    def __init__(self, pipeline: Pipeline, settings: Settings, folder: Path, plan: CanaryPlan, told: Told) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._folder = folder
        self._plan = plan
        self._words = planted_words(plan.words, plan.seed)
        self._told = told
        self._spring = Spring(self._words)
        self._sieve = Sieve(self._words)
        self._statuses: Counter[str] = Counter()
        self._escapes: list[Escape] = []
        self._spans = InMemorySpanExporter()
        self._metrics = ServiceMetrics()
        self._log = io.StringIO()

    async def report(self) -> CanaryReport:
        """Everything, one way after the other."""
        with _logged(self._log, self._metrics.dropped), self._store() as store:
            tracing = Tracing(self._spans, self._metrics.dropped)
            model = ModelServer(LlmSettings(), OperationSettings())
            operation = Operation(self._metrics, tracing, model, logs_requests=True)
            routes = await self._everywhere(store, operation)
            await self._by_strangers(store, operation)
            for broken in (_Failing, _Hanging):
                await self._against(broken(self._pipeline.parts), store, operation)
            await self._without_database(operation)
            tracing.close()
        return self._told_all(routes)

    async def _everywhere(self, store: CaseStore, operation: Operation) -> int:
        app = create_app(WatchedPipeline(self._pipeline, operation), self._settings, store, operation)
        routes = routes_of(app)
        async with _client(app) as client:
            for _ in range(max(1, len(self._words) // 60)):
                for planted in answerable(self._spring):
                    await self._send(client, planted)
            await _all_coded(store)
            cases = [one["id"] for one in (await client.get("/v1/cases", params={"limit": 20})).json()["cases"]]
            for planted in refused(self._spring):
                await self._send(client, planted)
            for method, template in routes:
                for planted in anywhere(method, template, self._spring, cases, self._plan.rounds):
                    await self._send(client, planted)
            for word in self._words:
                await self._send(client, Planted("GET", "/v1/codes/{code}", f"/v1/codes/{word}", {}, {}, None))
        return len(routes)

    async def _by_strangers(self, store: CaseStore, operation: Operation) -> None:
        """Everything once more where a key or a token is asked for, and none that holds is brought."""
        access = self._settings.access.model_copy(update={"mode": "guarded"})
        guarded = self._settings.model_copy(update={"access": access})
        app = create_app(WatchedPipeline(self._pipeline, operation), guarded, store, operation)
        async with _client(app, serving=False) as client:
            for method, template in routes_of(app):
                for planted in anywhere(method, template, self._spring, (), min(5, self._plan.rounds)):
                    await self._send(client, planted)

    async def _against(self, broken: Pipeline, store: CaseStore, operation: Operation) -> None:
        """Errors and time-outs of the flow: 500s, callers who leave, workers who give a case up."""
        app = create_app(broken, self._settings, store, operation)
        async with _client(app) as client:
            for _ in range(self._plan.again):
                for planted in answerable(self._spring):
                    try:
                        async with asyncio.timeout(_PATIENCE_S):
                            await self._send(client, planted)
                    except TimeoutError:
                        self._statuses["caller left"] += 1
            async with asyncio.timeout(30):
                await _all_coded(store)

    async def _without_database(self, operation: Operation) -> None:
        """A database that is gone while requests come in."""
        with self._store("gone") as store:
            app = create_app(WatchedPipeline(self._pipeline, operation), self._settings, store, operation)
            store.close()
            for path in (self._folder / "gone").glob("cases.sqlite*"):
                path.unlink()
                path.mkdir()
            async with _client(app, serving=False) as client:
                for _ in range(self._plan.again):
                    for planted in answerable(self._spring):
                        await self._send(client, planted)

    async def _send(self, client: httpx.AsyncClient, planted: Planted) -> None:
        response = await client.request(
            planted.method, planted.path, headers=dict(planted.headers), params=dict(planted.params),
            content=planted.body,
        )  # fmt: skip
        self._statuses[str(response.status_code)] += 1
        self._told(1)
        route = f"{planted.method} {planted.template}"
        self._look("header", route, "\n".join(f"{name}: {value}" for name, value in response.headers.items()))
        if response.status_code >= 400:
            self._look("error body", route, response.text)
        else:
            self._look("url", route, "\n".join(_addresses(response)))

    def _look(self, where: str, route: str, text: str) -> None:
        self._escapes += [Escape(where=where, route=route, kind=kind_of(word)) for word in self._sieve.found(text)]

    def _told_all(self, routes: int) -> CanaryReport:
        lines, spans = self._log.getvalue().splitlines(), self._spans.get_finished_spans()
        for line in lines:
            self._look("log", "", line)
        for span in spans:
            self._look("trace", span.name, span.to_json())
        exposition = self._metrics.exposition().decode()
        self._look("metrics", "", exposition)
        return CanaryReport(
            words=len(self._words),
            requests=sum(self._statuses.values()),
            routes=routes,
            statuses=dict(sorted(self._statuses.items())),
            log_lines=len(lines),
            spans=len(spans),
            keys_withheld=_withheld(exposition),
            escapes=len(self._escapes),
            by_place=dict(Counter(one.where for one in self._escapes)),
            first=tuple(self._escapes[:20]),
        )

    @contextmanager
    def _store(self, name: str = "cases") -> Iterator[CaseStore]:
        folder = self._folder / name
        folder.mkdir()
        settings = self._settings.store.model_copy(
            update={
                "url": SecretStr(f"sqlite:///{folder / 'cases.sqlite'}"), "master_key": None,
                "master_key_file": folder / "master.key", "trail_key_file": folder / "trail.key",
            }
        )  # fmt: skip
        store = open_store(settings, lambda _: None)
        try:
            yield store
        finally:
            store.close()


@asynccontextmanager
async def _client(app: FastAPI, *, serving: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application; its workers work meanwhile where `serving`."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        if not serving:
            yield client
            return
        async with app.router.lifespan_context(app):
            yield client


async def _all_coded(store: CaseStore) -> None:
    """Return when no case waits any more."""
    for state in (CaseState.QUEUED, CaseState.LEASED):
        while (await asyncio.to_thread(store.worklist, LOCAL_ACTOR, WorklistQuery(state=state, limit=1))).cases:
            await asyncio.sleep(0.1)


@contextmanager
def _logged(stream: io.StringIO, dropped: Callable[[int], None]) -> Iterator[None]:
    """Every line of the process, down to debug, as the service would write it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers[:] = [json_logging("debug", dropped, stream)]
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)


def _addresses(response: httpx.Response) -> Iterator[str]:
    media = response.headers.get("content-type", "")
    if "json" in media:
        yield from urls_of(json.loads(response.content))
    elif "html" in media:
        yield from links_of(response.text)


def _withheld(exposition: str) -> int:
    lines = [line for line in exposition.splitlines() if line.startswith("chartwright_log_keys_dropped_total")]
    return int(float(lines[0].split()[-1])) if lines else 0
