"""Seal note text: AES-256-GCM under a key a case, wrapped by its tenant's, wrapped by the installation's master key.

    master key (file or environment) → tenant's key (column, wrapped) → case's key (column, wrapped) → sealed text

Whatever is sealed names in its associated data what it is and whose, so that nothing can be put in another's place.
Erasing a wrapped key ends everything below it, in copies of the rows as well.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.trail.event import canonical
from medcoding.errors import IntegrityError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORM: Final = b"\x01"
"""First byte of whatever is sealed: the way it was done."""


def new_key() -> bytes:
    """A fresh key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plain: bytes, *names: str) -> bytes:
    """Sealed bytes, bound to what they are: `names`, for instance tenant, case and kind."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plain, _bound(names))


def unseal(key: bytes, sealed: bytes, *names: str) -> bytes:
    """What was sealed under the same names. Raises `IntegrityError` for anything else."""
    form, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, _bound(names) if form == _FORM else b"unknown form")
    except (InvalidTag, ValueError):
        raise IntegrityError(
            "Something sealed in the case store does not open; give back the master key it was sealed under, or"
            " restore a backup."
        ) from None


def keyed_digest(key: bytes, purpose: str, plain: bytes) -> str:
    """SHA-256 under a key, in hex: the same text gives the same digest, and without the key it cannot be guessed at."""
    derived = hmac.digest(key, f"digest of {purpose}".encode(), hashlib.sha256)
    return hmac.new(derived, plain, hashlib.sha256).hexdigest()


def _bound(names: tuple[str, ...]) -> bytes:
    return canonical(list(names))
