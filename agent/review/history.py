"""Reviews as they are kept: each change sealed under its case's key, with its row of the trail, in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pydantic import JsonValue, TypeAdapter
from sqlalchemy import func, insert, select, update

from agent.review.figures import ReviewedCase
from agent.review.seeds import Seed
from agent.review.tables import ActionRow, AttestationRow, SeedRow
from agent.store.ledger import Change, Reading
from agent.store.records import CaseVersion, ReviewState
from agent.store.tables import AnswerRow, CaseRow, VersionRow
from medcoding.encounter import Encounter
from medcoding.record import Record
from medcoding.result import CodingResult
from medcoding.review import (
    Add,
    AnswerFinding,
    Attestation,
    FinalSet,
    Modify,
    Move,
    OpenEvidence,
    Reject,
    ReviewAction,
    Step,
)

_STEP: Final[TypeAdapter[Step]] = TypeAdapter(Step)
_SEED: Final = "review.seed"


class Opening(NamedTuple):
    """What a review starts from."""

    at: datetime
    seed: Seed | None


class Signed(Record):
    """An attestation with the set it speaks of."""

    attestation: Attestation
    final: FinalSet


class KeptAttestation(NamedTuple):
    """An attestation as it is kept."""

    number: int
    signed: Signed
    void_at: datetime | None


class Past(NamedTuple):
    """Everything that was done on one case version."""

    opening: Opening
    actions: tuple[ReviewAction, ...]
    attestations: tuple[KeptAttestation, ...]

    @property
    def seen(self) -> int:
        """Changes that were made, undone ones too: a page that shows another number is out of date."""
        return sum(not isinstance(action.step, OpenEvidence) for action in self.actions)

    @property
    def standing(self) -> KeptAttestation | None:
        """The attestation that is not void."""
        return next((one for one in reversed(self.attestations) if one.void_at is None), None)


def opening_of(reading: Reading, case: CaseVersion) -> Opening | None:
    """What the review of a version starts from; None before its chart was opened for review."""
    row = reading.connection.execute(
        select(SeedRow.opened_at, SeedRow.body).where(SeedRow.case_uid == case.case, SeedRow.version == case.version)
    ).one_or_none()
    if row is None:
        return None
    body = reading.open(case.case, f"{_SEED}.{case.version}", row.body)
    return Opening(row.opened_at, Seed.model_validate_json(body) if body != b"null" else None)


def begin(change: Change, case: CaseVersion, seed: Seed | None) -> Opening:
    """Fix what the review starts from. The trail names it by a keyed digest, which tells nobody what it is."""
    body = seed.model_dump_json().encode() if seed else b"null"
    sealed = change.seal(case.case, f"{_SEED}.{case.version}", body)
    row = insert(SeedRow).values(case_uid=case.case, version=case.version, opened_at=change.now, body=sealed)
    change.connection.execute(row)
    change.record("review.begun", case, {"start": change.digest(f"{case.case}.{case.version}".encode() + body)})
    return Opening(change.now, seed)


def past_of(reading: Reading, case: CaseVersion, opening: Opening) -> Past:
    """Everything that was done on a version, opened."""
    return Past(opening, _actions(reading, case), _attestations(reading, case))


def chart_text(reading: Reading, case: CaseVersion) -> tuple[Encounter, CodingResult]:
    """The record and the result of a version whose view is in the trail already."""
    of_version = (VersionRow.case_uid == case.case, VersionRow.number == case.version)
    of_answer = (AnswerRow.case_uid == case.case, AnswerRow.number == case.version)
    encounter = reading.connection.scalar(select(VersionRow.encounter).where(*of_version))
    result = reading.connection.scalar(select(AnswerRow.result).where(*of_answer))
    return (
        Encounter.model_validate_json(reading.open(case.case, f"encounter.{case.version}", encounter)),
        CodingResult.model_validate_json(reading.open(case.case, f"result.{case.version}", result)),
    )


def hold(change: Change, case: CaseVersion) -> None:
    """Let nobody else change the case until this transaction ends."""
    change.connection.execute(
        select(CaseRow.id).where(CaseRow.id == case.case, CaseRow.tenant == change.actor.tenant).with_for_update()
    )


def hold_on(change: Change, case: str, seconds: float) -> None:
    """Have a coder's lock last on from now, because they work."""
    mine = update(CaseRow).where(CaseRow.id == case, CaseRow.locked_by == change.actor.id)
    change.connection.execute(mine.values(locked_until=change.now + timedelta(seconds=seconds)))


