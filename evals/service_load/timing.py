"""How long requests took, and how they ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable

import httpx
import numpy as np

from medcoding.record import Record


class Latency(Record):
    """Milliseconds to the last byte."""

    requests: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    per_second: float
    statuses: dict[str, int]


class Timed:
    """How long requests took, and how they ended."""

    def __init__(self) -> None:
        self._took_ms: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._began = time.monotonic()
        self.seconds = 0.0

    async def ask(self, request: Awaitable[httpx.Response]) -> httpx.Response | None:
        """One answer, timed; None where the connection failed, which counts as a server error."""
        started = time.perf_counter()
        try:
            response = await request
        except httpx.TransportError:
            self._statuses[599] += 1
            return None
        finally:
            self._took_ms.append((time.perf_counter() - started) * 1000)
            self.seconds = time.monotonic() - self._began
        self._statuses[response.status_code] += 1
        return response

    @property
    def server_errors(self) -> int:
        """Answers of 500 and above, and connections that failed."""
        return sum(count for status, count in self._statuses.items() if status >= 500)

    def latency(self) -> Latency:
        """The figures."""
        p50, p95, p99 = np.percentile(self._took_ms or [0.0], [50, 95, 99])
        return Latency(
            requests=len(self._took_ms),
            p50_ms=round(float(p50), 1),
            p95_ms=round(float(p95), 1),
            p99_ms=round(float(p99), 1),
            per_second=round(len(self._took_ms) / max(0.001, self.seconds), 1),
            statuses={str(status): count for status, count in sorted(self._statuses.items())},
        )
