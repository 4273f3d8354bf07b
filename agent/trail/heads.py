"""Heads: where each tenant's chain ended at a moment, signed, to be kept outside the installation.

A chain that lost its end still verifies by itself. Held against an earlier head it does not.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from agent.trail.chain import written
from agent.trail.event import canonical
from agent.trail.keys import PublicKey, TrailKey
from medcoding.errors import InputError, IntegrityError
from medcoding.record import Record


class Head(Record):
    """The end of one tenant's chain."""

    tenant: str
    number: int
    digest: str


class Heads(Record):
    """The ends of all chains at one moment, and whose word it is."""

    at: str
    heads: tuple[Head, ...]
    public_key: str
    """Of the pair that signs rows and heads."""
    signature: str
    """Over the canonical JSON of everything else, in hex."""

    def key(self) -> PublicKey:
        """The key that these heads name, after checking that it signed them. Raises `IntegrityError`."""
        key = PublicKey(self.public_key)
        try:
            signature = bytes.fromhex(self.signature)
        except ValueError:
            signature = b""
        if not key.signed(_said(self.at, self.heads, self.public_key), signature):
            raise IntegrityError("The exported head is not what was signed; take an undamaged copy of it.")
        return key

    def of(self, tenant: str) -> Head | None:
        """The head of one tenant; None when it had no trail then."""
        return next((head for head in self.heads if head.tenant == tenant), None)


def signed_heads(heads: tuple[Head, ...], at: datetime, key: TrailKey) -> Heads:
    """Sign where all chains end now."""
    moment = written(at)
    signature = key.sign(_said(moment, heads, key.public.name)).hex()
    return Heads(at=moment, heads=heads, public_key=key.public.name, signature=signature)


def read_heads(path: Path) -> Heads:
    """The heads in a file. Raises `InputError` when it cannot be read or holds something else."""
    try:
        return Heads.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None
    except ValidationError:
        raise InputError(f"{path} holds no head; name a file that 'chartwright trail export-head' wrote.") from None


def _said(at: str, heads: tuple[Head, ...], public_key: str) -> bytes:
    return canonical({"at": at, "heads": [h.model_dump(mode="json") for h in heads], "public_key": public_key})
