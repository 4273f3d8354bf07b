"""Does every fault of a model server end in a labelled result, and in time?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from agent.bootstrap import LIVE_PROMPT, build_pipeline
from agent.llm import LlmSettings
from agent.pipeline import Pipeline
from agent.questions import Model
from agent.settings import load_settings
from agent.vllm import VllmLLM
from evals.model_path.stand_in import FAULTS, StandInServer
from medcoding.encounter import Encounter
from medcoding.proposal import Source
from medcoding.record import Record
from medcoding.result import CodingResult
from prompts.loader import load_prompt

DEADLINE_S: Final = 3.0
_KILLED: Final = "killed"
_SECRET: Final = b"secret of a measurement"


class FaultOutcome(Record):
    """One encounter against one fault."""

    fault: str
    seconds: float
    codes: int
    labelled: bool
    """No code claims to come from the model, and every code says why rules chose it."""
    in_time: bool
    """Within the deadline of one question and one second, the rules' own time on the same encounter taken off."""


class FaultReport(Record):
    """Every fault on one encounter."""

    deadline_s: float
    rules_s: float
    """The same encounter without a model."""
    outcomes: tuple[FaultOutcome, ...]


def measure_faults(
    encounter: Encounter, index_dir: Path | None, advance: Callable[[int, int], None], deadline_s: float = DEADLINE_S
) -> FaultReport:
    """Code the encounter against each fault, with `deadline_s` for one question."""
    return asyncio.run(_measured(encounter, index_dir, advance, deadline_s))


async def _measured(
    encounter: Encounter, index_dir: Path | None, advance: Callable[[int, int], None], deadline_s: float
) -> FaultReport:
    rules = build_pipeline(load_settings(index_dir=index_dir))
    await rules.code(encounter)  # the first encounter fills caches
    started = time.perf_counter()
    await rules.code(encounter)
    rules_s = time.perf_counter() - started
    async with StandInServer() as server:  # the first answer imports what every later one has
        await asked_at(rules, LlmSettings(base_url=server.url)).code(encounter)
    outcomes = []
    names = (*FAULTS, _KILLED)
    for done, name in enumerate(names):
        advance(done, len(names))
        outcomes.append(await outcome_of(name, encounter, rules, deadline_s, rules_s))
    advance(len(names), len(names))
    return FaultReport(deadline_s=deadline_s, rules_s=round(rules_s, 3), outcomes=tuple(outcomes))


async def outcome_of(
    name: str, encounter: Encounter, rules: Pipeline, deadline_s: float, rules_s: float
) -> FaultOutcome:
    """Code one encounter against one fault; `rules_s` is what the rules alone take."""
    async with StandInServer(fault=FAULTS.get(name)) as server:
        settings = LlmSettings(base_url=server.url, timeout_s=deadline_s, total_s=deadline_s, concurrency=64)
        pipeline = asked_at(rules, settings)
        if name == _KILLED:
            server.close()
        started = time.perf_counter()
        result = await pipeline.code(encounter)
        seconds = time.perf_counter() - started
        await pipeline.aclose()
    return FaultOutcome(
        fault=name,
        seconds=round(seconds, 3),
        codes=len(result.codes),
        labelled=_labelled(result),
        in_time=seconds - rules_s <= deadline_s + 1,
    )


def asked_at(rules: Pipeline, settings: LlmSettings) -> Pipeline:
    """The same parts, with a model server beside them."""
    model = Model(VllmLLM(settings), load_prompt("verify", LIVE_PROMPT), _SECRET, settings, fallback_allowed=True)
    return Pipeline(replace(rules.parts, model=model))


def _labelled(result: CodingResult) -> bool:
    return bool(result.codes) and all(
        line.source is not Source.LLM and any("language model" in reason for reason in line.confidence_reasons)
        for line in result.codes
    )
