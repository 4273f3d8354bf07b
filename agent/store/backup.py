"""Back the whole store up into one file, and bring it back into an empty store of either kind.

A backup is a SQLite file of the store's own form, whatever the store runs on, so that it can also move a store from one
database to the other. It holds what the store holds: sealed text, wrapped keys, the trail. The master key and the trail
key are not in it; keep copies of those elsewhere.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, MetaData, Table, func, insert, select
from sqlalchemy.exc import DatabaseError

from agent.store.case_store import CaseStore
from agent.store.engine import WRITES, is_embedded, open_engine, outside_transactions
from agent.store.key_files import StoreKeys
from agent.store.ledger import check_tenant_key
from agent.store.settings import StoreSettings
from agent.store.trail_rows import tenants_of, verify_tenant
from agent.store.upgrade import has_form, upgrade
from agent.trail.verify import BadRow
from medcoding.errors import InputError, IntegrityError

_ROWS_AT_ONCE: Final = 500
_STEPS_TABLE: Final = "alembic_version"


def back_up(store: CaseStore, target: Path) -> int:
    """Write the store as it is at one moment to `target`, while others go on using it; the bytes written are returned.

    Raises `InputError` when the file exists or cannot be written.
    """
    if target.exists():
        raise InputError(f"{target} exists already; name another file for the backup.")
    staged = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        staged.touch(mode=0o600)
        if is_embedded(store.engine):
            _copy_file(store.engine, staged)
        else:
            _copy_to_file(store.engine, staged)
        staged.replace(target)
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}); name another file.") from None
    finally:
        for left in (staged, *staged.parent.glob(f"{staged.name}-*")):
            left.unlink(missing_ok=True)
    return target.stat().st_size


def restore(store: CaseStore, source: Path) -> int:
    """Bring a backup back into this store, which must be empty, and verify its trail; rows brought back are returned.

    Nothing is kept unless all of it holds. Raises `InputError` for a store in use or a file that is no backup,
    `IntegrityError` when the trail does not verify or was sealed under other keys.
    """
    with _opened(source) as backup, store.ledger.writing("restore") as target:
        tables = _tables(target)
        if any(target.scalar(select(func.count()).select_from(table)) for table in tables):
            raise InputError("This store holds cases already; restore into an empty one.")
        with backup.connect() as held, held.begin():
            rows = sum(_copy_rows(held, target, table) for table in tables)
        _believe(target, store.ledger.keys)
    return rows


def _believe(restored: Connection, keys: StoreKeys) -> None:
    """Hold what was copied against the installation's own keys, before it is committed."""
    for tenant in tenants_of(restored):
        check_tenant_key(restored, tenant, keys)
        bad = verify_tenant(restored, tenant, keys.trail.public).bad
        if bad is not None:
            raise IntegrityError(_distrust(bad))


def _distrust(bad: BadRow) -> str:
    return (
        f"Row {bad.number} of the restored trail of tenant {bad.tenant} is {bad.why}; restore an undamaged backup with"
        " the trail key of its own installation into another store."
    )


def _copy_file(engine: Engine, staged: Path) -> None:
    """SQLite's own way: the pages of one moment, whoever writes meanwhile."""
    assert engine.url.database is not None
    with closing(sqlite3.connect(engine.url.database)) as source, closing(sqlite3.connect(staged)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")


def _copy_to_file(engine: Engine, staged: Path) -> None:
    """Every row of one moment, into a file of the same form."""
    target_engine = _engine_of(staged)
    try:
        upgrade(target_engine)
        with (
            engine.connect().execution_options(isolation_level="REPEATABLE READ") as source,
            source.begin(),
            target_engine.connect().execution_options(**{WRITES: True}) as target,
            target.begin(),
        ):
            for table in _tables(target):
                _copy_rows(source, target, table)
        outside_transactions(target_engine, "PRAGMA journal_mode=DELETE")
    finally:
        target_engine.dispose()


@contextmanager
def _opened(source: Path) -> Iterator[Engine]:
    """The backup as a store: a copy of it, brought to today's form, so that the file itself never changes."""
    with tempfile.TemporaryDirectory(prefix="chartwright-restore-") as folder:
        copy = Path(folder) / "cases.sqlite"
        try:
            shutil.copyfile(source, copy)
        except OSError as error:
            raise InputError(f"{source} cannot be read ({error.strerror}); check the path.") from None
        engine = _engine_of(copy)
        try:
            _refuse_no_backup(engine, source)
            upgrade(engine)
            yield engine
        finally:
            engine.dispose()


def _refuse_no_backup(engine: Engine, source: Path) -> None:
    try:
        whole = has_form(engine)
    except DatabaseError:
        whole = False
    if not whole:
        raise InputError(f"{source} is no backup of a case store; name one that 'chartwright store backup' wrote.")


def _engine_of(path: Path) -> Engine:
    return open_engine(StoreSettings(url=SecretStr(f"sqlite:///{path}")))


def _tables(connection: Connection) -> list[Table]:
    """Every table of the store, those first that others refer to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _STEPS_TABLE]


def _copy_rows(source: Connection, target: Connection, table: Table) -> int:
    """Copy one table. `table` is as the target has it; times are read by their own column there."""
    names = [column.name for column in table.columns]
    held = Table(table.name, MetaData(), autoload_with=source)
    statement = select(*(held.c[name] for name in names)).execution_options(yield_per=_ROWS_AT_ONCE)
    copied = 0
    for part in source.execute(statement).partitions():
        rows = [{name: _moved(value, target) for name, value in zip(names, row, strict=True)} for row in part]
        target.execute(insert(table), rows)
        copied += len(rows)
    return copied


def _moved(value: object, target: Connection) -> object:
    """A value as the target keeps it: only moments differ, SQLite knows no time zones."""
    if not isinstance(value, datetime):
        return value
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return aware.replace(tzinfo=None) if target.dialect.name == "sqlite" else aware
