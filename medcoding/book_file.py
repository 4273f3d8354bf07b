"""A book in one SQLite file: written once, opened read only in milliseconds, refused when damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from medcoding.errors import DependencyError, IntegrityError
from medcoding.record import Record

RecordT = TypeVar("RecordT", bound=Record)


class BookFile:
    """One file, read only. Safe to share between threads. `what` names it in errors, for instance `HCPCS book`."""

    def __init__(self, path: Path, what: str) -> None:
        self._name = f"The {what} {path.name}"
        if not path.is_file():
            raise DependencyError(f"{self._name} is missing; run 'chartwright index build' with the files it is from.")
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)

    def rows(self, query: str, *values: str | int) -> list[Any]:
        """What a query gives. Raises `IntegrityError` when the file is not what it should be."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError:
            raise self._damaged() from None

    def release(self, model: type[RecordT], schema: int) -> RecordT:
        """The record that says what the file holds; it is written last, so a file without one is not whole."""
        rows = self.rows("SELECT schema, record FROM release")
        if len(rows) != 1 or rows[0][0] != schema:
            raise self._damaged()
        try:
            return model.model_validate_json(rows[0][1])
        except ValidationError:
            raise self._damaged() from None

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _damaged(self) -> IntegrityError:
        return IntegrityError(f"{self._name} is damaged or of another version; run 'chartwright index build'.")


@contextmanager
def new_book(path: Path, tables: str) -> Iterator[sqlite3.Connection]:
    """Write a new file in one transaction; `path` must not exist yet. An error inside leaves no rows behind."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"CREATE TABLE release (schema INTEGER, record TEXT);{tables}")
        connection.execute("PRAGMA synchronous = OFF")  # the build that holds the file is complete or thrown away
        with connection:
            yield connection


def write_release(connection: sqlite3.Connection, schema: int, release: Record) -> None:
    """Say what the file holds, as the last thing that is written."""
    connection.execute("INSERT INTO release VALUES (?, ?)", (schema, release.model_dump_json()))
