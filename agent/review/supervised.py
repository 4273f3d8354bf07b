"""What supervisors read, opened from the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import select

from agent.review.figures import ReviewedCase
from agent.review.tables import ActionRow, AttestationRow
from agent.store.errors import ErasedError
from agent.store.ledger import Reading
from medcoding.review import AnswerFinding, Step

_STEP: Final[TypeAdapter[Step]] = TypeAdapter(Step)
_MOST_REASONS: Final = 20
"""Shown of one rule."""


def reviewed_cases(reading: Reading) -> tuple[ReviewedCase, ...]:
    """The figures of every attested case of the tenant whose text was not erased."""
    mine = (AttestationRow.tenant == reading.actor.tenant, AttestationRow.void_at.is_(None))
    statement = select(
        AttestationRow.case_uid, AttestationRow.version, AttestationRow.number, AttestationRow.figures
    ).where(*mine)
    rows = reading.connection.execute(statement.order_by(AttestationRow.at)).all()
    bodies = (_opened(reading, r.case_uid, f"figures.{r.version}.{r.number}", r.figures) for r in rows)
    return tuple(ReviewedCase.model_validate_json(body) for body in bodies if body is not None)


def override_reasons(reading: Reading) -> Mapping[str, tuple[str, ...]]:
    """The reasons that were given against each rule, the latest first."""
    found: dict[str, list[str]] = defaultdict(list)
    for step in _overrides(reading):
        if len(found[step.rule]) < _MOST_REASONS:
            found[step.rule].append(step.reason)
    return {rule: tuple(reasons) for rule, reasons in found.items()}


def _overrides(reading: Reading) -> Iterator[AnswerFinding]:
    mine = (ActionRow.tenant == reading.actor.tenant, ActionRow.kind == "override")
    statement = select(ActionRow.case_uid, ActionRow.version, ActionRow.number, ActionRow.body).where(*mine)
    for row in reading.connection.execute(statement.order_by(ActionRow.at.desc())).all():
        body = _opened(reading, row.case_uid, f"review.{row.version}.{row.number}", row.body)
        step = _STEP.validate_json(body) if body else None
        if isinstance(step, AnswerFinding):
            yield step


def _opened(reading: Reading, case: str, kind: str, sealed: bytes) -> bytes | None:
    """None where the text was erased."""
    try:
        return reading.open(case, kind, sealed)
    except ErasedError:
        return None
