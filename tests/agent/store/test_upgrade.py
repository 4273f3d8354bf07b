"""Behaviour of the database's form: the steps make what the code reads, and no other form is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Engine

from agent.store.engine import open_engine
from agent.store.settings import StoreSettings
from agent.store.tables import Table
from agent.store.upgrade import check_form, upgrade
from medcoding.errors import ConfigError, DependencyError, IntegrityError


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty embedded database."""
    made = open_engine(StoreSettings(url=SecretStr(f"sqlite:///{tmp_path / 'new' / 'cases.sqlite'}")))
    yield made
    made.dispose()


def ours(difference: object) -> bool:
    """Whether a difference concerns a table of this package; other packages keep tables beside it."""
    return any(repr(name) in repr(difference) for name in Table.metadata.tables)


def test_the_steps_make_what_the_code_reads(engine: Engine) -> None:
    """No table, column, type or index is in one and not in the other."""
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Table.metadata)
    assert [one for one in differences if ours(one) and not str(one[0]).startswith("remove_table")] == []


def test_a_second_upgrade_changes_nothing(engine: Engine) -> None:
    """It can be run at every start."""
    assert upgrade(engine) == upgrade(engine)
    check_form(engine)


def test_an_empty_database_is_not_used(engine: Engine) -> None:
    """A server's database is brought to its form by the operator, at a moment of their choice."""
    with pytest.raises(ConfigError, match="chartwright store upgrade"):
        check_form(engine)


def test_a_newer_form_is_left_alone(engine: Engine) -> None:
    """An older program must not write into a newer store."""
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for use in (upgrade, check_form):
        with pytest.raises(ConfigError, match="newer version"):
            use(engine)


def test_a_file_that_is_no_database_is_named_as_damaged(tmp_path: Path) -> None:
    """The operator restores a backup; nothing is written over what is there."""
    file = tmp_path / "cases.sqlite"
    file.write_bytes(b"SQLite format 3\x00" + b"no database" * 100)
    engine = open_engine(StoreSettings(url=SecretStr(f"sqlite:///{file}")))
    for use in (upgrade, check_form):
        with pytest.raises(IntegrityError, match="restore a backup"):
            use(engine)
    engine.dispose()
    assert b"no database" in file.read_bytes()


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "no url", "oracle://x"])
def test_other_databases_are_refused(url: str) -> None:
    """The mend shows both forms of an address."""
    with pytest.raises(ConfigError, match=r"sqlite:///FILE or postgresql://"):
        open_engine(StoreSettings(url=SecretStr(url)))


def test_a_server_that_is_not_there_is_named_without_its_password(dead_port: int) -> None:
    """The refusal is worth a retry and says nothing of the address."""
    engine = open_engine(StoreSettings(url=SecretStr(f"postgresql://u:secret@127.0.0.1:{dead_port}/cases")))
    with pytest.raises(DependencyError, match="does not answer") as refusal:
        check_form(engine)
    assert refusal.value.retryable
    assert "secret" not in str(refusal.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands in its way."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="folder of the case store"):
        open_engine(StoreSettings(url=SecretStr(f"sqlite:///{tmp_path / 'file' / 'cases.sqlite'}")))
