"""Vectors that were computed before, by digest of their text: a rebuild embeds only what is new."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.encoder import TextEncoder
from retrieval.store import FloatVector


class CachedEncoder:
    """A `TextEncoder` with a file behind it; one file per encoder version, one process at a time."""

    def __init__(self, encoder: TextEncoder, path: Path) -> None:
        self._encoder = encoder
        self._file = _opened(path)

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """Vectors of the texts, in order."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        known = {key: vector for key in set(keys) if (vector := self._read(key)) is not None}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        fresh = dict(zip(missing, self._encoder.encode(list(missing.values())), strict=True)) if missing else {}
        with self._file:
            self._file.executemany("INSERT INTO vector VALUES (?, ?)", ((k, v.tobytes()) for k, v in fresh.items()))
        return [known[key] if key in known else fresh[key] for key in keys]

    def _read(self, key: bytes) -> FloatVector | None:
        row = self._file.execute("SELECT vector FROM vector WHERE text = ?", (key,)).fetchone()
        return np.frombuffer(row[0], dtype=np.float32) if row else None


def _opened(path: Path) -> sqlite3.Connection:
    """The cache; one that is damaged is begun anew, for it only saves time."""
    try:
        return _connected(path)
    except sqlite3.DatabaseError:
        path.unlink()
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE IF NOT EXISTS vector (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
    return connection
