"""How many cases wait, for whom and for how long: read from the case store when metrics or readiness are asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine, Select, func, literal, select
from sqlalchemy.exc import SQLAlchemyError

from agent.store.tables import CaseRow, TenantRow, VersionRow

_log = logging.getLogger(__name__)
_NOBODY = "none"


class QueueCollector(Collector):
    """Cases by state and lane over all tenants: latest versions only, no tenant named."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The families without a sample, so that registering asks nothing of the database."""
        return iter(_families())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One query; nothing at all when the database does not answer."""
        cases, oldest, rows = _families()
        try:
            with self._engine.connect() as connection:
                found = connection.execute(_waiting()).all()
                length = connection.scalar(select(func.coalesce(func.sum(TenantRow.trail_number), 0)))
        except SQLAlchemyError as error:
            _log.error("the case store cannot be counted", extra={"error": type(error).__name__})
            return
        now = datetime.now(UTC)
        for state, lane, count, since in found:
            labels = (state, lane or _NOBODY)
            cases.add_metric(labels, count)
            oldest.add_metric(labels, max(0.0, (now - since).total_seconds()))
        rows.add_metric((), float(length or 0))
        yield from (cases, oldest, rows)


def database_answers(engine: Engine) -> bool:
    """True. Raises `SQLAlchemyError` when it does not answer."""
    with engine.connect() as connection:
        return bool(connection.scalar(select(literal(1))))


def work_moves(engine: Engine, lease_s: float) -> bool:
    """True unless a case has been due for two leases and nobody holds any. Raises `SQLAlchemyError`."""
    now = datetime.now(UTC)
    due = select(func.count()).where(
        VersionRow.state == "queued", VersionRow.due_at < now - timedelta(seconds=2 * lease_s)
    )
    held = select(func.count()).where(VersionRow.state == "leased", VersionRow.leased_until > now)
    with engine.connect() as connection:
        return not connection.scalar(due) or bool(connection.scalar(held))


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
    labels = ("state", "lane")
    return (
        GaugeMetricFamily("chartwright_cases", "Latest versions of cases", labels=labels),
        GaugeMetricFamily("chartwright_oldest_case_seconds", "Age of the oldest of them", labels=labels),
        GaugeMetricFamily("chartwright_trail_rows", "Rows of all trails", labels=()),
    )


def _waiting() -> Select[str, str | None, int, datetime]:
    latest = CaseRow.id == VersionRow.case_uid, CaseRow.latest == VersionRow.number
    counted = select(VersionRow.state, VersionRow.lane, func.count(), func.min(VersionRow.received_at))
    return counted.join(CaseRow, latest[0] & latest[1]).group_by(VersionRow.state, VersionRow.lane)
