"""Behaviour of API keys: shown once, kept as a digest, ended at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from agent.access.errors import NotThereError, UnauthenticatedError
from agent.access.key_book import KeyBook
from agent.access.keys import actor_of_key, key_id_of, new_key
from medcoding.access import Actor, Role
from tests.stores import opened_store

NOW: Final = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
GATEWAY: Final = Actor(id="ehr-gateway", tenant="north", roles=frozenset({Role.SYSTEM}))
OPERATOR: Final = Actor(id="operator:kim", tenant="north", roles=frozenset({Role.ADMINISTRATOR}))


def test_a_key_names_its_actor_until_it_ends() -> None:
    """The right text opens before its end, not at it and not after it was revoked."""
    secret, kept = new_key(GATEWAY, NOW, expires=NOW + timedelta(days=1))
    assert actor_of_key(secret, kept, NOW) == GATEWAY
    for other, moment in ((kept, NOW + timedelta(days=1)), (kept.model_copy(update={"revoked": NOW}), NOW)):
        with pytest.raises(UnauthenticatedError):
            actor_of_key(secret, other, moment)


def test_what_is_kept_does_not_hold_the_key() -> None:
    """Neither the record nor its JSON holds the secret part."""
    secret, kept = new_key(GATEWAY, NOW)
    assert secret.rpartition("_")[2] not in kept.model_dump_json()
    assert secret not in kept.model_dump_json()


@pytest.mark.parametrize("change", ["", "x", "X", " ", "\n"])
def test_a_changed_key_opens_nothing(change: str) -> None:
    """One character more, less or other, and the key is another."""
    secret, kept = new_key(GATEWAY, NOW)
    wrong = secret[:-1] + change if change.strip() and not secret.endswith(change) else secret[:-1]
    with pytest.raises(UnauthenticatedError):
        actor_of_key(wrong, kept, NOW)


@pytest.mark.parametrize(
    "text", ["", "cw_", "cw_0123456789abcdef_short", "Bearer x", "cw_0123456789ABCDEF_" + "a" * 43]
)
def test_only_what_is_written_like_a_key_has_an_id(text: str) -> None:
    """Other texts are never looked up."""
    assert key_id_of(text) is None


def test_the_book_keeps_finds_and_ends_keys(tmp_path: Path) -> None:
    """A key is found by its id, listed and ended by its own tenant only; each change is in the trail."""
    with opened_store(tmp_path) as store:
        book = KeyBook(store.ledger)
        secret, kept = book.add(OPERATOR, GATEWAY)
        assert book.find(kept.id) == kept
        assert book.keys(OPERATOR.model_copy(update={"tenant": "south"})) == ()
        with pytest.raises(NotThereError):
            book.revoke(OPERATOR.model_copy(update={"tenant": "south"}), kept.id)
        assert actor_of_key(secret, book.find(kept.id), datetime.now(UTC)) == GATEWAY
        book.revoke(OPERATOR, kept.id)
        with pytest.raises(UnauthenticatedError):
            actor_of_key(secret, book.find(kept.id), datetime.now(UTC))
        with pytest.raises(NotThereError):
            book.revoke(OPERATOR, kept.id)
        assert [row.action for row in store.trail(OPERATOR)] == ["tenant.opened", "key.added", "key.revoked"]
        assert secret.encode() not in (tmp_path / "cases.sqlite").read_bytes()
