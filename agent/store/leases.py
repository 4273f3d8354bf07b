"""Leases: one worker has a case version in hand for a while, and whoever holds the lease may answer it, once.

queued ──take──▶ leased ──finish──▶ done
   ▲                │ ├──fail──▶ queued again later, or failed after the allowed attempts
   └──give back─────┘ └──not renewed in time──▶ taken by another worker
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Update, and_, insert, or_, select, update

from agent.store.errors import LeaseLostError
from agent.store.ledger import Change, Ledger
from agent.store.records import CaseState, CaseVersion, ReviewState
from agent.store.suggested import coded_detail
from agent.store.tables import AnswerRow, VersionRow
from agent.store.terms import Terms
from medcoding.access import Actor, Role
from medcoding.encounter import Encounter
from medcoding.result import CodingResult

EXHAUSTED: Final = "attempts_exhausted"
"""Error of a version that every allowed attempt lost its worker over."""
NO_LEASE: Final = {"lease": None, "leased_by": None, "leased_until": None}


class Lease(NamedTuple):
    """A case version in a worker's hand."""

    case: CaseVersion
    token: str
    attempt: int
    """From 1."""
    worker: Actor
    """The worker, acting for the tenant of the case."""


def take(ledger: Ledger, worker: str, terms: Terms) -> Lease | None:
    """The version that waits longest, leased to this worker; None when nothing is due.

    A version that lost its worker in every allowed attempt is given up here.
    """
    while anything_due(ledger):
        with ledger.writing("lease") as connection:
            found = connection.execute(_next_due(ledger.now())).one_or_none()
            if found is None:
                return None
            change = Change(connection, worker_of(worker, found.tenant), ledger, "lease")
            lease = _give(change, found, terms)
            change.close()
        if lease is not None:
            return lease
    return None


def anything_due(ledger: Ledger) -> bool:
    """Whether a version waits to be taken up; asks without waiting for other writers."""
    with ledger.engine.connect() as connection:
        return connection.execute(select(VersionRow.number).where(_due(ledger.now())).limit(1)).first() is not None


def opened(ledger: Ledger, lease: Lease) -> Encounter:
    """The encounter in hand. Raises `LeaseLostError`, `ErasedError` or `IntegrityError`."""
    with ledger.reading(lease.worker) as reading:
        statement = select(VersionRow.encounter).where(*_held(lease))
        found = reading.connection.execute(statement).one_or_none()
        if found is None:
            raise _lost()
        plain = reading.open(lease.case.case, f"encounter.{lease.case.version}", found.encounter)
    return Encounter.model_validate_json(plain)


def renew(ledger: Ledger, lease: Lease, terms: Terms) -> bool:
    """Hold on to a case for another while; False when it is somebody else's by now."""
    until = ledger.now() + timedelta(seconds=terms.seconds)
    with ledger.writing("renew") as connection:
        return _moved(connection, update(VersionRow).where(*_held(lease)).values(leased_until=until))


def finish(ledger: Ledger, lease: Lease, encounter: Encounter, result: CodingResult) -> None:
    """Keep the one final answer of the version. Raises `LeaseLostError` when another worker has it by now."""
    case, number = lease.case
    with ledger.change(lease.worker, "finish") as change:
        done = {
            "state": CaseState.DONE.value,
            "review": ReviewState.OPEN.value,
            "lane": result.route.value,
            "codes": len(result.codes),
            "edition": result.edition,
            "finished_at": change.now,
            "error": None,
        }
        _change_held(change, lease, done)
        change.step("moved")
        sealed = change.seal(case, f"result.{number}", result.model_dump_json().encode())
        change.connection.execute(insert(AnswerRow).values(case_uid=case, number=number, result=sealed, at=change.now))
        change.record("case.coded", lease.case, coded_detail(encounter, result, change.digest))


def fail(ledger: Ledger, lease: Lease, error: str, terms: Terms, *, retry: bool) -> None:
    """Note that an attempt failed, by an error's code; try again later while attempts are left."""
    with ledger.change(lease.worker, "fail") as change:
        again = retry and lease.attempt < terms.max_attempts
        if again:
            wait = timedelta(seconds=terms.retry_s * 2 ** (lease.attempt - 1))
            _change_held(change, lease, {"state": CaseState.QUEUED.value, "error": error, "due_at": change.now + wait})
        else:
            _change_held(change, lease, _given_up(error, change.now))
        action = "case.retried" if again else "case.failed"
        change.record(action, lease.case, {"attempt": lease.attempt, "error": error})


def give_back(ledger: Ledger, lease: Lease) -> None:
    """Put a case back as if it had not been taken, because its worker stops."""
    with ledger.change(lease.worker, "return") as change:
        values = {"state": CaseState.QUEUED.value, "attempts": lease.attempt - 1, "due_at": change.now}
        _change_held(change, lease, values)
        change.record("case.released", lease.case)


def worker_of(name: str, tenant: str) -> Actor:
    """The worker as it acts for one tenant."""
    return Actor(id=name, tenant=tenant, roles=frozenset({Role.SYSTEM}))


def _give(change: Change, found: Row[Any], terms: Terms) -> Lease | None:
    case = CaseVersion(found.case_uid, found.number)
    at = update(VersionRow).where(VersionRow.case_uid == case.case, VersionRow.number == case.version)
    if found.attempts >= terms.max_attempts:
        change.connection.execute(at.values({**_given_up(EXHAUSTED, change.now), **NO_LEASE}))
        change.record("case.failed", case, {"attempt": found.attempts, "error": EXHAUSTED})
        return None
    lease = Lease(case, uuid.uuid4().hex, found.attempts + 1, change.actor)
    values = {
        "state": CaseState.LEASED.value,
        "attempts": lease.attempt,
        "lease": lease.token,
        "leased_by": change.actor.id,
        "leased_until": change.now + timedelta(seconds=terms.seconds),
    }
    change.connection.execute(at.values(values))
    change.record("case.leased", case, {"attempt": lease.attempt})
    return lease


def _next_due(now: datetime) -> Any:
    columns = (VersionRow.case_uid, VersionRow.number, VersionRow.tenant, VersionRow.attempts)
    oldest = select(*columns).where(_due(now)).order_by(VersionRow.due_at).limit(1)
    # On PostgreSQL others look past what one is taking; SQLite has one writer at a time.
    return oldest.with_for_update(skip_locked=True, key_share=True)


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(VersionRow.state == CaseState.QUEUED.value, VersionRow.due_at <= now),
        and_(VersionRow.state == CaseState.LEASED.value, VersionRow.leased_until < now),
    )


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        VersionRow.case_uid == lease.case.case,
        VersionRow.number == lease.case.version,
        VersionRow.state == CaseState.LEASED.value,
        VersionRow.lease == lease.token,
    )


def _change_held(change: Change, lease: Lease, values: Mapping[str, object]) -> None:
    """End the lease with these values. Raises `LeaseLostError`, which undoes the whole change."""
    if not _moved(change.connection, update(VersionRow).where(*_held(lease)).values({**values, **NO_LEASE})):
        raise _lost()


def _moved(connection: Connection, statement: Update) -> bool:
    return connection.execute(statement).rowcount == 1


def _given_up(error: str, now: datetime) -> dict[str, object]:
    return {"state": CaseState.FAILED.value, "error": error, "finished_at": now}


def _lost() -> LeaseLostError:
    return LeaseLostError("Another worker has taken the case up since; its answer counts.")
