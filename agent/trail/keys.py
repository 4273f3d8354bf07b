"""The keys of the trail: an Ed25519 pair. The public half verifies rows and heads anywhere."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from medcoding.errors import IntegrityError


class TrailKey:
    """The private half. It stays on the installation, outside the database."""

    def __init__(self, seed: bytes) -> None:
        """From 32 secret bytes."""
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        raw = self._private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public = PublicKey(raw.hex())

    def sign(self, message: bytes) -> bytes:
        """Signature of 64 bytes."""
        return self._private.sign(message)


class PublicKey:
    """The public half, known by its 64 hex digits."""

    def __init__(self, name: str) -> None:
        """Raises `IntegrityError` for anything but 64 hex digits."""
        try:
            self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(name))
        except ValueError:
            raise IntegrityError("The trail's public key is not one; take an undamaged copy of the head.") from None
        self.name = name

    def signed(self, message: bytes, signature: bytes) -> bool:
        """True when the private half made this signature of this message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True
