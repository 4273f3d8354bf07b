"""From what a request brings to who asks: the local user, a key, or a token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from agent.access.errors import UnauthenticatedError
from agent.access.keys import AccessKey, actor_of_key, key_id_of
from agent.access.settings import AccessSettings
from agent.access.tokens import TokenReader
from medcoding.access import Actor, Role

_WHO: Final = "Say who asks: send 'Authorization: Bearer' with an API key or a token of the issuer that is set."

KeyOf = Callable[[str], AccessKey | None]
"""The key of an id, as the store keeps it; None where there is none."""


class Identifier:
    """Finds out who asks. Built once, in `agent.bootstrap`."""

    def __init__(self, settings: AccessSettings, key_of: KeyOf, tokens: TokenReader | None) -> None:
        self.settings = settings
        self._key_of = key_of
        self._tokens = tokens

    @property
    def local_user(self) -> Actor | None:
        """The one user of an installation that asks nobody; None where it is guarded."""
        if self.settings.mode != "local":
            return None
        return Actor(id="local", tenant=self.settings.local_tenant, roles=frozenset(Role))

    def of_header(self, authorization: str) -> Actor:
        """Who asks with an `Authorization` header. Raises `UnauthenticatedError`."""
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise UnauthenticatedError(_WHO)
        return self.of_secret(secret.strip())

    def of_secret(self, secret: str) -> Actor:
        """Who asks with a key or a token, as it is typed at the log-in. Raises `UnauthenticatedError`."""
        if (key_id := key_id_of(secret)) is not None:
            return actor_of_key(secret, self._key_of(key_id), datetime.now(UTC))
        if self._tokens is None:
            raise UnauthenticatedError(_WHO)
        return self._tokens.actor(secret)
