"""The keys that systems ask with, kept in the case store's database; every change has its row in the trail."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import MetaData, String, Text, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from agent.access.errors import NotThereError
from agent.access.keys import AccessKey, NewKey, new_key
from agent.store.columns import Moment
from agent.store.ledger import Ledger
from medcoding.access import Actor, Role

_COLUMNS: Final = ("id", "digest", "actor_id", "tenant", "created", "expires", "revoked")


class AccessTable(DeclarativeBase):
    """Every table of access."""

    metadata = MetaData()
    type_annotation_map = {datetime: Moment(), str: Text()}  # noqa: RUF012 - SQLAlchemy's own


class KeyRow(AccessTable):
    """One key; never the key itself."""

    __tablename__ = "access_keys"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[str] = mapped_column(String(200))
    tenant: Mapped[str] = mapped_column(String(100))
    roles: Mapped[str]
    """Names of the roles, blanks between them."""
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]


class KeyBook:
    """Adds, revokes, lists and finds keys."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def find(self, key_id: str) -> AccessKey | None:
        """The key of an id, in whichever tenant; None where there is none."""
        with self._ledger.engine.connect() as connection:
            row = connection.execute(select(KeyRow.__table__).where(KeyRow.id == key_id)).mappings().one_or_none()
        return _key(dict(row)) if row else None

    def add(self, by: Actor, actor: Actor, expires: datetime | None = None) -> NewKey:
        """A new key for an actor of `by`'s tenant; its text is in the answer and nowhere else."""
        with self._ledger.change(by, "key") as change:
            made = new_key(actor, change.now, expires)
            values = {name: getattr(made.kept, name) for name in _COLUMNS}
            roles = " ".join(sorted(made.kept.roles))
            change.connection.execute(insert(KeyRow).values(**values, roles=roles))
            change.record(
                "key.added",
                None,
                {"key": made.kept.id, "for": actor.id, "roles": [role.value for role in sorted(actor.roles)]},
            )
        return made

    def revoke(self, by: Actor, key_id: str) -> None:
        """End a key of `by`'s tenant. Raises `NotThereError` when it has none of that id that still opens anything."""
        with self._ledger.change(by, "key") as change:
            mine = update(KeyRow).where(KeyRow.id == key_id, KeyRow.tenant == by.tenant, KeyRow.revoked.is_(None))
            change.record("key.revoked", None, {"key": key_id})
            if change.connection.execute(mine.values(revoked=change.now)).rowcount != 1:
                raise NotThereError("There is no such key here, or it was revoked before; list the keys.")

    def keys(self, by: Actor) -> tuple[AccessKey, ...]:
        """Every key of the tenant, the oldest first."""
        with self._ledger.reading(by) as reading:
            mine = select(KeyRow.__table__).where(KeyRow.tenant == by.tenant).order_by(KeyRow.created, KeyRow.id)
            rows = reading.connection.execute(mine).mappings().all()
        return tuple(_key(dict(row)) for row in rows)


def _key(row: dict[str, object]) -> AccessKey:
    roles = frozenset(Role(name) for name in str(row["roles"]).split())
    return AccessKey.model_validate({**row, "roles": roles})
