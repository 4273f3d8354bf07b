"""The tables of the case store as the code reads them; `migrations/` makes them.

    tenants      its wrapped key, and where its trail ends
    cases        one encounter of a tenant under an opaque id: its wrapped key, its latest version, who holds it
    versions     one submission: state, lease, lane, what worklists filter by, the sealed encounter
    answers      the one final answer of a version, sealed
    submissions  idempotency keys
    trail        append-only; triggers refuse to change or delete a row

`case_uid` is the installation's own id of a case; the sender's `case_id` stands nowhere unsealed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from agent.store.columns import Moment


class Table(DeclarativeBase):
    """Every table of the case store."""

    metadata = MetaData()
    type_annotation_map = {datetime: Moment(), bytes: LargeBinary(), str: Text()}  # noqa: RUF012 - SQLAlchemy's own


class TenantRow(Table):
    """A tenant. Without its key nothing it stored can be read again."""

    __tablename__ = "tenants"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    wrapped_key: Mapped[bytes | None]
    """None after erasure."""
    trail_number: Mapped[int]
    trail_digest: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class CaseRow(Table):
    """One encounter of one tenant, through all its versions."""

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey("tenants.name"))
    reference: Mapped[str] = mapped_column(String(64))
    """Keyed digest of the sender's case id."""
    wrapped_key: Mapped[bytes | None]
    """None after erasure."""
    latest: Mapped[int]
    received_at: Mapped[datetime]
    locked_by: Mapped[str | None] = mapped_column(String(200))
    locked_until: Mapped[datetime | None]
    __table_args__ = (Index("case_of_sender", "tenant", "reference", unique=True),)


class VersionRow(Table):
    """One submission of a case."""

    __tablename__ = "versions"
    case_uid: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey("tenants.name"))
    state: Mapped[str] = mapped_column(String(10))
    review: Mapped[str | None] = mapped_column(String(10))
    lane: Mapped[str | None] = mapped_column(String(20))
    codes: Mapped[int | None]
    setting: Mapped[str] = mapped_column(String(20))
    specialty: Mapped[str | None]
    edition: Mapped[str | None] = mapped_column(String(20))
    label: Mapped[bytes | None]
    """Sealed: what a worklist shows of the sender's own words."""
    digest: Mapped[str] = mapped_column(String(64))
    """Keyed digest of the encounter."""
    encounter: Mapped[bytes | None]
    """Sealed."""
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    """Not taken up before."""
    attempts: Mapped[int]
    error: Mapped[str | None] = mapped_column(String(60))
    """Code of the last failure."""
    lease: Mapped[str | None] = mapped_column(String(32))
    """Names the holding itself, so that a worker who lost it cannot answer with it."""
    leased_by: Mapped[str | None] = mapped_column(String(200))
    leased_until: Mapped[datetime | None]
    __table_args__ = (
        Index("version_to_do", "state", "due_at"),
        Index("version_listed", "tenant", "received_at", "case_uid"),
    )


class AnswerRow(Table):
    """The final answer of a version. Its primary key is what makes it one."""

    __tablename__ = "answers"
    case_uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    result: Mapped[bytes | None]
    """Sealed; None after erasure."""
    at: Mapped[datetime]
    __table_args__ = (ForeignKeyConstraint(["case_uid", "number"], ["versions.case_uid", "versions.number"]),)


class SubmissionRow(Table):
    """An idempotency key that was used, and for what."""

    __tablename__ = "submissions"
    tenant: Mapped[str] = mapped_column(ForeignKey("tenants.name"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Keyed digest of the key as it was sent."""
    body: Mapped[str] = mapped_column(String(64))
    """Keyed digest of the body."""
    case_uid: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    at: Mapped[datetime]


class TrailTable(Table):
    """The trail, one event a row; see `agent.trail.event`."""

    __tablename__ = "trail"
    tenant: Mapped[str] = mapped_column(ForeignKey("tenants.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    case_uid: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int | None]
    detail: Mapped[str]
    """Canonical JSON."""
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    signature: Mapped[bytes]
    __table_args__ = (Index("trail_of_case", "tenant", "case_uid", "number"),)
