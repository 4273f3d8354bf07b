"""The trail in the database: append to a tenant's chain, read it, and hold it against its key and known ends."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, Select, insert, select, update

from agent.store.tables import TenantRow, TrailTable
from agent.trail.chain import Happening, Link, chained
from agent.trail.event import TrailEvent, TrailRow, canonical
from agent.trail.heads import Head, Heads
from agent.trail.keys import PublicKey, TrailKey
from agent.trail.verify import Checked, Damaged, verify_rows
from medcoding.errors import IntegrityError

_AT_ONCE = 1000


def append(connection: Connection, tenant: str, at: datetime, new: Sequence[Happening], key: TrailKey) -> None:
    """Put what happened on the end of the tenant's chain. Others of the tenant wait here until the commit."""
    rows = chained(tenant, _locked_end(connection, tenant), at, new, key)
    connection.execute(insert(TrailTable), [_columns(row) for row in rows])
    end = {"trail_number": rows[-1].event.number, "trail_digest": rows[-1].digest}
    connection.execute(update(TenantRow).where(TenantRow.name == tenant).values(end))


def end_of(connection: Connection, tenant: str) -> Link:
    """Where a tenant's chain ends, as the store notes it; an empty link for an unknown tenant."""
    found = connection.execute(_end(tenant)).one_or_none()
    return Link(found.trail_number, found.trail_digest) if found else Link()


def heads(connection: Connection) -> tuple[Head, ...]:
    """The ends of all chains as the store notes them, by tenant."""
    statement = select(TenantRow.name, TenantRow.trail_number, TenantRow.trail_digest).order_by(TenantRow.name)
    return tuple(Head(tenant=t, number=n, digest=d) for t, n, d in connection.execute(statement))


def tenants_of(connection: Connection) -> tuple[str, ...]:
    """Every tenant that has an end noted or a row of the trail."""
    noted = connection.scalars(select(TenantRow.name))
    return tuple(sorted({*noted, *connection.scalars(select(TrailTable.tenant).distinct())}))


def events(
    connection: Connection, tenant: str, *, case: str | None = None, after: int = 0, limit: int | None = None
) -> tuple[TrailEvent, ...]:
    """Rows of a tenant's trail in order, of one case where one is named. Raises `IntegrityError` for a damaged one."""
    statement = select(TrailTable.__table__).where(TrailTable.tenant == tenant, TrailTable.number > after)
    if case is not None:
        statement = statement.where(TrailTable.case_uid == case)
    found = [_row(row) for row in connection.execute(statement.order_by(TrailTable.number).limit(limit))]
    if any(isinstance(row, Damaged) for row in found):
        raise IntegrityError("The trail has a row that cannot be read; run 'chartwright trail verify'.")
    return tuple(row.event for row in found if isinstance(row, TrailRow))


def verify_tenant(connection: Connection, tenant: str, key: PublicKey, exported: Heads | None = None) -> Checked:
    """Hold a tenant's whole trail against its key, the end that the store notes and, if given, an exported head."""
    head = exported.of(tenant) if exported else None
    known = [end_of(connection, tenant), *([Link(head.number, head.digest)] if head else [])]
    with closing(_all_rows(connection, tenant)) as rows:
        return verify_rows(tenant, rows, key, known)


def _all_rows(connection: Connection, tenant: str) -> Generator[TrailRow | Damaged]:
    statement = select(TrailTable.__table__).where(TrailTable.tenant == tenant).order_by(TrailTable.number)
    with connection.execute(statement.execution_options(yield_per=_AT_ONCE)) as found:
        for part in found.partitions():
            yield from map(_row, part)


def _row(row: Row[Any]) -> TrailRow | Damaged:
    """A row as it was written; anything that no row of ours ever was is damaged."""
    try:
        detail = json.loads(row.detail)
        event = TrailEvent(
            tenant=row.tenant, number=row.number, at=row.at, actor=row.actor, action=row.action,
            case=row.case_uid, version=row.version, detail=detail, previous=row.previous,
        )  # fmt: skip
        whole = canonical(detail).decode() == row.detail
    except (ValidationError, ValueError, TypeError, AttributeError, RecursionError):
        whole = False
    return TrailRow(event, row.digest, bytes(row.signature or b"")) if whole else Damaged(int(row.number))


def _locked_end(connection: Connection, tenant: str) -> Link:
    # Not the lock of a row's key: every row of the tenant holds a share of that, and two would wait for each other.
    found = connection.execute(_end(tenant).with_for_update(key_share=True)).one()
    return Link(found.trail_number, found.trail_digest)


def _end(tenant: str) -> Select[int, str]:
    return select(TenantRow.trail_number, TenantRow.trail_digest).where(TenantRow.name == tenant)


def _columns(row: TrailRow) -> dict[str, object]:
    event, detail = row.event, canonical(row.event.detail).decode()
    kept = {"case_uid": event.case, "detail": detail, "digest": row.digest, "signature": row.signature}
    return event.model_dump(exclude={"case", "detail"}) | kept
