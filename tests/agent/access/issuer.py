"""A token issuer of a test's own: keys of three kinds, its JWKS, and tokens as it would sign them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ISSUER: Final = "https://login.north.example"
AUDIENCE: Final = "chartwright"


class Issuer:
    """Signs with RS256, ES256 or EdDSA; its key ids are the names of the algorithms."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {
            "RS256": rsa.generate_private_key(public_exponent=65_537, key_size=2048),
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        }

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [self.public_entry(name) for name in self.keys]}

    def public_entry(self, name: str) -> dict[str, Any]:
        """One public key as its JWK."""
        algorithm = jwt.get_algorithm_by_name(name)
        entry = json.loads(algorithm.to_jwk(self.keys[name].public_key()))
        return {**entry, "kid": name, "use": "sig"}

    def write(self, folder: Path) -> Path:
        """The JWKS as a file."""
        path = folder / "jwks.json"
        path.write_text(json.dumps(self.jwks()), encoding="utf-8")
        return path

    def token(self, name: str = "RS256", headers: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A token; a change of None leaves the claim out."""
        claims = {key: value for key, value in {**claims_of(), **changes}.items() if value is not None}
        return jwt.encode(claims, self.keys[name], algorithm=name, headers={"kid": name, **(headers or {})})

    def public_pem(self, name: str = "RS256") -> bytes:
        """The public key as PEM: what an attacker uses as a shared secret."""
        public: bytes = (
            self.keys[name]
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        return public


def claims_of() -> dict[str, Any]:
    """What a good token says."""
    now = int(time.time())
    return {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "tenant": "north", "roles": ["coder"],
        "iat": now, "nbf": now, "exp": now + 600,
    }  # fmt: skip
