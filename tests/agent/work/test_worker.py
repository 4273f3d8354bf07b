"""Behaviour of a worker: what is due is coded, what fails is told by a code, what is in hand at the end goes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from agent.store.case_store import CaseStore
from agent.store.records import CaseState, CaseSummary
from agent.work.crew import working
from agent.work.settings import WorkSettings
from agent.work.worker import Coder
from evals.service.quick_coder import QuickCoder
from medcoding.encounter import Encounter
from medcoding.errors import DependencyError, InputError, IntegrityError, ModelOutputError
from medcoding.result import CodingResult
from tests.stores import CODER, SAID, handed_in, opened_store, visit

WORK: Final = WorkSettings(lease_s=0.5, heartbeat_s=0.05, poll_s=0.02, max_attempts=2, retry_s=0)


class CorePanicError(BaseException):
    """Stands for the search core's panic, which is no `Exception`."""


class Failing:
    """Ends every encounter in the same error."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.calls = 0

    async def code(self, encounter: Encounter) -> CodingResult:
        """Fail."""
        self.calls += 1
        raise self.error


class Waiting(QuickCoder):
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def code(self, encounter: Encounter) -> CodingResult:
        """The answer, later."""
        self.begun.set()
        await self.may_end.wait()
        return await super().code(encounter)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A store of the test's own."""
    with opened_store(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def at_work(store: CaseStore, coder: Coder, count: int = 1, **changes: object) -> AsyncIterator[None]:
    """Workers at work."""
    async with working(store, coder, WORK.model_copy(update=changes), count):
        yield


async def ended(store: CaseStore, case: str) -> CaseSummary:
    """The case once it is done or given up."""
    async with asyncio.timeout(20):
        while True:
            summary = await asyncio.to_thread(store.status, CODER, case)
            if summary.state in {CaseState.DONE, CaseState.FAILED}:
                return summary
            await asyncio.sleep(0.02)


async def test_whatever_waits_is_coded(store: CaseStore) -> None:
    """Three workers share seven cases; each is answered once, with its own answer."""
    cases = [handed_in(store, visit(f"visit-{number}")) for number in range(7)]
    async with at_work(store, QuickCoder(), count=3):
        summaries = [await ended(store, case) for case in cases]
    assert {summary.state for summary in summaries} == {CaseState.DONE}
    for number, case in enumerate(cases):
        result = store.chart(CODER, case).result
        assert result is not None
        assert result.case_id == f"visit-{number}"
        assert [event.action for event in store.timeline(CODER, case)].count("case.coded") == 1


@pytest.mark.parametrize(
    ("error", "code", "attempts"),
    [
        (InputError(SAID), "invalid_input", 1),
        (IntegrityError(SAID), "damaged", 1),
        (DependencyError(SAID), "dependency_down", 2),
        (ModelOutputError(SAID), "unusable_model_answer", 2),
        (ValueError(SAID), "internal_error", 2),
        (CorePanicError(SAID), "internal_error", 2),
    ],
)
async def test_failures_are_told_by_a_code(
    store: CaseStore, caplog: pytest.LogCaptureFixture, error: BaseException, code: str, attempts: int
) -> None:
    """What cannot end otherwise is given up at once, the rest after the allowed attempts; no word of it stays."""
    caplog.set_level(logging.DEBUG)
    case, coder = handed_in(store), Failing(error)
    async with at_work(store, coder):
        summary = await ended(store, case)
    assert (summary.state, summary.error, coder.calls) == (CaseState.FAILED, code, attempts)
    assert SAID not in caplog.text
    assert SAID not in repr(store.timeline(CODER, case))


async def test_signs_of_life_keep_a_long_case(store: CaseStore) -> None:
    """An encounter that takes longer than the lease stays with its worker, though another one is idle."""
    case, coder = handed_in(store), Waiting()
    async with at_work(store, coder, count=2):
        await coder.begun.wait()
        await asyncio.sleep(2 * WORK.lease_s)
        coder.may_end.set()
        summary = await ended(store, case)
    assert (summary.state, summary.attempts) == (CaseState.DONE, 1)


async def test_what_is_in_hand_at_the_end_goes_back(store: CaseStore) -> None:
    """A worker that is stopped uses up no attempt, and the next one takes the case up at once."""
    case, coder = handed_in(store), Waiting()
    async with at_work(store, coder):
        await coder.begun.wait()
    summary = store.status(CODER, case)
    assert (summary.state, summary.attempts) == (CaseState.QUEUED, 0)
    async with at_work(store, QuickCoder()):
        assert (await ended(store, case)).state is CaseState.DONE


async def test_an_attempt_that_takes_too_long_is_ended(store: CaseStore) -> None:
    """It counts as an attempt, told as a timeout."""
    case = handed_in(store)
    async with at_work(store, Waiting(), timeout_s=0.1):
        summary = await ended(store, case)
    assert (summary.state, summary.error, summary.attempts) == (CaseState.FAILED, "timeout", 2)


async def test_a_case_erased_meanwhile_is_left_alone(store: CaseStore) -> None:
    """The worker's answer is thrown away and the worker goes on with the next."""
    case, coder = handed_in(store), Waiting()
    async with at_work(store, coder):
        await coder.begun.wait()
        await asyncio.to_thread(store.erase_case, CODER, case)
        coder.may_end.set()
        other = await asyncio.to_thread(handed_in, store, visit("visit-2"))
        assert (await ended(store, other)).state is CaseState.DONE
    assert store.status(CODER, case).error == "erased"


async def test_a_database_that_is_away_does_not_end_the_worker(store: CaseStore) -> None:
    """While it does not answer nothing is taken up; once it does, work goes on."""
    case = handed_in(store)
    real, looks = store.ledger.step, asyncio.Event()

    def away(step: str) -> None:
        if step == "lease.begun":
            looks.set()
            raise DependencyError("The database does not answer; start it.", retryable=True)

    store.ledger.step = away
    async with at_work(store, QuickCoder()):
        await looks.wait()
        store.ledger.step = real
        assert (await ended(store, case)).state is CaseState.DONE


def test_a_heartbeat_slower_than_the_lease_is_refused() -> None:
    """Such a worker would lose every case."""
    with pytest.raises(ValueError, match="shorter than the lease"):
        WorkSettings(lease_s=5, heartbeat_s=5)
