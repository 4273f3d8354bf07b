"""Reviews, attestations, questions to providers, broken glass, and the keys that systems ask with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from agent.store.columns import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    _reviews()
    _attestations()
    _queries()
    _glass()
    _keys()


def _case_columns(*, key: bool = True) -> tuple[sa.Column[Any], sa.Column[Any]]:
    return (
        sa.Column("case_uid", sa.String(32), sa.ForeignKey("cases.id"), primary_key=key, nullable=False),
        sa.Column("version", sa.Integer(), primary_key=key, nullable=False, autoincrement=False),
    )


def _reviews() -> None:
    op.create_table(
        "review_seeds",
        *_case_columns(),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "review_actions",
        *_case_columns(),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("review_of_tenant", "review_actions", ["tenant", "kind"])


def _attestations() -> None:
    op.create_table(
        "attestations",
        *_case_columns(),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
        sa.Column("void_at", Moment()),
    )
    op.create_index("attestation_of_tenant", "attestations", ["tenant", "void_at"])


def _queries() -> None:
    op.create_table(
        "provider_queries",
        sa.Column("id", sa.String(32), primary_key=True),
        *_case_columns(key=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("query_of_case", "provider_queries", ["case_uid", "version"])


def _glass() -> None:
    op.create_table(
        "broken_glass",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_uid", sa.String(32), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
    )
    op.create_index("glass_of_case", "broken_glass", ["case_uid", "by"])


def _keys() -> None:
    op.create_table(
        "access_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("actor_id", sa.String(200), nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("expires", Moment()),
        sa.Column("revoked", Moment()),
    )
