"""Behaviour of erasure: the text is gone from every file, the trail stays and still verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.store.case_store import CaseStore
from agent.store.errors import ErasedError
from agent.store.records import CaseState, WorklistQuery
from tests.stores import CODER, ELSEWHERE, TERMS, MovedClock, coded, handed_in, opened_store, visit


@pytest.fixture
def clock() -> MovedClock:
    """A clock that the test moves."""
    return MovedClock()


@pytest.fixture
def store(tmp_path: Path, clock: MovedClock) -> Iterator[CaseStore]:
    """A store on that clock."""
    with opened_store(tmp_path, clock) as opened:
        yield opened


def sealed_bytes(store: CaseStore) -> list[bytes]:
    """Everything sealed that the database holds of its versions."""
    with store.engine.connect() as connection:
        columns = ("encounter FROM versions", "label FROM versions", "result FROM answers", "wrapped_key FROM cases")
        found = [value for column in columns for (value,) in connection.exec_driver_sql(f"SELECT {column}")]
    return [value for value in found if value is not None]


async def test_an_erased_case_cannot_be_read_again(store: CaseStore, tmp_path: Path) -> None:
    """Its sealed bytes and its key are in no file of the store any more; its trail says who erased it."""
    case = await coded(store)
    sealed = sealed_bytes(store)
    assert len(sealed) == 4
    store.erase_case(CODER, case)
    held = b"".join(file.read_bytes() for file in tmp_path.glob("cases.sqlite*"))
    assert [one for one in sealed if one in held] == []
    for ask in (store.chart, store.result_json):
        with pytest.raises(ErasedError):
            ask(CODER, case)
    summary = store.status(CODER, case)
    assert (summary.erased, summary.case_id, summary.specialty) == (True, None, None)
    assert store.timeline(CODER, case)[-1].action == "case.erased"
    assert store.verify()[CODER.tenant].bad is None


async def test_the_next_submission_begins_a_new_case(store: CaseStore) -> None:
    """The sender's id of the visit leads to nothing that was erased."""
    case = await coded(store)
    store.erase_case(CODER, case)
    again = store.submit(CODER, visit(), body=b"")
    assert (again.created, again.case.version) == (True, 1)
    assert again.case.case != case


def test_a_case_erased_while_it_waits_is_not_coded(store: CaseStore) -> None:
    """Nor while it is in hand: the worker's answer is thrown away."""
    waiting = handed_in(store, visit("visit-1"))
    lease = store.take("worker-1", TERMS)
    assert lease
    store.erase_case(CODER, waiting)
    assert store.take("worker-2", TERMS) is None
    assert not store.renew(lease, TERMS)
    assert store.status(CODER, waiting).state is CaseState.FAILED


async def test_an_erased_tenant_leaves_only_its_trail(store: CaseStore) -> None:
    """No case of it opens, no new one is taken in, another tenant goes on as before."""
    ours, theirs = await coded(store), await coded(store, actor=ELSEWHERE)
    exported = store.heads()
    assert store.erase_tenant(CODER) == 1
    with pytest.raises(ErasedError):
        store.chart(CODER, ours)
    with pytest.raises(ErasedError):
        handed_in(store, visit("visit-2"))
    assert store.chart(ELSEWHERE, theirs).result
    assert {name: checked.bad for name, checked in store.verify(exported=exported).items()} == {
        CODER.tenant: None,
        ELSEWHERE.tenant: None,
    }
    assert [case.erased for case in store.worklist(CODER, WorklistQuery()).cases] == [True]


async def test_retention_erases_what_is_past_its_time(store: CaseStore, clock: MovedClock) -> None:
    """A case goes once every version was done so long ago; what waits or is younger stays."""
    old, corrected = await coded(store, visit("visit-1")), await coded(store, visit("visit-2"))
    clock.move(80 * 86_400)
    await coded(store, visit("visit-2", "Gout, corrected."))
    clock.move(11 * 86_400)
    waits = handed_in(store, visit("visit-3"))
    assert store.erase_expired(CODER, 90) == 1
    assert store.erase_expired(CODER, 90) == 0
    erased = {case: store.status(CODER, case).erased for case in (old, corrected, waits)}
    assert erased == {old: True, corrected: False, waits: False}
