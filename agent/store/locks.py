"""Locks: who works on a case now, so that two coders do not. A lock ends by itself."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, update

from agent.store.errors import ConflictError
from agent.store.ledger import Change
from agent.store.listing import summary_of
from agent.store.records import CaseSummary, CaseVersion
from agent.store.tables import CaseRow


def lock(change: Change, case: str, seconds: float) -> CaseSummary:
    """Take a case for a while, or hold on to it. Raises `ConflictError` when another has it, `NoSuchCaseError`."""
    summary = summary_of(change, case)
    free = or_(CaseRow.locked_by.is_(None), CaseRow.locked_by == change.actor.id, CaseRow.locked_until < change.now)
    until = change.now + timedelta(seconds=seconds)
    taken = update(CaseRow).where(CaseRow.id == case, free).values(locked_by=change.actor.id, locked_until=until)
    if change.connection.execute(taken).rowcount != 1:
        raise ConflictError("Another person works on the case; take another one, or wait until theirs ends.")
    change.record("case.locked", CaseVersion(case, summary.version))
    return summary_of(change, case)


def unlock(change: Change, case: str) -> CaseSummary:
    """Give a case back. Raises `ConflictError` when another has it, `NoSuchCaseError`."""
    summary = summary_of(change, case)
    if summary.locked_by not in {None, change.actor.id}:
        raise ConflictError("Another person works on the case; only they can give it back.")
    change.connection.execute(update(CaseRow).where(CaseRow.id == case).values(locked_by=None, locked_until=None))
    change.record("case.unlocked", CaseVersion(case, summary.version))
    return summary_of(change, case)
