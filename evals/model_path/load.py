"""Many questions at once on a real server: is every answer one that was offered, and does the shared note pay?"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Final

import httpx
import numpy as np

from agent.llm import Usage
from agent.pipeline import Pipeline
from agent.questions import Model, Question, QuestionMaker, allowed
from agent.stages import Clock, offer_of
from medcoding.encounter import Encounter
from medcoding.errors import DependencyError, ModelOutputError
from medcoding.record import Record

_HITS: Final = re.compile(r"^vllm:prefix_cache_hits_total\S* (\S+)$", re.MULTILINE)
_QUERIES: Final = re.compile(r"^vllm:prefix_cache_queries_total\S* (\S+)$", re.MULTILINE)


class LoadReport(Record):
    """What a server made of so many requests."""

    model: str
    requests: int
    concurrency: int
    unparsable: int
    lost: int
    """Requests that got no answer at all."""
    outside: int
    """Answers with a number that was not offered, or a sentence that does not exist."""
    p50_s: float
    p95_s: float
    requests_per_s: float
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    prefix_hit_rate: float | None
    """Tokens found in the server's prefix cache, of those asked for, by its own metrics; None where it has none."""


def measure_load(
    pipeline: Pipeline, encounters: Sequence[Encounter], requests: int, advance: Callable[[int, int], None]
) -> LoadReport:
    """Ask `requests` verify questions of the encounters, as many at once as the settings allow."""
    model = pipeline.parts.model
    if model is None:
        raise DependencyError("No model is configured; set CHARTWRIGHT_LLM__BASE_URL.")
    return asyncio.run(_measured(pipeline, model, encounters, requests, advance))


async def _measured(
    pipeline: Pipeline,
    model: Model,
    encounters: Sequence[Encounter],
    requests: int,
    advance: Callable[[int, int], None],
) -> LoadReport:
    asked = [question for encounter in encounters for question in _questions(pipeline, model, encounter)]
    before = await _cache_counts(model)
    tally = _Tally(requests, model.settings.concurrency, advance)
    started = time.perf_counter()
    await asyncio.gather(*(tally.ask(model, question) for question in islice(cycle(asked), requests)))
    seconds = time.perf_counter() - started
    after = await _cache_counts(model)
    await pipeline.aclose()
    p50, p95 = np.percentile(tally.seconds, [50, 95]).tolist() if tally.seconds else (0.0, 0.0)
    return LoadReport(
        model=model.llm.name,
        requests=requests,
        concurrency=model.settings.concurrency,
        unparsable=tally.unparsable,
        lost=tally.lost,
        outside=tally.outside,
        p50_s=round(p50, 3),
        p95_s=round(p95, 3),
        requests_per_s=round(requests / seconds, 2),
        **tally.usage.model_dump(),
        prefix_hit_rate=_rate(before, after),
    )


class _Tally:
    """Asks and counts."""

    def __init__(self, requests: int, concurrency: int, advance: Callable[[int, int], None]) -> None:
        self._requests = requests
        self._slots = asyncio.Semaphore(concurrency)  # waiting for a turn is not the server's time
        self._advance = advance
        self._done = 0
        self.unparsable = self.lost = self.outside = 0
        self.usage = Usage()
        self.seconds: list[float] = []

    async def ask(self, model: Model, question: Question) -> None:
        async with self._slots:
            await self._asked(model, question)
        self._done += 1
        self._advance(self._done, self._requests)

    async def _asked(self, model: Model, question: Question) -> None:
        started = time.perf_counter()
        try:
            answer = await model.llm.answer(question.messages, question.response_model, cache_salt="load")
        except ModelOutputError:
            self.unparsable += 1
        except DependencyError:
            self.lost += 1
        else:
            self.usage += answer.usage
            self.seconds.append(time.perf_counter() - started)
            self.outside += answer.value.choice not in allowed(question.candidates)


def _questions(pipeline: Pipeline, model: Model, encounter: Encounter) -> Sequence[Question]:
    return QuestionMaker(offer_of(pipeline.prepare(encounter, Clock())), model).first_round()


async def _cache_counts(model: Model) -> tuple[float, float] | None:
    """Tokens found in and asked of the prefix cache so far."""
    base = (model.settings.base_url or "").removesuffix("/").removesuffix("/v1")
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        try:
            page = (await client.get(f"{base}/metrics")).text
        except httpx.HTTPError:
            return None
    hits, queries = _HITS.findall(page), _QUERIES.findall(page)
    return (sum(map(float, hits)), sum(map(float, queries))) if queries else None


def _rate(before: tuple[float, float] | None, after: tuple[float, float] | None) -> float | None:
    if before is None or after is None or after[1] == before[1]:
        return None
    return round((after[0] - before[0]) / (after[1] - before[1]), 4)
