"""One worker: takes a case in hand, codes it, answers it once. Whatever stops it, the case is taken up again."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final, Protocol

from agent.store.case_store import CaseStore
from agent.store.errors import ErasedError, LeaseLostError
from agent.store.leases import Lease
from agent.work.settings import WorkSettings
from medcoding.encounter import Encounter
from medcoding.errors import ConfigError, DependencyError, InputError, IntegrityError, ModelOutputError
from medcoding.result import CodingResult

_log = logging.getLogger(__name__)
_OURS_TO_PASS: Final = (asyncio.CancelledError, KeyboardInterrupt, SystemExit)

TIMEOUT: Final = "timeout"
_INTERNAL: Final = "internal_error"
_ERRORS: Final[tuple[tuple[type[Exception], str, bool], ...]] = (
    (ErasedError, "erased", False),
    (InputError, "invalid_input", False),
    (IntegrityError, "damaged", False),
    (ConfigError, "configuration", True),
    (ModelOutputError, "unusable_model_answer", True),
    (DependencyError, "dependency_down", True),
)
"""Kind of error, its code in the store, and whether another attempt may end otherwise."""


class Coder(Protocol):
    """What a worker needs of the pipeline."""

    async def code(self, encounter: Encounter) -> CodingResult:
        """The coding result of one encounter."""


class Worker:
    """Works until it is told to stop, one case at a time."""

    def __init__(self, store: CaseStore, coder: Coder, settings: WorkSettings, name: str) -> None:
        """`name` stands in the trail: the host, the process, the number among its workers."""
        self._store = store
        self._coder = coder
        self._settings = settings
        self._name = name

    async def run(self, stop: asyncio.Event) -> None:
        """Work on whatever is due until `stop` is set; a case in hand is then given back."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            lease = await self._taken()
            if lease is None:
                await asyncio.wait((stopping,), timeout=self._settings.poll_s)
            else:
                await self._work_on(lease, stopping)
        stopping.cancel()

    async def _taken(self) -> Lease | None:
        try:
            return await asyncio.to_thread(self._store.take, self._name, self._settings.terms)
        except Exception as error:  # noqa: BLE001 - a database that is down for a while must not end the worker
            _log.warning("No case can be taken up: %s", type(error).__name__)
            return None

    async def _work_on(self, lease: Lease, stopping: asyncio.Task[bool]) -> None:
        """Code a case while the lease is renewed, and write down how it ended."""
        coding, beating = asyncio.create_task(self._coded(lease)), asyncio.create_task(self._beat(lease))
        waited = (coding, beating, stopping)
        done, _ = await asyncio.wait(waited, timeout=self._settings.timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for task in (coding, beating):
            task.cancel()
        ended, _ = await asyncio.gather(coding, beating, return_exceptions=True)
        if beating not in done or coding in done:
            await self._write_down(lease, ended, stopped=stopping in done)

    async def _coded(self, lease: Lease) -> tuple[Encounter, CodingResult]:
        encounter = await asyncio.to_thread(self._store.opened, lease)
        self._store.ledger.step("work.opened")
        try:
            result = await self._coder.code(encounter)
        except _OURS_TO_PASS:
            raise
        except Exception:
            raise
        except BaseException as panic:  # noqa: BLE001 - the search core's panic is a BaseException
            raise RuntimeError(type(panic).__name__) from None
        self._store.ledger.step("work.coded")
        return encounter, result

    async def _beat(self, lease: Lease) -> None:
        """Renew the lease until it is lost."""
        held = True
        while held:
            await asyncio.sleep(self._settings.heartbeat_s)
            with suppress(DependencyError):  # the next beat may get through
                held = await asyncio.to_thread(self._store.renew, lease, self._settings.terms)

    async def _write_down(
        self, lease: Lease, ended: tuple[Encounter, CodingResult] | BaseException, *, stopped: bool
    ) -> None:
        try:
            await asyncio.to_thread(self._ended, lease, ended, stopped)
        except LeaseLostError:
            _log.info("Case %s was taken up by another worker", lease.case.case)
        except Exception as error:  # noqa: BLE001 - the lease ends by itself and the case is taken up again
            _log.warning("Case %s could not be written down: %s", lease.case.case, type(error).__name__)

    def _ended(self, lease: Lease, ended: tuple[Encounter, CodingResult] | BaseException, stopped: bool) -> None:
        if isinstance(ended, tuple):
            self._store.finish(lease, *ended)
        elif stopped and isinstance(ended, asyncio.CancelledError):
            self._store.give_back(lease)
        elif not isinstance(ended, LeaseLostError):
            code, retry = _code_of(ended)
            _log.warning("Case %s met %s", lease.case.case, type(ended).__name__)
            self._store.fail(lease, code, self._settings.terms, retry=retry)


def _code_of(error: BaseException) -> tuple[str, bool]:
    """An error's code, and whether another attempt may end otherwise."""
    if isinstance(error, asyncio.CancelledError):
        return TIMEOUT, True
    return next(((code, again) for kind, code, again in _ERRORS if isinstance(error, kind)), (_INTERNAL, True))
