"""Vectors that were computed before, by digest of their text: a rebuild embeds only what is new."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.encoder import DIMENSIONS, TextEncoder
from retrieval.store import FloatVector


class CachedEncoder:
    """A `TextEncoder` with a file behind it; one file per encoder version, one process at a time.

    The file only saves time: a damaged one is begun anew, a vector that does not agree with its digest is made again.
    """

    def __init__(self, encoder: TextEncoder, path: Path) -> None:
        self._encoder = encoder
        self._path = path
        self._file = _connected(path)

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """Vectors of the texts, in order."""
        try:
            return self._encoded(texts)
        except sqlite3.OperationalError:  # a full disk, not a damaged file
            raise
        except sqlite3.DatabaseError:
            self._begin_anew()
            return self._encoded(texts)

    def _encoded(self, texts: Sequence[str]) -> list[FloatVector]:
        self._file.execute("CREATE TABLE IF NOT EXISTS vector (text BLOB PRIMARY KEY, vector BLOB, digest BLOB)")
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        known = {key: vector for key in set(keys) if (vector := self._read(key)) is not None}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        fresh = dict(zip(missing, self._encoder.encode(list(missing.values())), strict=True)) if missing else {}
        with self._file:
            rows = ((key, stored := vector.tobytes(), _digest(stored)) for key, vector in fresh.items())
            self._file.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", rows)
        return [known[key] if key in known else fresh[key] for key in keys]

    def _read(self, key: bytes) -> FloatVector | None:
        row = self._file.execute("SELECT vector, digest FROM vector WHERE text = ?", (key,)).fetchone()
        if row is None or _digest(row[0]) != row[1]:
            return None
        return np.frombuffer(row[0], dtype=np.float32, count=DIMENSIONS)

    def _begin_anew(self) -> None:
        self._file.close()
        for path in (self._path, *self._path.parent.glob(f"{self._path.name}-*")):
            path.unlink(missing_ok=True)
        self._file = _connected(self._path)


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path)


def _digest(stored: bytes) -> bytes:
    return hashlib.sha256(stored).digest()[:8]
