"""Behaviour of sealing: opened by the same key under the same names, by nothing else."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.store.sealing import keyed_digest, new_key, seal, unseal
from medcoding.errors import IntegrityError

KEY: Final = bytes(range(32))
NAMES: Final = ("local", "a" * 32, "encounter.1")


@given(plain=st.binary(max_size=200))
def test_what_is_sealed_comes_back(plain: bytes) -> None:
    """Any bytes, unchanged."""
    assert unseal(KEY, seal(KEY, plain, *NAMES), *NAMES) == plain


def test_nothing_of_the_text_can_be_seen() -> None:
    """Sealed twice, the same text looks different and shows no word."""
    first, second = (seal(KEY, b"Gout of the hallux.", *NAMES) for _ in range(2))
    assert first != second
    assert b"Gout" not in first


@pytest.mark.parametrize("place", range(3))
def test_a_sealed_text_cannot_take_anothers_place(place: int) -> None:
    """Moved to another tenant, case or kind, it does not open."""
    names = [*NAMES]
    names[place] += "x"
    with pytest.raises(IntegrityError, match="does not open"):
        unseal(KEY, seal(KEY, b"text", *NAMES), *names)


def test_names_do_not_run_together() -> None:
    """Where one name ends and the next begins is part of what is bound."""
    with pytest.raises(IntegrityError):
        unseal(KEY, seal(KEY, b"text", "ab", "c"), "a", "bc")


@given(place=st.integers(0, 32))
def test_one_flipped_byte_does_not_open(place: int) -> None:
    """Form, nonce, text and tag: each byte counts."""
    sealed = bytearray(seal(KEY, b"text", *NAMES))
    sealed[place % len(sealed)] ^= 1
    with pytest.raises(IntegrityError):
        unseal(KEY, bytes(sealed), *NAMES)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    """Too short to be anything."""
    with pytest.raises(IntegrityError):
        unseal(KEY, sealed, *NAMES)


def test_another_key_does_not_open() -> None:
    """The mend names the master key."""
    with pytest.raises(IntegrityError, match="master key"):
        unseal(new_key(), seal(KEY, b"text", *NAMES), *NAMES)


def test_a_keyed_digest_depends_on_key_and_purpose() -> None:
    """Nobody without the key can find out by guessing which short text a digest stands for."""
    digests = {keyed_digest(KEY, "text", b"Gout."), keyed_digest(KEY, "case id", b"Gout.")}
    digests.add(keyed_digest(new_key(), "text", b"Gout."))
    assert len(digests) == 3
    assert keyed_digest(KEY, "text", b"Gout.") in digests
