"""Processes of an evaluation: forked, so that a thousand of them cost no start; killed or ended by themselves.

The parent keeps no connection and no thread when it forks.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import func, select

from agent.store.case_store import CaseStore
from agent.store.errors import ConflictError
from agent.store.ledger import no_step
from agent.store.opening import open_store
from agent.store.settings import StoreSettings
from agent.store.tables import VersionRow
from agent.work.settings import WorkSettings
from agent.work.worker import Coder, Worker
from evals.service.quick_coder import QuickCoder
from evals.service.steps import Scene
from medcoding.access import Actor
from medcoding.encounter import Encounter
from medcoding.errors import DependencyError, IntegrityError
from medcoding.result import CodingResult

WORK: Final = WorkSettings(lease_s=0.4, heartbeat_s=0.1, poll_s=0.02, max_attempts=50, retry_s=0.01)
"""Short, so that what a killed worker had in hand is due again at once."""
_SLOW_S: Final = 0.5
_LONGEST_S: Final = 60.0

Hook = Callable[[str], None]


class Errand(NamedTuple):
    """What a process is to do: the encounters of one tenant, in the order of their versions."""

    settings: StoreSettings
    actor: Actor
    encounters: Sequence[Encounter]


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own; its number is returned at once."""
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return process


def ended(process: int) -> bool:
    """Wait for a process. True when it was killed, False when it ended well. Raises `IntegrityError` else."""
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    if os.waitstatus_to_exitcode(status):
        raise IntegrityError("A process of the evaluation ended in an error; run it again with one step to see which.")
    return False


def submits(errand: Errand, step: Hook = no_step) -> None:
    """Hand every encounter in under a key of its own, as a sender does who repeats what was not answered."""
    store = _opened(errand, step)
    for number, encounter in enumerate(errand.encounters):
        body = encounter.model_dump_json().encode()
        store.submit(errand.actor, encounter, body=body, idempotency_key=f"{errand.actor.tenant} {number}")


def works(errand: Errand, scene: Scene, workers: int, step: Hook = no_step) -> None:
    """Work until every version of the tenant has its answer."""
    asyncio.run(_works(errand, scene, workers, _opened(errand, step)))


class SlowCoder(QuickCoder):
    """Takes longer than a heartbeat."""

    async def code(self, encounter: Encounter) -> CodingResult:
        """The same, later."""
        await asyncio.sleep(_SLOW_S)
        return await super().code(encounter)


class FalteringCoder(QuickCoder):
    """Meets an outage at every second encounter, the first one included."""

    def __init__(self) -> None:
        self._calls = 0

    async def code(self, encounter: Encounter) -> CodingResult:
        """The same, or an outage."""
        self._calls += 1
        if self._calls % 2:
            raise DependencyError("The model server does not answer; start it.", retryable=True)
        return await super().code(encounter)


async def _works(errand: Errand, scene: Scene, workers: int, store: CaseStore) -> None:
    slow = scene in {Scene.WORKS_SLOWLY, Scene.IS_STOPPED}
    coder: Coder = FalteringCoder() if scene is Scene.MEETS_AN_OUTAGE else SlowCoder() if slow else QuickCoder()
    name = f"worker {os.getpid()}"
    began = time.monotonic()
    while not await asyncio.to_thread(all_answered, store, errand):
        if time.monotonic() - began > _LONGEST_S:
            raise DependencyError("The cases were not answered in time; give the evaluation a quieter machine.")
        stop = asyncio.Event()
        runs = [Worker(store, coder, WORK, f"{name}.{n}").run(stop) for n in range(workers)]
        tasks = [asyncio.create_task(run) for run in runs]
        await asyncio.sleep(0.1 if scene is Scene.IS_STOPPED else 0.05)
        while scene is not Scene.IS_STOPPED and not await asyncio.to_thread(all_answered, store, errand):
            await asyncio.sleep(0.03)
        stop.set()
        await asyncio.gather(*tasks)
        coder = QuickCoder() if scene is Scene.IS_STOPPED else coder


def all_answered(store: CaseStore, errand: Errand) -> bool:
    """Whether nothing of the tenant waits or is in hand."""
    waiting = select(func.count()).where(VersionRow.tenant == errand.actor.tenant, VersionRow.state != "done")
    with store.reading(errand.actor) as reading:
        return reading.connection.scalar(waiting) == 0


def _opened(errand: Errand, step: Hook) -> CaseStore:
    store = open_store(errand.settings, _silent)
    store.ledger.step = step
    return store


def _silent(sentence: str) -> None:
    raise ConflictError(sentence)
