"""The public keys of a token issuer (JWKS): from a file, or from a URL that the operator allows."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

from agent.access.settings import AccessSettings, Algorithm
from medcoding.errors import ConfigError, DependencyError

_LARGEST: Final = 256 * 1024
_TIMEOUT_S: Final = 5.0
_AGAIN_S: Final = 60.0
"""A key that is not known is asked for again once in so many seconds: a flood of bad tokens asks nobody."""
_SHORTEST_RSA: Final = 2048
_KEY_TYPES: Final[Mapping[Algorithm, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}


class PublicKey(NamedTuple):
    """A key and the one signature it is for: never used for another."""

    id: str | None
    algorithm: Algorithm
    key: PyJWK


class KeySet:
    """The issuer's keys, fetched when they are first needed and again when they are old. Safe between threads."""

    def __init__(self, settings: AccessSettings, clock: Callable[[], float] = time.monotonic) -> None:
        if settings.jwks is None:
            raise ConfigError("No public keys are set; set CHARTWRIGHT_ACCESS__JWKS to a file or an allowed URL.")
        self._place = settings.jwks
        self._settings = settings
        self._clock = clock
        self._lock = Lock()
        self._keys: tuple[PublicKey, ...] = ()
        self._read_at = float("-inf")
        if _is_url(self._place):
            refuse_foreign(self._place, settings.jwks_hosts)

    def key(self, key_id: str | None, algorithm: Algorithm) -> PublicKey | None:
        """The key that a token names; the only one where it names none. None where there is no such key.

        Raises `DependencyError` when the keys cannot be had and none were read before.
        """
        with self._lock:
            age = self._clock() - self._read_at
            if age > self._settings.jwks_refresh_s or (self._chosen(key_id, algorithm) is None and age > _AGAIN_S):
                self._refresh()
            return self._chosen(key_id, algorithm)

    def _chosen(self, key_id: str | None, algorithm: Algorithm) -> PublicKey | None:
        fitting = [k for k in self._keys if k.algorithm == algorithm and (key_id is None or k.id == key_id)]
        return fitting[0] if len(fitting) == 1 else None

    def _refresh(self) -> None:
        """Old keys serve on where new ones cannot be had."""
        try:
            self._keys = read_keys(self._text(), self._settings.algorithms)
        except (OSError, httpx.HTTPError, ValueError) as error:
            if not self._keys:
                raise DependencyError(
                    f"The issuer's keys cannot be read ({type(error).__name__}); check CHARTWRIGHT_ACCESS__JWKS.",
                    retryable=True,
                ) from None
        self._read_at = self._clock()

    def _text(self) -> str:
        return _fetched(self._place) if _is_url(self._place) else Path(self._place).read_text(encoding="utf-8")


def read_keys(text: str, algorithms: tuple[Algorithm, ...]) -> tuple[PublicKey, ...]:
    """The usable keys of a JWKS. Raises `ValueError` for what is none; a shared secret or a weak key is left out."""
    document = json.loads(text)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no list of keys")  # noqa: TRY004 one kind of refusal for every wrong file
    found = (_public_key(entry, algorithms) for entry in entries if isinstance(entry, dict))
    return tuple(key for key in found if key)


def refuse_foreign(url: str, hosts: tuple[str, ...]) -> None:
    """Raise `ConfigError` for a URL that is neither on loopback nor https on an allowed host."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host) or (parts.scheme == "https" and host in hosts):
        return
    raise ConfigError(
        "The public keys stand at an address that is neither on loopback nor https on an allowed host; correct"
        " CHARTWRIGHT_ACCESS__JWKS or add the host to CHARTWRIGHT_ACCESS__JWKS_HOSTS."
    )


def _public_key(entry: dict[str, Any], algorithms: tuple[Algorithm, ...]) -> PublicKey | None:
    algorithm = next((a for a in algorithms if _KEY_TYPES[a] == (entry.get("kty"), _curve(entry))), None)
    fits = algorithm and entry.get("alg", algorithm) == algorithm and entry.get("use", "sig") == "sig"
    if algorithm is None or not fits or "d" in entry:
        return None
    try:
        key = PyJWK(entry, algorithm)
    except PyJWTError:
        return None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < _SHORTEST_RSA:
        return None
    key_id = entry.get("kid")
    return PublicKey(key_id if isinstance(key_id, str) else None, algorithm, key)


def _curve(entry: dict[str, Any]) -> str | None:
    return entry.get("crv") if entry.get("kty") != "RSA" else None


def _fetched(url: str) -> str:
    """No redirect is followed: it could lead anywhere."""
    with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
        answer = client.get(url).raise_for_status()
    if len(answer.content) > _LARGEST:
        raise ValueError("too large")
    return answer.text


def _is_url(place: str) -> bool:
    return "://" in place


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
