"""Cases without their text: one case's status, and worklists page by page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select

from agent.store.errors import NoSuchCaseError
from agent.store.ledger import Reading
from agent.store.records import CaseSummary, Label, Worklist, WorklistQuery
from agent.store.tables import CaseRow, VersionRow
from medcoding.errors import InputError

_CASE_ID: Final = re.compile(r"[0-9a-f]{32}")
_FILTERS: Final = (
    ("lane", VersionRow.lane),
    ("state", VersionRow.state),
    ("review", VersionRow.review),
    ("setting", VersionRow.setting),
    ("specialty", VersionRow.specialty),
    ("edition", VersionRow.edition),
)


def summary_of(reading: Reading, case: str, version: int | None = None) -> CaseSummary:
    """One version of a case, the latest unless one is named. Raises `NoSuchCaseError`."""
    number = VersionRow.number == (CaseRow.latest if version is None else version)
    found = reading.connection.execute(_summaries(reading).where(CaseRow.id == case, number)).one_or_none()
    if found is None:
        raise NoSuchCaseError("There is no such case; list the cases to see which there are.")
    return _summary(reading, found)


def worklist(reading: Reading, query: WorklistQuery) -> Worklist:
    """One page of the tenant's cases, the longest waiting first. Raises `InputError` for a cursor that is none."""
    statement = _summaries(reading).where(VersionRow.number == CaseRow.latest, *_asked(query, reading.now))
    ordered = statement.order_by(VersionRow.received_at, VersionRow.case_uid).limit(query.limit + 1)
    found = reading.connection.execute(ordered).all()
    shown = tuple(_summary(reading, row) for row in found[: query.limit])
    more = len(found) > query.limit
    return Worklist(cases=shown, cursor=_cursor(shown[-1]) if more else None)


def _summaries(reading: Reading) -> Select[*tuple[Any, ...]]:
    of_case = (CaseRow.id, CaseRow.wrapped_key, CaseRow.locked_by, CaseRow.locked_until)
    of_version = (
        VersionRow.number, VersionRow.label, VersionRow.state, VersionRow.lane, VersionRow.review, VersionRow.setting,
        VersionRow.specialty, VersionRow.edition, VersionRow.codes, VersionRow.attempts, VersionRow.error,
        VersionRow.received_at, VersionRow.finished_at,
    )  # fmt: skip
    joined = select(*of_case, *of_version).join(VersionRow, VersionRow.case_uid == CaseRow.id)
    return joined.where(CaseRow.tenant == reading.actor.tenant)


def _summary(reading: Reading, row: Row[Any]) -> CaseSummary:
    locked = row.locked_until is not None and row.locked_until > reading.now
    label = None
    if row.wrapped_key is not None and row.label is not None:
        reading.know(row.id, row.wrapped_key)
        label = Label.model_validate_json(reading.open(row.id, f"label.{row.number}", row.label))
    return CaseSummary(
        id=row.id,
        version=row.number,
        case_id=label.case_id if label else None,
        date_of_service=label.date_of_service if label else None,
        state=row.state,
        lane=row.lane,
        review=row.review,
        setting=row.setting,
        specialty=row.specialty,
        edition=row.edition,
        codes=row.codes,
        attempts=row.attempts,
        error=row.error,
        received_at=row.received_at,
        finished_at=row.finished_at,
        locked_by=row.locked_by if locked else None,
        locked_until=row.locked_until if locked else None,
        erased=label is None,
    )


def _asked(query: WorklistQuery, now: datetime) -> Iterator[ColumnElement[bool]]:
    for name, column in _FILTERS:
        value = getattr(query, name)
        if value is not None:
            yield column == value
    if query.locked_by is not None:
        yield and_(CaseRow.locked_by == query.locked_by, CaseRow.locked_until > now)
    if query.cursor is not None:
        moment, case = _after(query.cursor)
        later = and_(VersionRow.received_at == moment, VersionRow.case_uid > case)
        yield or_(VersionRow.received_at > moment, later)


def _cursor(last: CaseSummary) -> str:
    return base64.urlsafe_b64encode(f"{last.received_at.isoformat()} {last.id}".encode()).decode()


def _after(cursor: str) -> tuple[datetime, str]:
    try:
        moment, _, case = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition(" ")
        received_at = datetime.fromisoformat(moment)
        zoned, later = received_at.tzinfo is not None, received_at.astimezone(UTC)
    except (binascii.Error, ValueError, OverflowError):
        zoned = False
    if not zoned or not _CASE_ID.fullmatch(case):
        raise InputError("The cursor is not one that a worklist gave; leave it out to begin at the first page.")
    return later, case
