"""Behaviour of following a case: told at once, told again when it changes, ended with its last word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from agent.serve import case_events
from agent.serve.case_events import progress
from agent.store.case_store import CaseStore
from medcoding.errors import DependencyError
from tests.stores import CODER, TERMS, handed_in, opened_store, result_of, visit


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseStore]:
    """A store at which followers look in quick succession."""
    monkeypatch.setattr(case_events, "_LOOK_S", 0.01)
    with opened_store(tmp_path) as opened:
        yield opened


def followed(store: CaseStore, case: str) -> AsyncGenerator[str, None]:
    """The events of a case from now."""
    return progress(store, CODER, store.status(CODER, case))


async def told(events: AsyncGenerator[str, None]) -> tuple[str, str]:
    """The next event that is no comment: its name and the state it tells."""
    async with asyncio.timeout(20):
        while (event := await anext(events)).startswith(":"):
            pass
    name, data = event.strip().split("\n")
    return name, json.loads(data.removeprefix("data: "))["state"]


async def test_every_change_is_told_once(store: CaseStore) -> None:
    """Queued, with a worker, done; after that there is nothing to wait for."""
    case = handed_in(store)
    async with aclosing(followed(store, case)) as events:
        assert await told(events) == ("event: status", "queued")
        lease = store.take("worker-1", TERMS)
        assert lease is not None
        assert await told(events) == ("event: status", "leased")
        store.finish(lease, store.opened(lease), await result_of(visit()))
        assert await told(events) == ("event: done", "done")
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_a_case_that_is_done_says_so_at_once(store: CaseStore) -> None:
    """One event, and the end."""
    case = handed_in(store)
    lease = store.take("worker-1", TERMS)
    assert lease is not None
    store.finish(lease, store.opened(lease), await result_of(visit()))
    assert [event.split("\n")[0] async for event in followed(store, case)] == ["event: done"]


async def test_a_wait_without_news_shows_that_it_lives(store: CaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment now and then, which readers of events skip; the state is not told twice."""
    monkeypatch.setattr(case_events, "_LOOKS_A_SIGN", 2)
    async with aclosing(followed(store, handed_in(store))) as events, asyncio.timeout(20):
        assert [(await anext(events))[:1] for _ in range(3)] == ["e", ":", ":"]


async def test_a_database_that_is_down_for_a_moment_ends_nothing(
    store: CaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The follower looks again."""
    case, looks, status = handed_in(store), 0, store.status

    def failing_at_first(*asked: object) -> object:
        nonlocal looks
        looks += 1
        if looks <= 2:
            raise DependencyError("the database does not answer")
        return status(*asked)  # type: ignore[arg-type]

    async with aclosing(followed(store, case)) as events:
        assert await told(events) == ("event: status", "queued")
        monkeypatch.setattr(store, "status", failing_at_first)
        assert store.take("worker-1", TERMS) is not None
        assert await told(events) == ("event: status", "leased")
    assert looks == 3
