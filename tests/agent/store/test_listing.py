"""Behaviour of worklists and locks: the longest waiting first, page by page, nobody's case taken by two."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.store.case_store import CaseStore
from agent.store.errors import ConflictError, NoSuchCaseError
from agent.store.records import CaseState, WorklistQuery
from medcoding.access import Actor
from medcoding.encounter import Setting
from medcoding.errors import InputError
from medcoding.result import Route
from tests.stores import CODER, ELSEWHERE, MovedClock, coded, handed_in, opened_store, visit


@pytest.fixture
def clock() -> MovedClock:
    """A clock that the test moves."""
    return MovedClock()


@pytest.fixture
def store(tmp_path: Path, clock: MovedClock) -> Iterator[CaseStore]:
    """A store on that clock."""
    with opened_store(tmp_path, clock) as opened:
        yield opened


def listed(store: CaseStore, actor: Actor = CODER, **query: object) -> list[str]:
    """Ids of the cases on the first page."""
    return [case.id for case in store.worklist(actor, WorklistQuery.model_validate(query)).cases]


def test_pages_follow_each_other_without_gap_or_repeat(store: CaseStore, clock: MovedClock) -> None:
    """Seven cases, two of the same moment, three a page: each once, in the order they came."""
    cases = []
    for number in range(7):
        cases.append(handed_in(store, visit(f"visit-{number}")))
        clock.move(0 if number == 2 else 1)
    seen: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = store.worklist(CODER, WorklistQuery(limit=3, cursor=cursor))
        seen += [case.id for case in page.cases]
        cursor, pages = page.cursor, pages + 1
    assert pages == 3
    assert sorted(seen) == sorted(cases)
    assert (seen[:2], seen[4:]) == (cases[:2], cases[4:])


async def test_lists_are_by_lane_state_setting_and_specialty(store: CaseStore) -> None:
    """Each filter keeps what it asks for."""
    done = await coded(store, visit("visit-1", specialty="cardiology"))
    waits = handed_in(store, visit("visit-2", setting=Setting.ED))
    assert listed(store, lane=Route.CODER) == [done]
    assert listed(store, lane=Route.DOCUMENTATION) == []
    assert listed(store, state=CaseState.QUEUED) == [waits]
    assert listed(store, setting=Setting.ED) == [waits]
    assert listed(store, specialty="cardiology") == [done]
    assert listed(store, edition="FY2027") == [done]
    assert listed(store, review="open") == [done]


def test_only_the_latest_version_is_listed(store: CaseStore) -> None:
    """An addendum replaces the version before it on the list."""
    case = handed_in(store)
    store.submit(CODER, visit(text="Gout, resolved."), body=b"")
    (summary,) = store.worklist(CODER, WorklistQuery()).cases
    assert (summary.id, summary.version) == (case, 2)


def test_a_list_is_a_tenants_own(store: CaseStore) -> None:
    """Another hospital's cases are on no list and are no cases."""
    theirs = handed_in(store, actor=ELSEWHERE)
    assert listed(store) == []
    for ask in (store.status, store.chart, store.result_json, store.lock, store.timeline, store.erase_case):
        with pytest.raises(NoSuchCaseError):
            ask(CODER, theirs)
    assert listed(store, ELSEWHERE) == [theirs]


def written(words: str) -> str:
    """Words as a cursor writes them."""
    return base64.urlsafe_b64encode(words.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "",
        "ü",
        written("2026"),
        written(f"2026-11-24 {'a' * 32}"),
        written("2026-11-24T08:00:00+00:00 \x00"),
        written(f"0001-01-01T00:00:00+23:59 {'a' * 32}"),
    ],
)
def test_a_cursor_that_is_none_is_refused(store: CaseStore, cursor: str) -> None:
    """Whatever else a caller sends, the answer names the mend."""
    with pytest.raises(InputError, match="first page"):
        store.worklist(CODER, WorklistQuery(cursor=cursor))


def test_a_lock_is_one_persons_until_it_ends(store: CaseStore, clock: MovedClock) -> None:
    """A second coder is refused, the first may hold on, and what is forgotten is free again after its time."""
    case = handed_in(store)
    colleague = CODER.model_copy(update={"id": "coder-9"})
    assert store.lock(CODER, case).locked_by == CODER.id
    with pytest.raises(ConflictError, match="Another person"):
        store.lock(colleague, case)
    with pytest.raises(ConflictError, match="only they"):
        store.unlock(colleague, case)
    clock.move(store.settings.lock_s - 1)
    store.lock(CODER, case)
    clock.move(store.settings.lock_s - 1)
    assert listed(store, locked_by=CODER.id) == [case]
    clock.move(2)
    assert store.status(CODER, case).locked_by is None
    assert store.lock(colleague, case).locked_by == "coder-9"
    assert store.unlock(colleague, case).locked_by is None
