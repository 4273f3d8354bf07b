"""Behaviour of sessions on the pages: idle log-off, an end in any case, nothing kept that opens one."""

from __future__ import annotations

from typing import Final

from agent.access.sessions import Sessions, same_token
from agent.access.settings import AccessSettings
from medcoding.access import Actor, Role

ANNA: Final = Actor(id="anna", tenant="north", roles=frozenset({Role.CODER}))


class Clock:
    """Seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def opened() -> tuple[Sessions, Clock, str]:
    """A session of ten minutes idle and an hour in all."""
    clock = Clock()
    sessions = Sessions(AccessSettings(idle_s=600, session_s=3600), clock)
    return sessions, clock, sessions.open(ANNA)


def test_a_request_keeps_it_awake_and_idleness_ends_it() -> None:
    """Ten minutes without a request end the session; a request before that starts the ten minutes anew."""
    sessions, clock, secret = opened()
    for moment in (599.0, 1198.0, 1797.0):
        clock.now = moment
        assert sessions.find(secret) is not None
    clock.now += 600
    assert sessions.find(secret) is None
    clock.now -= 600
    assert sessions.find(secret) is None, "an ended session does not come back"


def test_asking_how_long_it_lives_does_not_keep_it_awake() -> None:
    """A page that watches the clock must not hold the session open."""
    sessions, clock, secret = opened()
    clock.now = 400
    left = sessions.find(secret, touch=False)
    assert left is not None
    assert left.idle_left_s == 200
    clock.now = 601
    assert sessions.find(secret) is None


def test_it_ends_in_any_case() -> None:
    """However busy, after an hour somebody logs in again."""
    sessions, clock, secret = opened()
    while clock.now < 3600:
        assert sessions.find(secret) is not None
        clock.now += 500
    assert sessions.find(secret) is None


def test_logging_off_ends_it() -> None:
    """After that the cookie opens nothing."""
    sessions, _, secret = opened()
    sessions.close(secret)
    assert sessions.find(secret) is None


def test_secrets_are_not_kept_and_never_alike() -> None:
    """What stands in memory cannot be used as a cookie; each session has a token of its own."""
    sessions, _, secret = opened()
    assert secret not in repr(sessions.__dict__)
    first, second = sessions.find(secret), sessions.find(sessions.open(ANNA))
    assert first is not None
    assert second is not None
    assert not same_token(first.csrf, second.csrf)
