"""Behaviour of key files: made once, told loudly, readable by their owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.store.key_files import make_key_file, store_keys
from agent.store.settings import StoreSettings
from medcoding.errors import ConfigError


def settings_in(folder: Path) -> StoreSettings:
    """Key files in a folder that does not exist yet."""
    return StoreSettings(master_key_file=folder / "keys" / "master.key", trail_key_file=folder / "keys" / "trail.key")


def test_keys_are_made_once_and_never_silently(tmp_path: Path) -> None:
    """The first use tells of both; the second finds them as they are."""
    told: list[str] = []
    first = store_keys(settings_in(tmp_path), told.append, may_make=True)
    again = store_keys(settings_in(tmp_path), told.append, may_make=True)
    assert [sentence.partition(" was made")[0] for sentence in told] == ["A new master key", "A new trail key"]
    assert (again.master, again.trail.public.name) == (first.master, first.trail.public.name)
    assert len(first.master) == 32


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Made with 0600; a key that others can read is refused."""
    settings = settings_in(tmp_path)
    store_keys(settings, lambda _: None, may_make=True)
    assert stat.S_IMODE(settings.master_key_file.stat().st_mode) == 0o600
    for mode in (0o640, 0o604, 0o444, 0o660):
        settings.master_key_file.chmod(mode)
        with pytest.raises(ConfigError, match="chmod 600"):
            store_keys(settings, lambda _: None, may_make=False)


def test_a_mounted_credential_may_be_read_by_its_group(tmp_path: Path) -> None:
    """systemd shows a unit's credentials as 0440; nobody can write them."""
    settings = settings_in(tmp_path)
    store_keys(settings, lambda _: None, may_make=True)
    for mode in (0o440, 0o400):
        settings.master_key_file.chmod(mode)
        assert store_keys(settings, lambda _: None, may_make=False).master


def test_a_server_never_makes_keys_by_itself(tmp_path: Path) -> None:
    """With a database server, a missing key is a mistake of the installation."""
    with pytest.raises(ConfigError, match="chartwright store keys"):
        store_keys(settings_in(tmp_path), lambda _: None, may_make=False)


def test_a_key_that_is_there_stays(tmp_path: Path) -> None:
    """Two processes that start at once end with one key."""
    path = tmp_path / "master.key"
    make_key_file(path)
    before = path.read_bytes()
    make_key_file(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A master key from the environment needs no file."""
    settings = settings_in(tmp_path).model_copy(update={"master_key": SecretStr("ab" * 32)})
    assert store_keys(settings, lambda _: None, may_make=True).master == bytes.fromhex("ab" * 32)
    assert not settings.master_key_file.exists()


@pytest.mark.parametrize("content", ["", "abc", "zz" * 32, "ab" * 31])
def test_a_damaged_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    """The sentence names the file and the form, not what is in it."""
    settings = settings_in(tmp_path)
    store_keys(settings, lambda _: None, may_make=True)
    settings.master_key_file.write_text(content)
    with pytest.raises(ConfigError, match="64 hex digits") as refusal:
        store_keys(settings, lambda _: None, may_make=True)
    assert not content or content not in str(refusal.value)
