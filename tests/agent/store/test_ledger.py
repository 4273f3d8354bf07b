"""Behaviour of transactions: a change and its rows of the trail are one, and the trail refuses to be changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from agent.store.case_store import CaseStore
from agent.store.errors import ErasedError, NoSuchCaseError
from agent.store.records import CaseVersion, ReviewState
from medcoding.errors import DependencyError, IntegrityError
from tests.stores import CODER, ELSEWHERE, SAID, coded, handed_in, opened_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A store of the test's own."""
    with opened_store(tmp_path) as opened:
        yield opened


def test_a_change_without_a_row_of_the_trail_is_undone(store: CaseStore) -> None:
    """Whoever forgets the trail changes nothing."""
    case = handed_in(store)
    with pytest.raises(IntegrityError, match="no row in the trail"), store.change(CODER) as change:
        change.connection.execute(text("UPDATE cases SET locked_by = 'x'"))
    assert store.status(CODER, case).locked_by is None


def attest_too_early(store: CaseStore, case: CaseVersion) -> None:
    """A change that records something and then fails, because the case has no result."""
    with store.change(CODER) as change:
        change.record("review.accept", case)
        change.set_review(case, ReviewState.ATTESTED)


def test_a_change_that_fails_leaves_no_row(store: CaseStore) -> None:
    """An exception in the block takes what was recorded with it."""
    case = handed_in(store)
    before = store.trail(CODER)
    with pytest.raises(NoSuchCaseError):
        attest_too_early(store, CaseVersion(case, 1))
    assert store.trail(CODER) == before


async def test_a_change_and_its_rows_come_together(store: CaseStore) -> None:
    """Two things recorded in one change have one moment and follow each other."""
    case = CaseVersion(await coded(store), 1)
    with store.change(CODER) as change:
        change.record("review.accept", case, {"line": "s1"})
        change.record("review.accept", case, {"line": "s2"})
        change.set_review(case, ReviewState.ATTESTED)
    first, second = store.timeline(CODER, case.case)[-2:]
    assert (second.number, second.at) == (first.number + 1, first.at)
    assert first.actor == CODER.id
    assert store.status(CODER, case.case).review is ReviewState.ATTESTED
    assert store.verify()[CODER.tenant].bad is None


@pytest.mark.parametrize("statement", ["UPDATE trail SET actor = 'x'", "DELETE FROM trail"])
def test_the_database_refuses_to_change_the_trail(store: CaseStore, statement: str) -> None:
    """Even a mistake in our own code cannot rewrite it."""
    handed_in(store)
    with pytest.raises(DatabaseError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))


def test_sealed_things_open_for_their_own_tenant_only(store: CaseStore) -> None:
    """A reviewer's words are sealed with the case's key; under another kind, or by another tenant, they do not open."""
    case = handed_in(store)
    with store.change(CODER) as change:
        sealed = change.seal(case, "review.1", b"words")
        change.record("review.reject", CaseVersion(case, 1))
    with store.reading(CODER) as reading:
        assert reading.open(case, "review.1", sealed) == b"words"
        with pytest.raises(IntegrityError):
            reading.open(case, "review.2", sealed)
    handed_in(store, actor=ELSEWHERE)
    with store.reading(ELSEWHERE) as reading, pytest.raises(NoSuchCaseError):
        reading.open(case, "review.1", sealed)
    store.erase_case(CODER, case)
    with store.reading(CODER) as reading, pytest.raises(ErasedError):
        reading.open(case, "review.1", sealed)


async def test_no_word_of_a_note_lies_in_the_open(store: CaseStore, tmp_path: Path) -> None:
    """Neither in the database's files, its log included, nor in the trail; nor does the sender's id of the visit."""
    case = await coded(store)
    store.chart(CODER, case)
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert case.encode() in held
    for word in (SAID, "Gout", "visit-1", "2026-11-02"):
        assert word.encode() not in held


async def test_many_looks_share_commits_and_none_is_missing(store: CaseStore) -> None:
    """Forty readers at once: every look is a row, and the chain holds."""
    case = await coded(store)
    before = len(store.trail(CODER))
    readers = [threading.Thread(target=store.result_json, args=(CODER, case)) for _ in range(40)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    rows = store.trail(CODER)[before:]
    assert [row.action for row in rows] == ["chart.viewed"] * 40
    assert store.verify()[CODER.tenant].bad is None


async def test_what_cannot_be_noted_is_not_shown(store: CaseStore) -> None:
    """When the row of the trail cannot be written, the chart stays closed, for every reader who waits."""
    case = await coded(store)

    def outage(step: str) -> None:
        if step == "view.begun":
            raise DependencyError("The disk is full; make room.")

    store.ledger.step = outage
    with pytest.raises(DependencyError):
        store.chart(CODER, case)
    with pytest.raises(DependencyError):
        store.result_json(CODER, case)
    store.ledger.step = lambda _: None
    assert store.chart(CODER, case).result is not None