def append(change: Change, case: CaseVersion, step: Step, detail: dict[str, JsonValue]) -> ReviewAction:
    """Add one action. The case must be held by this transaction (`hold`)."""
    mine = (ActionRow.case_uid == case.case, ActionRow.version == case.version)
    last = change.connection.scalar(select(func.max(ActionRow.number)).where(*mine)) or 0
    action = ReviewAction(number=last + 1, by=change.actor.id, at=change.now, step=step)
    body = change.seal(case.case, _kind_of(case, action.number), _STEP.dump_json(step))
    row = insert(ActionRow).values(
        case_uid=case.case, version=case.version, number=action.number, tenant=change.actor.tenant,
        by=action.by, at=action.at, kind=step.kind, body=body,
    )  # fmt: skip
    change.connection.execute(row)
    change.record(f"review.{step.kind}", case, {"number": action.number, **said(change, step), **detail})
    return action


def said(change: Change, step: Step) -> dict[str, JsonValue]:
    """What the trail says of a step: ids and codes; a person's own words by their digest."""
    detail: dict[str, JsonValue] = {}
    if (line := getattr(step, "line", None)) is not None:
        detail["line"] = line
    match step:
        case Reject():
            detail |= {"reason": step.reason.value}
            detail |= {"note": change.digest(step.note.encode())} if step.note else {}
        case Modify():
            detail |= {name: value for name in ("code", "role", "poa") if (value := getattr(step, name)) is not None}
        case Move():
            detail["place"] = step.place
        case Add():
            detail |= {"system": step.system.value, "code": step.code, "role": step.role.value}
            detail["evidence"] = [[quote.start, quote.end] for quote in step.evidence]
        case AnswerFinding():
            words = change.digest(step.reason.encode())
            detail |= {"rule": step.rule, "codes": list(step.codes), "reason": words}
        case _:
            pass
    return detail


def attest(change: Change, case: CaseVersion, signed: Signed, figures: ReviewedCase, number: int) -> None:
    """Keep an attestation, and note on the version that it has one."""
    attestation = signed.attestation
    row = insert(AttestationRow).values(
        case_uid=case.case, version=case.version, number=number, tenant=change.actor.tenant, by=attestation.by,
        at=attestation.at, digest=attestation.digest,
        body=change.seal(case.case, f"attestation.{case.version}.{number}", signed.model_dump_json().encode()),
        figures=change.seal(case.case, f"figures.{case.version}.{number}", figures.model_dump_json().encode()),
    )  # fmt: skip
    change.connection.execute(row)
    change.set_review(case, ReviewState.ATTESTED)
    detail: dict[str, JsonValue] = {"set": attestation.digest, "lines": attestation.lines}
    change.record("attested", case, detail | {"opened": attestation.evidence_opened, "seconds": attestation.seconds})


def void(change: Change, case: CaseVersion, kept: KeptAttestation) -> None:
    """The set is another now: nobody stands behind it any more."""
    mine = (AttestationRow.case_uid == case.case, AttestationRow.version == case.version)
    row = update(AttestationRow).where(*mine, AttestationRow.number == kept.number)
    change.connection.execute(row.values(void_at=change.now))
    change.set_review(case, ReviewState.OPEN)
    change.record("attestation.void", case, {"set": kept.signed.attestation.digest})


def _actions(reading: Reading, case: CaseVersion) -> tuple[ReviewAction, ...]:
    mine = (ActionRow.case_uid == case.case, ActionRow.version == case.version)
    rows = reading.connection.execute(select(ActionRow.__table__).where(*mine).order_by(ActionRow.number)).all()
    return tuple(
        ReviewAction(
            number=row.number,
            by=row.by,
            at=row.at,
            step=_STEP.validate_json(reading.open(case.case, _kind_of(case, row.number), row.body)),
        )
        for row in rows
    )


def _attestations(reading: Reading, case: CaseVersion) -> tuple[KeptAttestation, ...]:
    mine = (AttestationRow.case_uid == case.case, AttestationRow.version == case.version)
    rows = reading.connection.execute(
        select(AttestationRow.number, AttestationRow.body, AttestationRow.void_at)
        .where(*mine)
        .order_by(AttestationRow.number)
    ).all()
    return tuple(
        KeptAttestation(
            row.number,
            Signed.model_validate_json(reading.open(case.case, f"attestation.{case.version}.{row.number}", row.body)),
            row.void_at,
        )
        for row in rows
    )


def _kind_of(case: CaseVersion, number: int) -> str:
    return f"review.{case.version}.{number}"
