"""Bring a database to the form that this code reads, and refuse one that has another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from agent.store.engine import WRITES, is_embedded
from medcoding.errors import ConfigError, DependencyError, IntegrityError

_FOLDER: Final = Path(__file__).with_name("migrations")
_ONE_AT_A_TIME: Final = 0x43484152545752
"""Names the advisory lock of a PostgreSQL server under which a database is brought to its form."""


def upgrade(engine: Engine) -> str:
    """Run the steps that are missing, in one transaction; the name of the last one is returned.

    Raises `DependencyError` when the database does not answer, `ConfigError` when a newer version made it or it refuses
    its user, `IntegrityError` for a damaged file.
    """
    with (
        _ours(),
        engine.connect().execution_options(**{WRITES: True}) as connection,
        connection.begin(),
    ):
        if not is_embedded(engine):
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
        _refuse_newer(connection)
        command.upgrade(_config(connection), "head")
    return _wanted()


def check_form(engine: Engine) -> None:
    """Refuse a database of another form. Raises `ConfigError` or `DependencyError`."""
    with _ours(), engine.connect() as connection:
        _refuse_newer(connection)
        found = MigrationContext.configure(connection).get_current_revision()
    if found != _wanted():
        raise ConfigError("The case store has not the form that this version reads; run 'chartwright store upgrade'.")


def has_form(engine: Engine) -> bool:
    """Whether any step was ever run here. Raises SQLAlchemy's `DatabaseError` for a file that is no database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() is not None


def _refuse_newer(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {step.revision for step in _steps().walk_revisions()}:
        raise ConfigError("A newer version made this case store; install that version or restore a backup.")


@contextmanager
def _ours() -> Iterator[None]:
    """Errors of the database in our own words: its own could quote an address or a row."""
    try:
        yield
    except OperationalError:
        raise DependencyError(
            "The case store's database does not answer; check CHARTWRIGHT_STORE__URL and that its server runs.",
            retryable=True,
        ) from None
    except ProgrammingError:
        raise ConfigError("The database refuses its user the case store's tables; grant them, or the schema.") from None
    except DatabaseError:
        raise IntegrityError(
            "The case store's file is no database or is damaged; restore a backup into another file."
        ) from None


def _wanted() -> str:
    return _steps().get_current_head() or ""


def _steps() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
