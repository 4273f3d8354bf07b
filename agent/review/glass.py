"""Broken glass: somebody opens what is not theirs, says why, and the trail keeps it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from sqlalchemy import func, insert, select

from agent.access.errors import ForbiddenError
from agent.review.tables import GlassRow
from agent.store.ledger import Change, Reading
from agent.store.records import CaseVersion
from medcoding.errors import InputError

SHORTEST_REASON: Final = 10
"""Characters of a reason that says anything."""


class GlassError(ForbiddenError):
    """The chart is not the reader's to open, but may be opened by break-glass with a reason."""


def break_glass(change: Change, case: CaseVersion, reason: str, seconds: float) -> None:
    """Open a case for the actor for a while. Raises `InputError` for a reason that says nothing."""
    said = " ".join(reason.split())
    if len(said) < SHORTEST_REASON:
        raise InputError("The reason says nothing; write why this chart must be opened, ten characters at least.")
    glass, until = uuid.uuid4().hex, change.now + timedelta(seconds=seconds)
    row = insert(GlassRow).values(
        id=glass, case_uid=case.case, by=change.actor.id, at=change.now, until=until,
        reason=change.seal(case.case, f"glass.{glass}", said.encode()),
    )  # fmt: skip
    change.connection.execute(row)
    detail = {"glass": glass, "reason": change.digest(said.encode()), "until": until.isoformat()}
    change.record("break_glass", case, detail)


def is_open(reading: Reading, case: str) -> bool:
    """Whether the actor broke the glass of a case a short while ago."""
    mine = (GlassRow.case_uid == case, GlassRow.by == reading.actor.id, GlassRow.until > reading.now)
    return bool(reading.connection.scalar(select(func.count()).where(*mine)))
