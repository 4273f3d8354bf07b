"""Behaviour of `chartwright access` and `chartwright review`."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.access.key_book import KeyBook
from agent.access.keys import actor_of_key, key_id_of
from agent.pipeline import Pipeline
from chartwright.cli import main
from index_build.findable.past_encounters import attested_encounters
from medcoding.access import Role
from tests.desks import ANNA, all_accepted, coded_by, opened_desk, seat
from tests.stores import opened_store, store_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, as the environment names it."""
    settings = store_settings(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "URL": settings.url.get_secret_value(),
        "MASTER_KEY_FILE": str(settings.master_key_file),
        "TRAIL_KEY_FILE": str(settings.trail_key_file),
    }.items():
        monkeypatch.setenv(f"CHARTWRIGHT_STORE__{name}", value)
    return tmp_path


def run(*arguments: str) -> int:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_a_key_is_made_listed_and_revoked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed once, it opens as its actor; listed without its secret; revoked, it is gone."""
    assert run("access", "add-key", "ehr", "--role", "system", "--tenant", "north", "--days", "30") == 0
    secret = capsys.readouterr().out.strip()
    key_id = key_id_of(secret)
    assert key_id
    with opened_store(folder) as store:
        actor = actor_of_key(secret, KeyBook(store.ledger).find(key_id), datetime.now(UTC))
        assert (actor.id, actor.tenant, actor.roles) == ("ehr", "north", frozenset({Role.SYSTEM}))
    assert run("access", "list", "--tenant", "north") == 0
    listed = capsys.readouterr().out
    assert f"{key_id}  ehr  system  made " in listed
    assert secret not in listed
    assert run("access", "revoke", key_id, "--tenant", "south") == 2
    assert run("access", "revoke", key_id, "--tenant", "north") == 0
    run("access", "list", "--tenant", "north")
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("add-key", "x"), ("add-key", "x", "--role", "king"), ("revoke", "nothing")])
def test_wrong_arguments_are_refused(folder: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2, and no key is made."""
    assert run("access", *arguments) == 2


def test_attested_cases_are_exported_where_the_tenant_chose_so(
    folder: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the choice nothing is written; with it the index takes the file as it is."""
    with opened_desk(pipeline, folder) as desk:
        found = all_accepted(desk, desk.open(ANNA, asyncio.run(coded_by(pipeline, desk.store))))
        desk.attest(seat(found), found.final.digest)
    target = folder / "past.jsonl"
    assert run("review", "export", str(target)) == 2
    assert not target.exists()
    monkeypatch.setenv("CHARTWRIGHT_REVIEW__PAST_ENCOUNTER_TENANTS", '["local"]')
    assert run("review", "export", str(target)) == 0
    assert target.stat().st_mode & 0o077 == 0
    (past,) = attested_encounters([target])
    assert [line.code for line in past.codes] == [line.code for line in found.now.kept]
    assert run("review", "export", str(target)) == 2, "a file that exists is not written over"
    capsys.readouterr()
    assert run("review", "figures") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 1
