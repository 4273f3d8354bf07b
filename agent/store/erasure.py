"""Erase text: of one case, of a whole tenant, of what is past its time. The trail stays and still verifies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update

from agent.store.engine import is_embedded, outside_transactions
from agent.store.leases import NO_LEASE
from agent.store.ledger import Change, Ledger
from agent.store.listing import summary_of
from agent.store.records import CaseState, CaseVersion
from agent.store.tables import AnswerRow, CaseRow, TenantRow, VersionRow
from medcoding.access import Actor

_ERASED: Final = "erased"
_UNFINISHED: Final = (CaseState.QUEUED.value, CaseState.LEASED.value)


def erase_case(change: Change, case: str) -> None:
    """Destroy a case's key and everything sealed with it; a later submission begins a new case.

    Raises `NoSuchCaseError`.
    """
    summary = summary_of(change, case)
    _wipe(change, CaseRow.id == case, VersionRow.case_uid == case, AnswerRow.case_uid == case)
    change.record("case.erased", CaseVersion(case, summary.version))


def erase_tenant(change: Change) -> int:
    """Destroy the key of the actor's tenant and of all its cases; nothing can be stored for it any more.

    How many cases it had is returned.
    """
    tenant = change.actor.tenant
    cases = select(CaseRow.id).where(CaseRow.tenant == tenant)
    _wipe(change, CaseRow.tenant == tenant, VersionRow.tenant == tenant, AnswerRow.case_uid.in_(cases))
    gone = {"wrapped_key": None, "erased_at": change.now}
    change.connection.execute(update(TenantRow).where(TenantRow.name == tenant).values(gone))
    count = change.connection.scalar(select(func.count()).select_from(cases.subquery())) or 0
    change.record("tenant.erased", None, {"cases": count})
    return count


def past_their_time(ledger: Ledger, actor: Actor, days: int) -> tuple[str, ...]:
    """Cases of the actor's tenant whose every version was done, or given up, so many days ago, and not erased yet."""
    before = ledger.now() - timedelta(days=days)
    young = select(VersionRow.case_uid).where(
        VersionRow.finished_at.is_(None) | (VersionRow.finished_at >= before), VersionRow.tenant == actor.tenant
    )
    statement = select(CaseRow.id).where(
        CaseRow.tenant == actor.tenant, CaseRow.wrapped_key.is_not(None), CaseRow.id.not_in(young)
    )
    with ledger.reading(actor) as reading:
        return tuple(reading.connection.scalars(statement.order_by(CaseRow.received_at)))


def settle(ledger: Ledger) -> None:
    """Have an embedded store forget what its write-ahead log still holds of erased rows."""
    if is_embedded(ledger.engine):
        outside_transactions(ledger.engine, "PRAGMA wal_checkpoint(TRUNCATE)")


def _wipe(change: Change, cases: Any, versions: ColumnElement[bool], answers: ColumnElement[bool]) -> None:
    run = change.connection.execute
    # Rows of versions first, as a worker takes them: two that wait for each other would never end.
    run(update(VersionRow).where(versions).values(label=None, encounter=None, specialty=None))
    stopped = {"state": CaseState.FAILED.value, "error": _ERASED, "finished_at": change.now, **NO_LEASE}
    run(update(VersionRow).where(versions, VersionRow.state.in_(_UNFINISHED)).values(stopped))
    run(update(AnswerRow).where(answers).values(result=None))
    # The sender's id leads to a fresh case from now on.
    run(
        update(CaseRow)
        .where(cases)
        .values(wrapped_key=None, locked_by=None, locked_until=None, reference="erased." + CaseRow.id)
    )
