"""Signed tokens that people bring (OIDC, JWT): who signed, for whom, until when, and with which roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import jwt
from pydantic import ValidationError

from agent.access.errors import UnauthenticatedError
from agent.access.key_set import KeySet
from agent.access.settings import AccessSettings, Algorithm
from medcoding.access import Actor, Role

_LONGEST: Final = 8192
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_BRINGS_ITS_OWN_KEY: Final = frozenset({"jku", "x5u", "jwk", "x5c", "crit"})
"""Headers that name a key of the sender's choice, or a rule that is not kept here."""
_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_REQUIRED: Final = ("exp", "iss", "aud", "sub")
_REFUSAL: Final = "The token does not hold here; log in again with the issuer that is set."
_NO_ROLE: Final = "The token names no tenant or no role that is known here; ask an administrator to map them."


class TokenReader:
    """Reads who asks from a token. Every refusal is the same sentence: it helps nobody who guesses."""

    def __init__(self, settings: AccessSettings, keys: KeySet) -> None:
        self._settings = settings
        self._keys = keys

    def actor(self, token: str) -> Actor:
        """Who asks. Raises `UnauthenticatedError`, or `DependencyError` when the issuer's keys cannot be had."""
        claims = self._claims(token)
        try:
            return Actor(
                id=claims["sub"],
                tenant=_found(claims, self._settings.tenant_claim),
                roles=self._roles(_found(claims, self._settings.roles_claim)),
            )
        except ValidationError:
            raise UnauthenticatedError(_NO_ROLE) from None

    def _claims(self, token: str) -> Mapping[str, Any]:
        algorithm, key_id = self._header(token)
        key = self._keys.key(key_id, algorithm)
        if key is None:
            raise UnauthenticatedError(_REFUSAL)
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_s,
                options={"require": list(_REQUIRED), "verify_nbf": True, "verify_iat": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise UnauthenticatedError(_REFUSAL) from None

    def _header(self, token: str) -> tuple[Algorithm, str | None]:
        """What the token says of its own signature, held against what is taken here."""
        try:
            shaped = len(token) <= _LONGEST and _SHAPE.fullmatch(token)
            header = jwt.get_unverified_header(token) if shaped else {}
        except (jwt.PyJWTError, ValueError, RecursionError):
            header = {}
        algorithm = next((a for a in self._settings.algorithms if a == header.get("alg")), None)
        kind, key_id = header.get("typ", ""), header.get("kid")
        typed = isinstance(kind, str) and kind.lower() in _TYPES
        if algorithm is None or not typed or _BRINGS_ITS_OWN_KEY & header.keys():
            raise UnauthenticatedError(_REFUSAL)
        if key_id is not None and not isinstance(key_id, str):
            raise UnauthenticatedError(_REFUSAL)
        return algorithm, key_id

    def _roles(self, named: object) -> frozenset[Role]:
        """The roles we know; a name that is not ours or mapped gives nothing."""
        names = named.split() if isinstance(named, str) else named if isinstance(named, list) else []
        ours = (self._settings.role_names.get(name, name) for name in names if isinstance(name, str))
        roles = frozenset(Role(name) for name in ours if name in set(Role))
        if not roles:
            raise UnauthenticatedError(_NO_ROLE)
        return roles


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """A claim, or one inside an object: the whole name first, since claims may be named like URLs."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
