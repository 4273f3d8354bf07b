"""Many clients on loopback: reading finished cases, handing new ones in, and both for a long while.

Clients and server share this machine's processors, so the load average stands beside every figure.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import numpy as np

from evals.service_load.server import Served, running
from evals.service_load.timing import Latency, Timed
from medcoding.record import Record

Told = Callable[[str], object]

_WORDS: Final = (
    "Hypertension|Gout|Type 2 diabetes|Asthma|Hypothyroidism|Migraine|Osteoarthritis of the right knee".split("|")
)
_TRIES: Final = 40
"""A client that is told to come back does so, this often."""
_PROBE_S: Final = 0.05
_SAMPLE_S: Final = 5.0
_WARM_SHARE: Final = 0.25
"""Part of a soak that is not counted: caches fill and pools grow once."""
_MEGABYTE: Final = 1_000_000


class Soak(Record):
    """A long while at a share of what the server can do."""

    minutes: float
    share: float
    coded: int
    per_second: float
    reads: Latency
    memory_mb: tuple[float, float]
    """Memory of the server's own (resident, anonymous) after warming up, and at the end. Linux only."""
    slope_mb_per_min: float
    """Least squares over what was measured after warming up."""


class LoadReport(Record):
    """All figures of one run."""

    reads_paced: Latency
    """50 clients, each asking about once a second, as people do."""
    reads_flat_out: Latency
    """50 clients, each asking again at once."""
    submissions: Latency
    """200 clients handing in at once."""
    server_errors: int
    health_while_submitting: Latency
    coded_per_second: float
    """What the workers finished meanwhile."""
    soak: Soak | None
    load_average: tuple[float, float]
    """Of this machine before and after, over one minute; others may use it too."""
    processors: int


class LoadPlan(NamedTuple):
    """How much is asked."""

    readers: int = 50
    submitters: int = 200
    each: int = 3
    """Encounters that each client hands in."""
    read_s: float = 15.0
    minutes: float = 0.0
    """Length of the soak; 0 leaves it out."""
    share: float = 0.6
    workers: int = 1


def measure_load(index_dir: Path, plan: LoadPlan, told: Told) -> LoadReport:
    """Measure a server of its own process. Raises `DependencyError` when it does not come up."""
    with running(index_dir, plan.workers) as served:
        return asyncio.run(_measured(served, plan, told))


async def _measured(served: Served, plan: LoadPlan, told: Told) -> LoadReport:
    before = os.getloadavg()[0]
    async with _client(served, plan.submitters + 20) as client:
        told("handing in")
        health, submissions = await _while_probing(served, lambda: _submitted(client, plan))
        started = time.monotonic()
        done = await _all_done(client)
        rate = len(done) / max(0.001, time.monotonic() - started + submissions.seconds)
        told("reading")
        paced = await _read(client, done, plan, pause_s=1.0)
        flat = await _read(client, done, plan, pause_s=0.0)
        told("soaking" if plan.minutes else "done")
        soak = await _soaked(client, served, done, plan, rate) if plan.minutes else None
    measured = (submissions, health, paced, flat)
    return LoadReport(
        reads_paced=paced.latency(),
        reads_flat_out=flat.latency(),
        submissions=submissions.latency(),
        server_errors=sum(one.server_errors for one in measured),
        health_while_submitting=health.latency(),
        coded_per_second=round(rate, 2),
        soak=soak,
        load_average=(round(before, 2), round(os.getloadavg()[0], 2)),
        processors=os.cpu_count() or 1,
    )


