"""Keys for systems. Only a digest is kept; the key itself is shown once, when it is made."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Annotated, Final, NamedTuple

from pydantic import AwareDatetime, Field

from agent.access.errors import UnauthenticatedError
from medcoding.access import Actor, ActorId, Role, TenantName
from medcoding.record import Record

KEY_SHAPE: Final = re.compile(r"cw_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_REFUSAL: Final = "The key is not known here, or no longer; ask an administrator for a new one."


class AccessKey(Record):
    """What is kept of a key."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the key: 256 random bits need no slow digest."""
    actor_id: ActorId
    tenant: TenantName
    roles: frozenset[Role]
    created: AwareDatetime
    expires: AwareDatetime | None = None
    revoked: AwareDatetime | None = None

    @property
    def actor(self) -> Actor:
        """Who asks with it."""
        return Actor(id=self.actor_id, tenant=self.tenant, roles=self.roles)

    def holds(self, now: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class NewKey(NamedTuple):
    """A key that was just made."""

    secret: str
    """Shown once and kept nowhere."""
    kept: AccessKey


def new_key(actor: Actor, now: datetime, expires: datetime | None = None) -> NewKey:
    """A key for an actor, 256 bits from the system's own source."""
    key_id = secrets.token_hex(8)
    secret = f"cw_{key_id}_{secrets.token_urlsafe(32)}"
    return NewKey(
        secret,
        AccessKey(
            id=key_id,
            digest=digest_of_key(secret),
            actor_id=actor.id,
            tenant=actor.tenant,
            roles=actor.roles,
            created=now,
            expires=expires,
        ),
    )


def key_id_of(secret: str) -> str | None:
    """The id in a text that is written like a key; None for any other text."""
    found = KEY_SHAPE.fullmatch(secret)
    return found.group(1) if found else None


def actor_of_key(secret: str, kept: AccessKey | None, now: datetime) -> Actor:
    """Who asks with a key. Raises `UnauthenticatedError`; the comparison takes as long for any wrong key."""
    expected = kept.digest if kept else "0" * 64
    same = hmac.compare_digest(digest_of_key(secret), expected)
    if kept is None or not same or not kept.holds(now):
        raise UnauthenticatedError(_REFUSAL)
    return kept.actor


def digest_of_key(secret: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()
