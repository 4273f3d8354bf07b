"""Several processes that examine encounters, each with a pipeline and a hard-linked copy of the index of its own.

Every process is handed one encounter at a time, so that one that ends takes no other encounter with it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Final

from agent.pipeline import Pipeline
from agent.settings import Settings
from evals.examine import examine
from evals.run_record import EncounterRecord
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import ChartwrightError, DependencyError
from medcoding.record import Record

Build = Callable[[Settings], Pipeline]
"""A function of a module, so that a new process can import it."""

_THREADS: Final = "OMP_NUM_THREADS"
_LAST_WORDS_S: Final = 5.0


class _Ready(Record):
    """The process has its pipeline."""


class _Ended(Record):
    """The process ended while it coded an encounter, and took its answer with it."""

    exit_code: int | None


_Said = EncounterRecord | _Ready | _Ended


class _Worker:
    """One process and the encounter it was given."""

    def __init__(self, settings: Settings, build: Build) -> None:
        processes = multiprocessing.get_context("spawn")  # a fork would share the locks of threads that it lacks
        self.pipe, theirs = processes.Pipe()
        self.encounter: CodedEncounter | None = None
        self.is_ready = False
        self._process = processes.Process(target=_serve, args=(theirs, settings, build), daemon=True)
        with _one_thread():
            self._process.start()
        theirs.close()

    def give(self, encounter: CodedEncounter | None) -> None:
        """Hand over the next encounter, if there is one."""
        self.encounter = encounter
        if encounter is not None:
            with suppress(OSError):  # it has ended; its pipe says so when it is read
                self.pipe.send(encounter)

    def said(self) -> _Said:
        """What it says. Raises what it could not go on with, `DependencyError` when it never got ready."""
        try:
            said: _Said | ChartwrightError = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(_LAST_WORDS_S)
            if not self.is_ready:
                raise DependencyError("A worker ended before it was ready; try again with --workers 1.") from None
            return _Ended(exit_code=self._process.exitcode)
        if isinstance(said, ChartwrightError):
            raise said
        self.is_ready = True
        return said

    def close(self) -> None:
        """End the process."""
        self.pipe.close()
        self._process.terminate()
        self._process.join(_LAST_WORDS_S)


class Crew:
    """Workers over one list of encounters."""

    def __init__(
        self, settings: Settings, build: Build, lost: Callable[[CodedEncounter, str], EncounterRecord]
    ) -> None:
        """`lost` makes the record of an encounter whose process ended."""
        self._settings, self._build, self._lost = settings, build, lost
        self._workers: list[_Worker] = []

    def close(self) -> None:
        """End every process."""
        for worker in self._workers:
            worker.close()

    def answers(self, encounters: Iterable[CodedEncounter], workers: int) -> Iterator[EncounterRecord]:
        """A record for each encounter, as they come. Raises what a worker could not go on with."""
        waiting = deque(encounters)
        for _ in range(min(workers, len(waiting))):
            self._hire().give(waiting.popleft())
        while busy := {worker.pipe: worker for worker in self._workers if worker.encounter}:
            for pipe in wait(list(busy)):
                worker = busy[pipe] if isinstance(pipe, Connection) else None
                if worker is not None and worker.encounter is not None:
                    yield from self._heard(worker, worker.encounter, waiting)

    def _heard(
        self, worker: _Worker, encounter: CodedEncounter, waiting: deque[CodedEncounter]
    ) -> Iterator[EncounterRecord]:
        said = worker.said()
        if isinstance(said, _Ready):
            return
        if isinstance(said, _Ended):
            self._workers.remove(worker)
            worker.close()
            worker = self._hire()
            said = self._lost(encounter, f"The process that coded it ended (exit code {said.exit_code}).")
        worker.give(waiting.popleft() if waiting else None)
        yield said

    def _hire(self) -> _Worker:
        worker = _Worker(self._settings, self._build)
        self._workers.append(worker)
        return worker


def _serve(pipe: Connection, settings: Settings, build: Build) -> None:
    """The work of one process, until the other end of its pipe is closed or gone."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            pipeline = build(settings)
        except ChartwrightError as refusal:
            pipe.send(refusal)
            return
        pipe.send(_Ready())
        with asyncio.Runner() as runner, closing(pipe):
            while True:
                gold = pipe.recv()
                try:
                    pipe.send(runner.run(examine(pipeline, gold, settings.limits)))
                except ChartwrightError as refusal:
                    pipe.send(refusal)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Two threads in each of several processes wait for each other; what is set already is left."""
    was = os.environ.get(_THREADS)
    os.environ.setdefault(_THREADS, "1")
    try:
        yield
    finally:
        if was is None:
            del os.environ[_THREADS]
