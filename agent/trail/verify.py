"""Verify a tenant's trail: the first row that is not what was written, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.trail.chain import Link
from agent.trail.event import TrailEvent, TrailRow
from agent.trail.keys import PublicKey
from medcoding.record import Record


class BadRow(Record):
    """The first row that does not hold."""

    tenant: str
    number: int
    why: str
    """`missing`, `changed`, `chained to another row`, `not signed here`, `other than the head` or `unreadable`."""


class Damaged(NamedTuple):
    """Stands for a row whose columns hold no event at all."""

    number: int


class Checked(NamedTuple):
    """What verification found."""

    rows: int
    """Rows that hold, counted from the first."""
    bad: BadRow | None


def verify_rows(tenant: str, rows: Iterable[TrailRow | Damaged], key: PublicKey, ends: Iterable[Link] = ()) -> Checked:
    """Hold a tenant's rows, in order of their numbers, against each other, the key and every end known from elsewhere.

    `ends` are where the chain is known to have ended once: the exported head, the store's own note of it.
    """
    known = tuple(ends)
    last = Link()
    for row in rows:
        why, number = _fault(row, last, key, tenant)
        if not why and isinstance(row, TrailRow) and _contradicted(number, row.digest, known):
            why = "other than the head"
        if why or isinstance(row, Damaged):
            return Checked(last.number, BadRow(tenant=tenant, number=number, why=why))
        last = Link(number, row.digest)
    if max((end.number for end in known), default=0) > last.number:
        return Checked(last.number, BadRow(tenant=tenant, number=last.number + 1, why="missing"))
    return Checked(last.number, None)


def _fault(row: TrailRow | Damaged, last: Link, key: PublicKey, tenant: str) -> tuple[str, int]:
    """What is wrong with a row, empty for nothing, and the number of the row that it is wrong with."""
    expected = last.number + 1
    if isinstance(row, Damaged):
        return "unreadable", min(row.number, expected)
    event = row.event
    if event.number != expected:
        return "missing", min(event.number, expected)
    if event.tenant != tenant or _digest(event) != row.digest:
        return "changed", expected
    if event.previous != last.digest:
        return "chained to another row", expected
    if not key.signed(row.digest.encode(), row.signature):
        return "not signed here", expected
    return "", expected


def _contradicted(number: int, digest: str, known: tuple[Link, ...]) -> bool:
    return any(end.number == number and end.digest != digest for end in known)


def _digest(event: TrailEvent) -> str | None:
    try:
        return event.digest
    except ValueError:  # a number that JSON cannot hold: nothing here ever wrote it
        return None
