"""What the trail holds: events in canonical JSON, each chained to the one before it and signed.

event      who did what to which case version, when; never note text
digest     SHA-256 over the event's canonical JSON (RFC 8785), which names the digest before it
signature  Ed25519 over the digest: who can write the database but lacks the key cannot chain anew
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import rfc8785
from pydantic import Field, JsonValue

from medcoding.record import Record

BEFORE_THE_FIRST: Final = "0" * 64
"""Stands where the first event of a tenant would name the digest of the one before."""


class TrailEvent(Record):
    """One thing that happened. Cases are named by the installation's own ids, text by digests."""

    tenant: str
    number: int
    """From 1, without a gap within the tenant."""
    at: str
    """ISO 8601 in UTC, to the microsecond."""
    actor: str
    action: str
    """For instance `case.submitted` or `chart.viewed`."""
    case: str | None = None
    version: int | None = None
    detail: dict[str, JsonValue] = Field(default_factory=dict)
    """Ids, codes, digests, offsets and numbers."""
    previous: str
    """Digest of the event before."""

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON, in hex."""
        return hashlib.sha256(canonical(self.model_dump(mode="json"))).hexdigest()


class TrailRow(NamedTuple):
    """An event with what was kept beside it."""

    event: TrailEvent
    digest: str
    signature: bytes


def canonical(value: JsonValue) -> bytes:
    """The one way to write a JSON value (RFC 8785). Raises `ValueError` for what JSON cannot hold exactly."""
    return rfc8785.dumps(value)
