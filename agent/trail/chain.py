"""Append to a chain: numbers, digests and signatures of what happened next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import JsonValue

from agent.trail.event import BEFORE_THE_FIRST, TrailEvent, TrailRow
from agent.trail.keys import TrailKey


class Link(NamedTuple):
    """Where a chain ends: the number and digest of its last row; of an empty one 0 and `BEFORE_THE_FIRST`."""

    number: int = 0
    digest: str = BEFORE_THE_FIRST


class Happening(NamedTuple):
    """What is to be put on a chain."""

    actor: str
    action: str
    case: str | None
    version: int | None
    detail: dict[str, JsonValue]


def chained(tenant: str, end: Link, at: datetime, new: Iterable[Happening], key: TrailKey) -> list[TrailRow]:
    """The rows that follow `end`, all of the same moment."""
    rows = []
    for what in new:
        event = TrailEvent(tenant=tenant, number=end.number + 1, at=written(at), previous=end.digest, **what._asdict())
        end = Link(event.number, event.digest)
        rows.append(TrailRow(event, end.digest, key.sign(end.digest.encode())))
    return rows


def written(at: datetime) -> str:
    """A moment as the trail writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
