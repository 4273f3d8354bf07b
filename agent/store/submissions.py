"""Take an encounter in as a case: once, whatever the sender repeats, and never more than the queue holds."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from pydantic import JsonValue
from sqlalchemy import Row, func, insert, select, update

from agent.store.errors import ConflictError, QueueFullError
from agent.store.ledger import Change
from agent.store.records import CaseState, CaseVersion, Label, Submitted, listed
from agent.store.tables import CaseRow, SubmissionRow, VersionRow
from medcoding.encounter import Encounter
from medcoding.errors import InputError


class Submission(NamedTuple):
    """What a sender hands in."""

    encounter: Encounter
    body: bytes
    """As it was sent."""
    idempotency_key: str | None = None


def submit(change: Change, submission: Submission, max_queue: int) -> Submitted:
    """The case version that codes this encounter: a new one, unless the very same was submitted before.

    Raises `ConflictError` for a used key with another body, `QueueFullError`, and `InputError` when the encounter
    names another tenant than the actor's.
    """
    encounter = _of_tenant(submission.encounter, change.actor.tenant)
    taken = _taken_before(change, submission)
    if taken is not None:
        return Submitted(taken, created=False)
    reference = change.reference("case id", encounter.case_id)
    digest = change.digest(encounter.model_dump_json().encode())
    case = _case(change, reference)
    found = _latest(change, case) if case else None
    if case and found and found.digest == digest and found.state != CaseState.FAILED:
        return _note_key(change, submission, Submitted(CaseVersion(case, found.number), created=False))
    _refuse_when_full(change, max_queue)
    version = CaseVersion(case or uuid.uuid4().hex, found.number + 1 if found else 1)
    _open_case(change, version, reference)
    change.step("case")
    _insert_version(change, version, encounter, digest)
    documents: list[JsonValue] = [change.digest(document.text.encode()) for document in encounter.documents]
    detail: dict[str, JsonValue] = {
        "encounter": digest,
        "documents": documents,
        "suggestions": len(encounter.suggestions),
    }
    change.record("case.submitted", version, detail)
    return _note_key(change, submission, Submitted(version, created=True))


def waiting(change: Change) -> int:
    """Versions that are queued or in hand, of all tenants."""
    statement = select(func.count()).where(VersionRow.state.in_((CaseState.QUEUED, CaseState.LEASED)))
    return change.connection.scalar(statement) or 0


def _of_tenant(encounter: Encounter, tenant: str) -> Encounter:
    if encounter.tenant not in {None, tenant}:
        raise InputError("The encounter names another tenant than its sender's; leave its tenant out.")
    return encounter.model_copy(update={"tenant": tenant})


def _taken_before(change: Change, submission: Submission) -> CaseVersion | None:
    if submission.idempotency_key is None:
        return None
    key = change.reference("idempotency key", submission.idempotency_key)
    statement = select(SubmissionRow.body, SubmissionRow.case_uid, SubmissionRow.number).where(
        SubmissionRow.tenant == change.actor.tenant, SubmissionRow.key == key
    )
    found = change.connection.execute(statement).one_or_none()
    if found is None:
        return None
    if found.body != change.digest(submission.body):
        raise ConflictError("The Idempotency-Key was used for another body; send a fresh key with a changed encounter.")
    version = CaseVersion(found.case_uid, found.number)
    change.record("case.resubmitted", version)
    return version


def _note_key(change: Change, submission: Submission, submitted: Submitted) -> Submitted:
    if not submitted.created:
        change.record("case.resubmitted", submitted.case)
    if submission.idempotency_key is not None:
        row = insert(SubmissionRow).values(
            tenant=change.actor.tenant,
            key=change.reference("idempotency key", submission.idempotency_key),
            body=change.digest(submission.body),
            case_uid=submitted.case.case,
            number=submitted.case.version,
            at=change.now,
        )
        change.connection.execute(row)
    return submitted


def _case(change: Change, reference: str) -> str | None:
    statement = select(CaseRow.id).where(CaseRow.tenant == change.actor.tenant, CaseRow.reference == reference)
    # Two versions of one case are submitted one after the other.
    return change.connection.scalar(statement.with_for_update(key_share=True))


def _latest(change: Change, case: str) -> Row[int, str, str]:
    statement = select(VersionRow.number, VersionRow.digest, VersionRow.state).where(VersionRow.case_uid == case)
    return change.connection.execute(statement.order_by(VersionRow.number.desc()).limit(1)).one()


def _refuse_when_full(change: Change, max_queue: int) -> None:
    if waiting(change) >= max_queue:
        raise QueueFullError(f"{max_queue} cases wait for a worker already; send it again later.")


def _open_case(change: Change, version: CaseVersion, reference: str) -> None:
    if version.version > 1:
        change.connection.execute(update(CaseRow).where(CaseRow.id == version.case).values(latest=version.version))
        return
    row = insert(CaseRow).values(
        id=version.case,
        tenant=change.actor.tenant,
        reference=reference,
        wrapped_key=change.fresh_case_key(version.case),
        latest=version.version,
        received_at=change.now,
    )
    change.connection.execute(row)


def _insert_version(change: Change, version: CaseVersion, encounter: Encounter, digest: str) -> None:
    case, number = version
    label = Label(case_id=encounter.case_id, date_of_service=encounter.date_of_service)
    row = insert(VersionRow).values(
        case_uid=case,
        number=number,
        tenant=change.actor.tenant,
        state=CaseState.QUEUED.value,
        setting=encounter.setting.value,
        specialty=listed(encounter.specialty),
        label=change.seal(case, f"label.{number}", label.model_dump_json().encode()),
        digest=digest,
        encounter=change.seal(case, f"encounter.{number}", encounter.model_dump_json().encode()),
        received_at=change.now,
        due_at=change.now,
        attempts=0,
    )
    change.connection.execute(row)
