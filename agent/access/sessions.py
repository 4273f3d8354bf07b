"""Sessions on the pages: who logged in, until they are idle for too long. Kept in memory only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final, NamedTuple

from agent.access.settings import AccessSettings
from medcoding.access import Actor

_MOST: Final = 10_000
"""Sessions in memory; beyond that the one that was idle longest ends."""


class Session(NamedTuple):
    """A logged-in person."""

    actor: Actor
    csrf: str
    """What a change on a page must bring: another site cannot know it."""
    started: float
    """Seconds of the session clock."""
    idle_left_s: float


@dataclass(slots=True)
class _Kept:
    actor: Actor
    csrf: str
    started: float
    seen: float


class Sessions:
    """All sessions of this process; a restart logs everybody off. Safe between threads."""

    def __init__(self, settings: AccessSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}

    def open(self, actor: Actor) -> str:
        """Begin a session; the answer goes into the cookie, only its digest is kept."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._forget(now)
            self._kept[_digest(secret)] = _Kept(actor, secrets.token_urlsafe(32), now, now)
        return secret

    def find(self, secret: str, *, touch: bool = True) -> Session | None:
        """The session of a cookie; None when there is none, or it was idle for too long. `touch` keeps it awake."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get(_digest(secret))
            if kept is None or not self._lives(kept, now):
                self._kept.pop(_digest(secret), None)
                return None
            if touch:
                kept.seen = now
            return Session(kept.actor, kept.csrf, kept.started, self._settings.idle_s - (now - kept.seen))

    def close(self, secret: str) -> None:
        """Log off."""
        with self._lock:
            self._kept.pop(_digest(secret), None)

    def _lives(self, kept: _Kept, now: float) -> bool:
        return now - kept.seen < self._settings.idle_s and now - kept.started < self._settings.session_s

    def _forget(self, now: float) -> None:
        for digest in [digest for digest, kept in self._kept.items() if not self._lives(kept, now)]:
            del self._kept[digest]
        while len(self._kept) >= _MOST:
            del self._kept[min(self._kept, key=lambda digest: self._kept[digest].seen)]


def same_token(given: str, expected: str) -> bool:
    """Compare without telling by time how much was right."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
