"""A suite through the production pipeline: resumable, in parallel, one record an encounter and one of the whole."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock, Timeout

from agent.bootstrap import build_pipeline
from agent.combine import CombinationTable
from agent.pipeline import Pipeline
from agent.settings import Settings
from evals import provenance
from evals.crew import Build, Crew
from evals.examine import examine, unanswered
from evals.failure_classes import failure_classes
from evals.loaders.gold_set import GoldSet
from evals.run_record import (
    ENCOUNTERS,
    Dataset,
    EncounterRecord,
    RunRecord,
    append,
    read_record,
    repaired,
    write_record,
)
from evals.stage_totals import stage_totals
from evals.suite_choice import SuiteChoice, load_chosen
from evals.summary import summarise
from evals.unscored import within_scope
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import ConfigError, InputError
from medcoding.result import Stamp

_LOCK: Final = "run.lock"

Told = Callable[[int, int], None]
"""Hears how many encounters are done, and of how many."""


def _silent(_done: int, _wanted: int) -> None:
    """Where nobody listens."""


class RunPlan(NamedTuple):
    """What is to be run."""

    choice: SuiteChoice
    folder: Path
    settings: Settings
    workers: int | None = None
    """Processes; with a model server questions in flight from one process. None: 1, or what the settings allow."""
    limit: int | None = None
    """Only so many encounters, the first of the suite."""


class RunOutcome(NamedTuple):
    """What this sitting did, and the record of the whole."""

    record: RunRecord
    resumed_at: int
    """Encounters that an earlier sitting had recorded."""
    answered: int
    """Encounters of this sitting, those that failed included."""
    seconds: float
    """Of this sitting, without building the pipeline of this process and without the figures."""


class _Sitting(NamedTuple):
    plan: RunPlan
    pipeline: Pipeline
    build: Build


def run_suite(plan: RunPlan, told: Told = _silent, build: Build = build_pipeline) -> RunOutcome:
    """Run what is missing in the folder, then write the figures over everything in it.

    Raises `InputError` for a folder of another run or one that is being written, `DependencyError` when a neighbour is
    down and no fallback is allowed; what was answered until then stays.
    """
    gold = load_chosen(plan.choice)
    wanted = gold.encounters[: plan.limit]
    pipeline = build(plan.settings)
    with _alone_in(plan.folder):
        record = _begun(plan, gold, len(wanted), pipeline.parts.stamp)
        entries = list(repaired(plan.folder / ENCOUNTERS))
        done = {entry.case_id for entry in entries}
        missing = [encounter for encounter in wanted if encounter.case_id not in done]
        record = record.model_copy(update={"wanted": len(done) + len(missing), "finished": None})
        started = time.perf_counter()
        if missing:
            write_record(plan.folder, record)
            told(len(done), record.wanted)
            with (plan.folder / ENCOUNTERS).open("ab") as file:
                for entry in _answers(_Sitting(plan, pipeline, build), missing):
                    append(file, entry)
                    entries.append(entry)
                    told(len(entries), record.wanted)
        seconds = time.perf_counter() - started
        record = _concluded(record, entries)
        write_record(plan.folder, record)
    return RunOutcome(record, len(done), len(missing), seconds)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, timeout=0):
            yield
    except Timeout:
        raise InputError(f"Another run is writing to {folder}; wait for it or name another folder.") from None
    except (FileExistsError, NotADirectoryError, PermissionError):
        raise ConfigError(f"{folder} cannot be written to; name another folder.") from None


def _begun(plan: RunPlan, gold: GoldSet, wanted: int, stamp: Stamp) -> RunRecord:
    """The record to go on with: the folder's own when it is of the same run, else a new one in an empty folder."""
    scoring = provenance.scoring_digest()
    held = read_record(plan.folder)
    if held is not None:
        _refuse_another(held, gold, stamp, scoring, plan.folder)
        return held
    if (plan.folder / ENCOUNTERS).exists():
        raise InputError(f"{plan.folder} holds encounters of an unknown run; name another folder.")
    return RunRecord(
        dataset=_dataset(gold, plan.choice),
        stamp=stamp,
        scoring=scoring,
        commit=provenance.commit(),
        versions=provenance.versions(),
        arguments={"workers": plan.workers, "limit": plan.limit, "model": plan.settings.llm.model},
        started=datetime.now(UTC),
        wanted=wanted,
    )


def _dataset(gold: GoldSet, choice: SuiteChoice) -> Dataset:
    return Dataset(
        name=gold.name,
        digest=gold.digest,
        encounters=len(gold.encounters),
        scope=gold.scope,
        assumed=gold.assumed,
        refused=len(gold.refused),
        choice=choice,
    )


def _refuse_another(held: RunRecord, gold: GoldSet, stamp: Stamp, scoring: str, folder: Path) -> None:
    before, now = held.stamp.model_dump(), stamp.model_dump()
    differing = [name for name in now if now[name] != before[name]]
    if held.dataset.digest != gold.digest:
        differing.append("gold")
    if held.scoring != scoring:
        differing.append("scoring")
    if differing:
        raise InputError(f"{folder} holds another run ({', '.join(differing)} differ); name another folder.")


def _answers(sitting: _Sitting, missing: Sequence[CodedEncounter]) -> Iterator[EncounterRecord]:
    """Records as they come: several processes without a model server, one process of many questions with it."""
    plan, parts = sitting.plan, sitting.pipeline.parts
    workers = plan.workers or (parts.model.settings.concurrency if parts.model else 1)
    if parts.model is None and workers > 1:
        with closing(Crew(plan.settings, sitting.build, partial(unanswered, parts))) as crew:
            yield from crew.answers(missing, workers)
    else:
        yield from _answered_here(sitting, missing, workers)


def _answered_here(sitting: _Sitting, missing: Sequence[CodedEncounter], at_once: int) -> Iterator[EncounterRecord]:
    """At most `at_once` encounters in flight; each is yielded as soon as it is there."""
    pipeline, limits = sitting.pipeline, sitting.plan.settings.limits
    waiting = iter(missing)
    with asyncio.Runner() as runner:
        flying: set[asyncio.Task[EncounterRecord]] = set()
        loop = runner.get_loop()
        try:
            while True:
                while len(flying) < at_once and (gold := next(waiting, None)) is not None:
                    flying.add(loop.create_task(examine(pipeline, gold, limits)))
                if not flying:
                    break
                landed, flying = runner.run(_first_landed(flying))
                for task in landed:
                    yield task.result()
        finally:
            runner.run(pipeline.aclose())


async def _first_landed(
    flying: set[asyncio.Task[EncounterRecord]],
) -> tuple[set[asyncio.Task[EncounterRecord]], set[asyncio.Task[EncounterRecord]]]:
    return await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)


def _concluded(record: RunRecord, entries: Sequence[EncounterRecord]) -> RunRecord:
    """The record with every figure."""
    scored = [entry.scored for entry in entries]
    pairs = [(entry.scored, entry.ledger) for entry in entries if entry.ledger is not None]
    unanswered_gold = sum(len(entry.scored.gold) for entry in entries if entry.ledger is None)
    by_source: Counter[str] = Counter()
    for entry in entries:
        by_source.update(entry.by_source)
    return record.model_copy(
        update={
            "finished": max(entry.finished for entry in entries),
            "failed": sum(entry.failure is not None for entry in entries),
            "by_source": dict(sorted(by_source.items())),
            "summary": within_scope(summarise(scored), record.dataset.scope),
            "ledger": stage_totals([ledger for _, ledger in pairs], unanswered_gold),
            "failure_classes": failure_classes(pairs, CombinationTable()),
        }
    )
