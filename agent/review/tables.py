"""The tables of reviews as the code reads them; `agent/store/migrations/` makes them.

review_seeds     what a review of a case version starts from, sealed; one row when its chart is first opened
review_actions   everything that was done, in order, sealed; never changed
attestations     who stood behind which set, sealed; void when the set changed
provider_queries questions to providers and their answers, sealed
broken_glass     who opened what was not theirs, why (sealed) and until when
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from agent.store.columns import Moment


class ReviewTable(DeclarativeBase):
    """Every table of reviews."""

    metadata = MetaData()
    type_annotation_map = {datetime: Moment(), bytes: LargeBinary(), str: Text()}  # noqa: RUF012 - SQLAlchemy's own


class SeedRow(ReviewTable):
    """The beginning of a review. Every version has the row, so that nothing tells which have a seed."""

    __tablename__ = "review_seeds"
    case_uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    body: Mapped[bytes]


class ActionRow(ReviewTable):
    """One thing a person did."""

    __tablename__ = "review_actions"
    case_uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(100))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[bytes]


class AttestationRow(ReviewTable):
    """One attestation of one exact set."""

    __tablename__ = "attestations"
    case_uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(100))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes]
    """The attestation and the set."""
    figures: Mapped[bytes]
    """What supervisors read of it."""
    void_at: Mapped[datetime | None]


class QueryRow(ReviewTable):
    """One question to a provider."""

    __tablename__ = "provider_queries"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_uid: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    tenant: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    body: Mapped[bytes]


class GlassRow(ReviewTable):
    """One time that somebody opened what was not theirs."""

    __tablename__ = "broken_glass"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_uid: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    until: Mapped[datetime]
    reason: Mapped[bytes]