def _client(served: Served, connections: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(base_url=served.url, limits=limits, timeout=60, trust_env=False)


async def _while_probing(served: Served, work: Callable[[], Awaitable[Timed]]) -> tuple[Timed, Timed]:
    """The liveness probe's times while some work is done, and the work's own.

    The probe has a thread and a connection of its own, as a balancer has: the clients' queue is not the server's.
    """
    health, stop = Timed(), threading.Event()
    probing = asyncio.create_task(asyncio.to_thread(_probe, served, health, stop))
    try:
        worked = await work()
    finally:
        stop.set()
        await probing
    return health, worked


def _probe(served: Served, health: Timed, stop: threading.Event) -> None:
    with httpx.Client(base_url=served.url, timeout=60, trust_env=False) as client:
        client.get("/healthz")
        while not stop.wait(_PROBE_S):
            asyncio.run(health.ask(_answered(client)))


async def _answered(client: httpx.Client) -> httpx.Response:
    return client.get("/healthz")


async def _submitted(client: httpx.AsyncClient, plan: LoadPlan) -> Timed:
    """Every client hands in its encounters, one after the other, and comes back when it is told to."""
    timed = Timed()

    async def hand_in(who: int) -> None:
        for number in range(plan.each):
            for _ in range(_TRIES):
                response = await timed.ask(client.post("/v1/cases", json=_visit(f"{who}-{number}")))
                if response is None or response.status_code != 429:
                    break
                await asyncio.sleep(float(response.headers.get("Retry-After", "1")))

    await asyncio.gather(*(hand_in(who) for who in range(plan.submitters)))
    return timed


async def _all_done(client: httpx.AsyncClient) -> list[str]:
    """Ids of all finished cases, when none waits any more."""
    waiting = True
    while waiting:
        await asyncio.sleep(0.5)
        lists = [await client.get("/v1/cases", params={"state": s, "limit": 1}) for s in ("queued", "leased")]
        waiting = any(one.json()["cases"] for one in lists)
    found: list[str] = []
    cursor: str | None = None
    while True:
        asked: dict[str, str] = {"state": "done", "limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/cases", params=asked)).json()
        found += [case["id"] for case in page["cases"]]
        cursor = page["cursor"]
        if cursor is None:
            return found


async def _read(client: httpx.AsyncClient, cases: Sequence[str], plan: LoadPlan, pause_s: float) -> Timed:
    """Clients read results of finished cases for a while; `pause_s` is about what each waits in between."""
    timed, until = Timed(), time.monotonic() + plan.read_s

    async def read(who: int) -> None:
        rng = random.Random(who)  # noqa: S311 - repeatable, not secret
        await asyncio.sleep(rng.random() * pause_s)
        while time.monotonic() < until:
            await timed.ask(client.get(f"/v1/cases/{rng.choice(cases)}/result"))
            if pause_s:
                await asyncio.sleep(pause_s * (0.5 + rng.random()))

    await asyncio.gather(*(read(who) for who in range(plan.readers)))
    return timed


async def _soaked(client: httpx.AsyncClient, served: Served, cases: Sequence[str], plan: LoadPlan, rate: float) -> Soak:
    """Hand in at a share of what the workers do, read beside it, and watch the server's memory."""
    seconds = plan.minutes * 60
    reading = asyncio.create_task(_read(client, cases, plan._replace(read_s=seconds, readers=10), pause_s=0.5))
    handing = asyncio.create_task(_handed_in(client, seconds, plan.share * rate))
    samples: list[tuple[float, float]] = []
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        samples.append((passed / 60, _memory_mb(served)))
        await asyncio.sleep(_SAMPLE_S)
    reads, sent = await reading, await handing
    warm = [one for one in samples if one[0] >= plan.minutes * _WARM_SHARE]
    at, memory = np.array(warm).T
    slope = float(np.polyfit(at, memory, 1)[0]) if len(warm) > 2 else 0.0
    return Soak(
        minutes=plan.minutes,
        share=plan.share,
        coded=sent,
        per_second=round(sent / seconds, 2),
        reads=reads.latency(),
        memory_mb=(round(warm[0][1], 1), round(warm[-1][1], 1)),
        slope_mb_per_min=round(slope, 3),
    )


async def _handed_in(client: httpx.AsyncClient, seconds: float, rate: float) -> int:
    """Hand in evenly at a rate; how many is returned."""
    started, sent = time.monotonic(), 0
    while (passed := time.monotonic() - started) < seconds:
        if sent < passed * rate:
            await client.post("/v1/cases", json=_visit(f"soak-{sent}"))
            sent += 1
        else:
            await asyncio.sleep(min(0.2, 1 / max(rate, 0.1)))
    return sent


def _memory_mb(served: Served) -> float:
    """Memory of the server's own: pages of the index's files that it has looked at are the system's to take back."""
    status = Path(f"/proc/{served.pid}/status").read_text(encoding="ascii")
    (kilobytes,) = re.findall(r"^RssAnon:\s+(\d+)", status, re.MULTILINE)
    return int(kilobytes) * 1024 / _MEGABYTE


def _visit(name: str) -> dict[str, object]:
    """An outpatient visit with a few problems, another one for each name."""
    rng = random.Random(name)  # noqa: S311 - repeatable, not secret
    problems = "\n".join(f"{n}. {word}, stable." for n, word in enumerate(rng.sample(_WORDS, 3), start=1))
    return {
        "case_id": name,
        "setting": "outpatient",
        "date_of_service": "2026-11-02",
        "documents": [{"document_id": "note", "text": f"HPI: seen for follow-up.\nASSESSMENT\n{problems}"}],
    }
