"""Behaviour of backup and restore: everything but the keys, of one moment, and only what verifies comes back."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.store.backup import back_up, restore
from agent.store.case_store import CaseStore
from agent.store.key_files import make_key_file
from agent.store.records import CaseState
from medcoding.errors import InputError, IntegrityError
from tests.stores import CODER, ELSEWHERE, SAID, TERMS, coded, handed_in, opened_store, visit


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A store in use."""
    (tmp_path / "first").mkdir()
    with opened_store(tmp_path / "first") as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path, store: CaseStore) -> Iterator[CaseStore]:
    """An empty store with the first one's keys."""
    keys: dict[str, Any] = {name: getattr(store.settings, name) for name in ("master_key_file", "trail_key_file")}
    (tmp_path / "second").mkdir()
    with opened_store(tmp_path / "second", **keys) as opened:
        yield opened


async def test_a_restored_store_goes_on_where_the_first_was(store: CaseStore, other: CaseStore, tmp_path: Path) -> None:
    """Charts open, the trail is the same, what waited is worked on, and the chain is continued."""
    done, theirs = await coded(store), await coded(store, visit("visit-3"), ELSEWHERE)
    waits = handed_in(store, visit("visit-2"))
    store.lock(CODER, done)
    assert back_up(store, tmp_path / "backup") == (tmp_path / "backup").stat().st_size
    restore(other, tmp_path / "backup")
    assert other.trail(CODER) == store.trail(CODER)
    assert other.status(CODER, done) == store.status(CODER, done)
    assert other.chart(CODER, done).result == store.chart(CODER, done).result
    assert other.chart(ELSEWHERE, theirs).encounter.case_id == "visit-3"
    lease = other.take("worker-1", TERMS)
    assert lease
    assert lease.case.case == waits
    assert other.verify()[CODER.tenant].bad is None


def test_a_backup_is_for_its_owner_and_holds_no_text_and_no_key(store: CaseStore, tmp_path: Path) -> None:
    """One file of mode 0600; what is sealed stays sealed."""
    handed_in(store)
    back_up(store, tmp_path / "backup")
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    held = (tmp_path / "backup").read_bytes()
    key = store.settings.master_key_file.read_text().strip()
    assert not any(secret in held for secret in (SAID.encode(), key.encode(), bytes.fromhex(key)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "first"]


def test_a_backup_overwrites_nothing(store: CaseStore, tmp_path: Path) -> None:
    """A file that is there stays."""
    (tmp_path / "backup").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        back_up(store, tmp_path / "backup")
    with pytest.raises(InputError, match="cannot be written"):
        back_up(store, tmp_path / "nowhere" / "backup")


def test_a_store_in_use_is_not_restored_into(store: CaseStore, other: CaseStore, tmp_path: Path) -> None:
    """Neither is anything added to it."""
    handed_in(store)
    back_up(store, tmp_path / "backup")
    mine = handed_in(other)
    with pytest.raises(InputError, match="empty one"):
        restore(other, tmp_path / "backup")
    assert other.status(CODER, mine).state is CaseState.QUEUED


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\x00" + bytes(200)])
def test_a_file_that_is_no_backup_is_refused(other: CaseStore, tmp_path: Path, content: bytes) -> None:
    """And left as it is."""
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match="is no backup"):
        restore(other, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == content
    with pytest.raises(InputError, match="No such file"):
        restore(other, tmp_path / "nothing")


def test_a_damaged_backup_leaves_the_store_empty(store: CaseStore, other: CaseStore, tmp_path: Path) -> None:
    """A row of its trail was changed: it is named, and nothing of the backup is kept."""
    handed_in(store)
    back_up(store, tmp_path / "backup")
    with sqlite3.connect(tmp_path / "backup") as connection:
        connection.execute("DROP TRIGGER trail_no_update")
        connection.execute("UPDATE trail SET actor = 'somebody else' WHERE number = 2")
    connection.close()
    with pytest.raises(IntegrityError, match="Row 2 of the restored trail of tenant local is changed"):
        restore(other, tmp_path / "backup")
    assert other.tenants() == ()


def test_another_installations_keys_do_not_take_it(store: CaseStore, tmp_path: Path) -> None:
    """Restored beside other keys, nothing could be opened or believed: it is refused."""
    handed_in(store)
    back_up(store, tmp_path / "backup")
    (tmp_path / "third").mkdir()
    keys: dict[str, Any] = {"master_key_file": store.settings.master_key_file, "trail_key_file": tmp_path / "own.key"}
    with opened_store(tmp_path / "third", **keys) as stranger, pytest.raises(IntegrityError, match="not signed here"):
        restore(stranger, tmp_path / "backup")
    make_key_file(tmp_path / "other.key")
    (tmp_path / "fourth").mkdir()
    keys = {"trail_key_file": store.settings.trail_key_file, "master_key_file": tmp_path / "other.key"}
    with opened_store(tmp_path / "fourth", **keys) as stranger, pytest.raises(IntegrityError, match="master key"):
        restore(stranger, tmp_path / "backup")
