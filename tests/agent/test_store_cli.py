"""Behaviour of `chartwright store` and `chartwright trail`: what an operator does and is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.store.case_store import CaseStore
from agent.store.errors import ErasedError
from chartwright.cli import _exit_code
from tests.stores import CODER, MovedClock, coded, handed_in, opened_store, visit


class Run(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Command = Callable[..., Run]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `chartwright` on the store in the test's folder."""
    keep_in(tmp_path, monkeypatch)

    def run(*arguments: str) -> Run:
        capsys.readouterr()
        code = _exit_code(list(arguments))
        return Run(code, *capsys.readouterr())

    return run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """The same store, as others use it meanwhile."""
    with opened_store(tmp_path) as opened:
        yield opened


def keep_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command keep cases and keys in a folder."""
    monkeypatch.setenv("CHARTWRIGHT_STORE__URL", f"sqlite:///{folder / 'cases.sqlite'}")
    monkeypatch.setenv("CHARTWRIGHT_STORE__MASTER_KEY_FILE", str(folder / "master.key"))
    monkeypatch.setenv("CHARTWRIGHT_STORE__TRAIL_KEY_FILE", str(folder / "trail.key"))


async def test_a_whole_trail_verifies(store: CaseStore, command: Command, tmp_path: Path) -> None:
    """Against the key alone and against an exported head, all tenants or one."""
    await coded(store)
    head = str(tmp_path / "head.json")
    assert command("trail", "export-head", head).code == 0
    handed_in(store, visit("visit-2"))
    assert command("trail", "verify", "--head", head) == Run(0, "local: 5 rows hold\n", "")
    assert command("trail", "verify", "--tenant", "local").code == 0


async def test_the_first_bad_row_is_named(store: CaseStore, command: Command, tmp_path: Path) -> None:
    """Exit code 4, one sentence."""
    await coded(store)
    with sqlite3.connect(tmp_path / "cases.sqlite") as connection:
        connection.execute("DROP TRIGGER trail_no_update")
        connection.execute("UPDATE trail SET action = 'case.erased' WHERE number = 3")
    connection.close()
    found = command("trail", "verify")
    assert (found.code, found.out) == (4, "local: row 3 is changed; the 2 before it hold\n")
    assert found.err.startswith("chartwright: Row 3 of tenant local is changed;")


async def test_a_cut_off_end_shows_against_the_head(store: CaseStore, command: Command, tmp_path: Path) -> None:
    """Somebody cut the trail and mended the store's own note of its end: only the head that was kept tells."""
    await coded(store)
    head = str(tmp_path / "head.json")
    command("trail", "export-head", head)
    with sqlite3.connect(tmp_path / "cases.sqlite") as connection:
        connection.execute("DROP TRIGGER trail_no_delete")
        connection.execute("DELETE FROM trail WHERE number = 4")
        connection.execute(
            "UPDATE tenants SET trail_number = 3, trail_digest = (SELECT digest FROM trail WHERE number = 3)"
        )
    connection.close()
    assert command("trail", "verify").code == 0
    found = command("trail", "verify", "--head", head)
    assert (found.code, found.err.split(";")[0]) == (4, "chartwright: Row 4 of tenant local is missing")


def test_another_installations_head_is_refused(
    store: CaseStore, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head under another key says nothing about this trail."""
    handed_in(store)
    head = str(tmp_path / "head.json")
    command("trail", "export-head", head)
    (tmp_path / "elsewhere").mkdir()
    keep_in(tmp_path / "elsewhere", monkeypatch)
    assert command("trail", "verify", "--head", head).code == 4
    assert command("trail", "verify", "--head", str(tmp_path / "nothing")).code == 2


async def test_backup_and_restore(
    store: CaseStore, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into an empty store with the same keys; a second restore is refused."""
    await coded(store)
    backup = str(tmp_path / "backup")
    assert command("store", "backup", backup).code == 0
    monkeypatch.setenv("CHARTWRIGHT_STORE__URL", f"sqlite:///{tmp_path / 'second.sqlite'}")
    restored = command("store", "restore", backup)
    assert (restored.code, restored.err.endswith("the trail holds.\n")) == (0, True)
    again = command("store", "restore", backup)
    assert (again.code, "empty one" in again.err) == (2, True)


async def test_erasing_asks_first(store: CaseStore, command: Command) -> None:
    """Without --yes nothing happens where nobody can be asked; with it the operator stands in the trail."""
    case = await coded(store)
    assert command("store", "erase", "--tenant", "local", "--case", case).code == 2
    assert command("store", "erase", "--tenant", "local", "--case", case, "--yes").code == 0
    with pytest.raises(ErasedError):
        store.chart(CODER, case)
    assert store.timeline(CODER, case)[-1].actor.startswith("operator ")
    assert command("store", "erase", "--tenant", "local", "--yes").code == 0
    assert command("store", "erase", "--tenant", "local", "--case", "x", "--yes").code == 2


async def test_retention_is_a_command(tmp_path: Path, command: Command) -> None:
    """What was done longer ago goes; without a number of days it is refused."""
    clock = MovedClock()
    clock.move(-400 * 86_400)
    with opened_store(tmp_path, clock) as store:
        await coded(store)
    assert command("store", "retain").code == 2
    done = command("store", "retain", "--days", "365")
    assert (done.code, done.err) == (0, "The text of 1 cases done more than 365 days ago is erased.\n")


def test_keys_and_form_are_made(command: Command) -> None:
    """An operator of a server makes both before the first start."""
    made = command("store", "keys")
    assert made.code == 0
    told = " ".join(made.err.split())
    assert "A new master key was made at" in told
    assert "A new trail key was made at" in told
    assert command("store", "upgrade").code == 0
