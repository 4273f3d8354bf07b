"""Tenants, cases, versions, answers, idempotency keys, and the trail that nobody may change."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from agent.store.columns import Moment

revision = "0001"
down_revision = None

_REFUSED: Final = "the trail is append-only"


def upgrade() -> None:
    """Make the tables, then the triggers."""
    _tenants()
    _cases()
    _versions()
    _answers()
    _submissions()
    _trail()
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("trail_number", sa.Integer(), nullable=False),
        sa.Column("trail_digest", sa.String(64), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("erased_at", Moment()),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(100), sa.ForeignKey("tenants.name"), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("locked_by", sa.String(200)),
        sa.Column("locked_until", Moment()),
    )
    op.create_index("case_of_sender", "cases", ["tenant", "reference"], unique=True)


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("case_uid", sa.String(32), sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("tenant", sa.String(100), sa.ForeignKey("tenants.name"), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("review", sa.String(10)),
        sa.Column("lane", sa.String(20)),
        sa.Column("codes", sa.Integer()),
        sa.Column("setting", sa.String(20), nullable=False),
        sa.Column("specialty", sa.Text()),
        sa.Column("edition", sa.String(20)),
        sa.Column("label", sa.LargeBinary()),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("encounter", sa.LargeBinary()),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment()),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(60)),
        sa.Column("lease", sa.String(32)),
        sa.Column("leased_by", sa.String(200)),
        sa.Column("leased_until", Moment()),
    )
    op.create_index("version_to_do", "versions", ["state", "due_at"])
    op.create_index("version_listed", "versions", ["tenant", "received_at", "case_uid"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("case_uid", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("result", sa.LargeBinary()),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["case_uid", "number"], ["versions.case_uid", "versions.number"]),
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("tenant", sa.String(100), sa.ForeignKey("tenants.name"), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("case_uid", sa.String(32), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )


def _trail() -> None:
    op.create_table(
        "trail",
        sa.Column("tenant", sa.String(100), sa.ForeignKey("tenants.name"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("case_uid", sa.String(32)),
        sa.Column("version", sa.Integer()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
    )
    op.create_index("trail_of_case", "trail", ["tenant", "case_uid", "number"])


_SQLITE: Final = tuple(
    f"CREATE TRIGGER trail_no_{change.lower()} BEFORE {change} ON trail BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    for change in ("UPDATE", "DELETE")
)
_POSTGRESQL: Final = (
    f"CREATE FUNCTION trail_refuses() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE '{_REFUSED}'; END$$",
    "CREATE TRIGGER trail_no_change BEFORE UPDATE OR DELETE ON trail FOR EACH ROW EXECUTE FUNCTION trail_refuses()",
    "CREATE TRIGGER trail_no_truncate BEFORE TRUNCATE ON trail FOR EACH STATEMENT EXECUTE FUNCTION trail_refuses()",
)
