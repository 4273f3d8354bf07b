"""Open the database of the cases: an embedded SQLite file, or a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from agent.store.settings import StoreSettings
from medcoding.errors import ConfigError, DependencyError

WRITES: Final = "chartwright_writes"
"""Execution option of a connection that is going to write: SQLite then waits for its turn at the beginning."""


def open_engine(settings: StoreSettings) -> Engine:
    """The engine of the configured database; nothing is connected yet.

    Raises `ConfigError` for an address that is none, `DependencyError` where PostgreSQL's driver is missing.
    """
    url = _url(settings)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, settings)
    try:
        import psycopg  # noqa: F401 - only whether it is there
    except ImportError:
        raise DependencyError("PostgreSQL needs its driver; install 'chartwright[postgresql]'.") from None
    # Parameters hold sealed text and keys: they are said in no message.
    return create_engine(
        url.set(drivername="postgresql+psycopg"), pool_size=settings.pool_size, pool_pre_ping=True, hide_parameters=True
    )


def is_embedded(engine: Engine) -> bool:
    """True for SQLite, which lives in this process."""
    return engine.dialect.name == "sqlite"


def outside_transactions(engine: Engine, pragma: str) -> None:
    """Run what SQLite runs in no transaction."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute(pragma).fetchall()
    finally:
        connection.close()


def _url(settings: StoreSettings) -> URL:
    try:
        url = make_url(settings.url.get_secret_value())
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        backend = ""
    if backend == "sqlite" and url.database not in {None, "", ":memory:"}:
        return url
    if backend == "postgresql":
        return url
    raise ConfigError(
        "CHARTWRIGHT_STORE__URL names no case store; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
    )


def _sqlite(url: URL, settings: StoreSettings) -> Engine:
    assert url.database is not None
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder of the case store cannot be made ({error.strerror}); name another.") from None
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,
        connect_args={"timeout": settings.busy_timeout_s, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: object) -> None:
    """A commit is on the disk before it is answered; what is deleted is overwritten."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Python's sqlite3 begins late and never for reads, so transactions are begun here."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
