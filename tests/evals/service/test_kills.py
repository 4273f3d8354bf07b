"""Behaviour of the kill evaluation: it kills where it says, and would see what it looks for."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from agent.store.case_store import CaseStore
from agent.store.opening import open_store
from evals.service.kills import _looked, measure_kills, throwaway_store
from evals.service.processes import WORK, Errand, ended, forked, submits
from evals.service.steps import STEPS, KillAt, Scene, Step
from medcoding.errors import InputError, IntegrityError
from tests.stores import CODER, coded, handed_in, visit


@pytest.fixture
def errand(tmp_path: Path) -> Errand:
    """Two visits for an embedded store."""
    return Errand(throwaway_store(tmp_path, None), CODER, (visit("visit-1"), visit("visit-2")))


@pytest.fixture
def store(errand: Errand) -> Iterator[CaseStore]:
    """The store, opened in this process."""
    opened = open_store(errand.settings, lambda _: None)
    yield opened
    opened.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("name", ["submit.case", "finish.moved", "renew.closed"])
def test_nothing_is_lost_where_a_process_is_killed(tmp_path: Path, name: str) -> None:
    """One seed at one step of each kind; the whole evaluation has every step and many seeds."""
    steps = [step for step in STEPS if step.name == name]
    settings = throwaway_store(tmp_path, None)
    report = measure_kills(settings, steps=steps, seeds=1, advance=lambda _done, _total: None)
    assert (report.trials, report.killed) == (1, 1)
    assert (report.lost, report.doubled, report.untrailed) == (0, 0, 0)
    assert report.versions >= 2


def test_a_database_in_use_is_not_used_up(tmp_path: Path, store: CaseStore) -> None:
    """Only an empty one is taken: an evaluation must not play with a hospital's cases."""
    handed_in(store)
    for key in tmp_path.glob("*.key"):
        key.unlink()
    with pytest.raises(InputError, match="name an empty one"):
        throwaway_store(tmp_path, store.settings.url)


def test_steps_are_named_once_and_enough() -> None:
    """At least twelve, each in a scene in which it is reached."""
    assert len({step.name for step in STEPS}) == len(STEPS) >= 12
    assert {step.scene for step in STEPS} == set(Scene)
    assert Step("finish.moved", Scene.WORKS) in STEPS
    assert WORK.heartbeat_s < WORK.lease_s


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_is_killed_at_the_step_and_not_before() -> None:
    """SIGKILL, as the operating system says; a process that never reaches the step ends well."""

    def takes(step: str) -> Callable[[], None]:
        hook = KillAt("lease.written", 2)

        def take() -> None:
            hook("lease.written")
            hook(step)

        return take

    assert ended(forked(takes("lease.written")))
    assert not ended(forked(takes("lease.begun")))
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_that_fails_is_not_taken_for_killed(capfd: pytest.CaptureFixture[str]) -> None:
    """An error in a process of the evaluation ends the evaluation."""
    with pytest.raises(IntegrityError):
        ended(forked(lambda: os._exit(3)))
    assert "Traceback" not in capfd.readouterr().err


def test_a_case_without_an_answer_counts_as_lost(store: CaseStore, errand: Errand) -> None:
    """One was never handed in, one was never answered."""
    handed_in(store)
    found = _looked(errand, killed=True)
    assert (found.versions, found.lost, found.doubled) == (1, 2, 0)


def test_whatever_does_not_fit_the_trail_is_counted(store: CaseStore, errand: Errand) -> None:
    """An answer put in beside the store's own way has no row; a version too many is a doubled one."""
    for case in ("visit-1", "visit-2"):
        asyncio.run(coded(store, visit(case)))
    whole = _looked(errand, killed=True)
    assert (whole.lost, whole.doubled, whole.untrailed) == (0, 0, 0)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE versions SET attempts = attempts + 1"))
    assert _looked(errand, killed=True).untrailed == 2
    asyncio.run(coded(store, visit("visit-3")))
    assert _looked(errand, killed=True).doubled == 1


def test_a_sender_who_repeats_everything_makes_nothing_twice(store: CaseStore, errand: Errand) -> None:
    """The keys of the evaluation's sender are the same each time."""
    for _ in range(3):
        submits(errand)
    assert _looked(errand, killed=False).versions == 2
