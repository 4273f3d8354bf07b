"""What our own side of the model path costs: a request beyond the server's time, encounters a second, grammars."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np

from agent.bootstrap import build_pipeline
from agent.llm import LLM, Answer, AnswerT, LlmSettings, Message
from agent.local import LocalModel
from agent.pipeline import Pipeline
from agent.questions import Question, QuestionMaker
from agent.settings import load_settings
from agent.stages import Clock, offer_of
from evals.model_path.faults import asked_at
from evals.model_path.stand_in import AT_ONCE, LARGE_MODEL, Pace, StandInServer
from medcoding.encounter import Encounter
from medcoding.record import Record

_ENCOUNTERS_AT_ONCE: Final = 2


class OverheadReport(Record):
    """Milliseconds and rates over a set of encounters, explanations not asked for."""

    encounters: int
    requests: int
    overhead_p50_ms: float
    overhead_p95_ms: float
    """Of one request, beyond the server's own time; all requests of an encounter are on their way at once."""
    at_once_per_s: float
    """Whole encounters a second in one process, the model answering at once."""


class GrammarReport(Record):
    """Milliseconds to make a grammar ready, over the questions of a set of encounters."""

    questions: int
    most_candidates: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


def measure_overhead(
    encounters: Sequence[Encounter], index_dir: Path | None, advance: Callable[[int, int], None]
) -> OverheadReport:
    """Code the encounters against a stand-in at a large model's pace, then against one that answers at once."""
    rules = build_pipeline(load_settings(index_dir=index_dir))
    with _server(LARGE_MODEL) as url:
        overheads = asyncio.run(_paced(asked_at(rules, _settings(url)), encounters, advance))
    with _server(AT_ONCE) as url:
        rate = asyncio.run(_rate(asked_at(rules, _settings(url)), encounters))
    p50, p95 = np.percentile(overheads, [50, 95]).tolist()
    return OverheadReport(
        encounters=len(encounters),
        requests=len(overheads),
        overhead_p50_ms=round(p50, 2),
        overhead_p95_ms=round(p95, 2),
        at_once_per_s=round(rate, 2),
    )


def measure_grammars(encounters: Sequence[Encounter], index_dir: Path | None, model: LocalModel) -> GrammarReport:
    """Make the grammar of every question of the encounters, as the in-process model and vLLM's backend do."""
    from llguidance import LLMatcher
    from llguidance.hf import from_tokenizer
    from transformers import PreTrainedTokenizerFast

    vocabulary = from_tokenizer(PreTrainedTokenizerFast.from_pretrained(model.folder, local_files_only=True))
    rules = build_pipeline(load_settings(index_dir=index_dir))
    asked = asked_at(rules, LlmSettings(base_url="http://127.0.0.1:9/v1"))
    took, most = [], 0
    for question in (q for encounter in encounters for q in _questions(asked, encounter)):
        started = time.perf_counter()
        schema = question.response_model.model_json_schema()
        grammar = LLMatcher.grammar_from_json_schema(schema, overrides={"whitespace_flexible": False})
        LLMatcher(vocabulary, grammar).compute_bitmask()
        took.append((time.perf_counter() - started) * 1000)
        most = max(most, len(question.candidates))
    p50, p99, worst = np.percentile(took, [50, 99, 100]).tolist()
    return GrammarReport(
        questions=len(took), most_candidates=most, p50_ms=round(p50, 2), p99_ms=round(p99, 2), worst_ms=round(worst, 2)
    )


def _questions(pipeline: Pipeline, encounter: Encounter) -> Sequence[Question]:
    model = pipeline.parts.model
    return QuestionMaker(offer_of(pipeline.prepare(encounter, Clock())), model).first_round() if model else ()


class _Timed:
    """An `LLM` that notes how long each question took beyond the server's own time."""

    def __init__(self, llm: LLM, pace: Pace) -> None:
        self._llm = llm
        self._pace = pace
        self.name = llm.name
        self.overheads_ms: list[float] = []

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,
        sample: int = 0,
    ) -> Answer[AnswerT]:
        started = time.perf_counter()
        answer = await self._llm.answer(messages, response_model, cache_salt=cache_salt, sample=sample)
        self.overheads_ms.append((time.perf_counter() - started) * 1000 - self._pace.held_ms(answer.usage))
        return answer

    async def aclose(self) -> None:
        await self._llm.aclose()


async def _paced(
    pipeline: Pipeline, encounters: Sequence[Encounter], advance: Callable[[int, int], None]
) -> list[float]:
    """Milliseconds of every request beyond the server's own, one encounter after the other."""
    model = pipeline.parts.model
    if model is None:
        return []
    timed = _Timed(model.llm, LARGE_MODEL)
    timing = Pipeline(replace(pipeline.parts, model=replace(model, llm=timed)))
    await timing.code(encounters[0])  # the first answer imports what every later one has
    timed.overheads_ms.clear()
    for done, encounter in enumerate(encounters):
        advance(done, len(encounters))
        await timing.code(encounter)
    await timing.aclose()
    return timed.overheads_ms


async def _rate(pipeline: Pipeline, encounters: Sequence[Encounter]) -> float:
    """Encounters a second, two on their way at a time."""
    slots = asyncio.Semaphore(_ENCOUNTERS_AT_ONCE)

    async def one(encounter: Encounter) -> None:
        async with slots:
            await pipeline.code(encounter)

    started = time.perf_counter()
    await asyncio.gather(*map(one, encounters))
    await pipeline.aclose()
    return len(encounters) / (time.perf_counter() - started)


@contextmanager
def _server(pace: Pace) -> Iterator[str]:
    """A stand-in in a process of its own, so that it takes no time of ours; its address."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(pace, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(pace: Pace, there: Connection) -> None:
    async def forever() -> None:
        async with StandInServer(pace) as server:
            there.send(server.url)
            await asyncio.Event().wait()

    asyncio.run(forever())


def _settings(url: str) -> LlmSettings:
    return LlmSettings(base_url=url, concurrency=64, explain=False)
