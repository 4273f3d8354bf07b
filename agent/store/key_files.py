"""Keys in files that only their owner can read: the master key, and the one that signs the trail."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from agent.store.sealing import KEY_BYTES, new_key
from agent.store.settings import StoreSettings
from agent.trail.keys import TrailKey
from medcoding.errors import ConfigError

Told = Callable[[str], None]
"""Is told in one sentence what the operator should know."""


class StoreKeys(NamedTuple):
    """What the installation keeps outside its database."""

    master: bytes
    trail: TrailKey


def store_keys(settings: StoreSettings, told: Told, *, may_make: bool) -> StoreKeys:
    """The keys of these settings; where they are missing they are made, if that is allowed, and never silently.

    Raises `ConfigError` for a missing or damaged key, or a file that others can read.
    """
    if settings.master_key is not None:
        master = _of_hex(settings.master_key.get_secret_value(), "CHARTWRIGHT_STORE__MASTER_KEY")
    else:
        master = _in_file(settings.master_key_file, "master key", told, may_make=may_make)
    return StoreKeys(master, TrailKey(_in_file(settings.trail_key_file, "trail key", told, may_make=may_make)))


def make_key_file(path: Path) -> None:
    """Write a fresh key, unless somebody else did at the same moment. Raises `ConfigError`."""
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(new_key().hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        _linked(staged, path)
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be made ({error.strerror}); name another place.") from None
    finally:
        staged.unlink(missing_ok=True)


def _linked(staged: Path, path: Path) -> None:
    """Put the file in its place whole; one that is there stays."""
    try:
        path.hardlink_to(staged)
    except FileExistsError:
        return


def _in_file(path: Path, name: str, told: Told, *, may_make: bool) -> bytes:
    if not path.exists():
        if not may_make:
            raise ConfigError(f"There is no {name} at {path}; run 'chartwright store keys' once, and keep a copy safe.")
        make_key_file(path)
        told(f"A new {name} was made at {path}. Without it nothing stored can be used again: keep a copy elsewhere.")
    try:
        if _is_shared(path.stat().st_mode):
            raise ConfigError(f"Others can read the {name} at {path}; run 'chmod 600' on it.")
        return _of_hex(path.read_text(encoding="ascii", errors="replace"), str(path))
    except OSError as error:
        raise ConfigError(f"The {name} at {path} cannot be read ({error.strerror}); check its owner.") from None


def _is_shared(mode: int) -> bool:
    """True when others can reach the file. A group may read one that nobody can write: a credential mounted so."""
    writable = mode & (stat.S_IWUSR | stat.S_IWGRP)
    return bool(mode & stat.S_IRWXO or (mode & stat.S_IRWXG and writable))


def _of_hex(written: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(written.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{where} holds no key; it must be {2 * KEY_BYTES} hex digits.")
    return key
