"""Behaviour of the chain: what is written verifies, and one changed thing does not."""

from __future__ import annotations

import datetime as dt
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.trail.chain import Happening, Link, chained, written
from agent.trail.event import BEFORE_THE_FIRST, TrailRow, canonical
from agent.trail.keys import PublicKey, TrailKey
from agent.trail.verify import BadRow, Damaged, verify_rows
from medcoding.errors import IntegrityError

AT: Final = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)
KEY: Final = TrailKey(bytes(32))
OTHER_KEY: Final = TrailKey(bytes([1]) * 32)
TENANT: Final = "local"


def happening(action: str = "case.submitted", **detail: int) -> Happening:
    """Something that happened to a case."""
    return Happening("coder-1", action, "a" * 32, 1, dict(detail))


def chain(length: int = 5, key: TrailKey = KEY) -> list[TrailRow]:
    """A chain of so many rows."""
    return chained(TENANT, Link(), AT, [happening(attempt=n) for n in range(length)], key)


def first_bad(rows: list[TrailRow], *ends: Link) -> BadRow | None:
    """What verification names."""
    return verify_rows(TENANT, rows, KEY.public, ends).bad


def test_a_chain_holds_wherever_it_was_continued() -> None:
    """Rows appended later chain to those before: the whole verifies, counted to the last row."""
    rows = chain(3)
    later = chained(TENANT, Link(3, rows[-1].digest), AT, [happening("case.coded")], KEY)
    assert verify_rows(TENANT, [*rows, *later], KEY.public) == (4, None)
    assert rows[0].event.previous == BEFORE_THE_FIRST


def test_canonical_json_does_not_know_the_order_of_keys() -> None:
    """Two detail objects that say the same have one digest (RFC 8785)."""
    assert canonical({"b": 1.0, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'.encode()


@given(place=st.integers(0, 4), column=st.sampled_from(["at", "actor", "action", "case", "version", "detail"]))
def test_a_changed_event_is_named(place: int, column: str) -> None:
    """Whatever an event says, once it says something else its row is the first bad one."""
    rows = chain()
    changes: dict[str, object] = {"version": 2, "detail": {"attempt": 9}}
    event = rows[place].event.model_copy(update={column: changes.get(column, "x")})
    rows[place] = rows[place]._replace(event=event)
    assert first_bad(rows) == BadRow(tenant=TENANT, number=place + 1, why="changed")


@given(place=st.integers(0, 4), byte=st.integers(0, 63))
def test_one_flipped_byte_of_a_signature_is_named(place: int, byte: int) -> None:
    """A signature that is not the key's own fails at its row."""
    rows = chain()
    signature = bytearray(rows[place].signature)
    signature[byte] ^= 1
    rows[place] = rows[place]._replace(signature=bytes(signature))
    assert first_bad(rows) == BadRow(tenant=TENANT, number=place + 1, why="not signed here")


def test_a_chain_made_anew_without_the_key_is_named_at_its_first_row() -> None:
    """Digests can be counted again by anybody, signatures cannot."""
    rows = chain()
    forged = chained(TENANT, Link(2, rows[1].digest), AT, [happening("case.erased")] * 3, OTHER_KEY)
    assert first_bad([*rows[:2], *forged]) == BadRow(tenant=TENANT, number=3, why="not signed here")


def test_a_row_from_another_place_is_named() -> None:
    """A genuine row, put in another's place with its own digest, says another number."""
    rows = chain()
    assert first_bad([*rows[:1], *rows[2:]]) == BadRow(tenant=TENANT, number=2, why="missing")
    twice = [*rows[:2], *rows[1:]]
    assert first_bad(twice) == BadRow(tenant=TENANT, number=2, why="missing")


def test_a_genuine_row_of_another_chain_does_not_fit() -> None:
    """The same number in a chain of the same key, but after another row."""
    other = chained(TENANT, Link(), AT, [happening(attempt=n + 7) for n in range(5)], KEY)
    rows = chain()
    assert first_bad([*rows[:2], other[2], *rows[3:]]) == BadRow(tenant=TENANT, number=3, why="chained to another row")


def test_another_tenants_chain_is_not_this_ones() -> None:
    """A whole genuine chain does not pass under another tenant's name."""
    assert verify_rows("county-hospital", chain(), KEY.public).bad == BadRow(
        tenant="county-hospital", number=1, why="changed"
    )


def test_a_cut_off_end_shows_against_a_head_only() -> None:
    """Rows cut off the end leave a chain that holds; held against an earlier end, the first missing row is named."""
    rows = chain()
    assert first_bad(rows[:3]) is None
    head = Link(5, rows[-1].digest)
    assert first_bad(rows[:3], head) == BadRow(tenant=TENANT, number=4, why="missing")
    assert first_bad([], head) == BadRow(tenant=TENANT, number=1, why="missing")


def test_a_head_that_the_chain_never_had_is_named() -> None:
    """The installation's own key can chain anew; the head that was exported before cannot be made to agree."""
    head = Link(5, chain()[-1].digest)
    anew = chained(TENANT, Link(), AT, [happening(attempt=n + 7) for n in range(6)], KEY)
    assert first_bad(anew, head) == BadRow(tenant=TENANT, number=5, why="other than the head")


def test_a_row_that_holds_no_event_is_named() -> None:
    """Columns that were never an event stop verification at their row."""
    rows = chain()
    found = verify_rows(TENANT, [*rows[:2], Damaged(3), *rows[3:]], KEY.public)
    assert found == (2, BadRow(tenant=TENANT, number=3, why="unreadable"))


def test_a_number_that_json_cannot_hold_is_a_changed_row() -> None:
    """An integer beyond 2^53 put into a detail is refused as changed, not met with an exception."""
    rows = chain()
    rows[1] = rows[1]._replace(event=rows[1].event.model_copy(update={"detail": {"attempt": 2**60}}))
    assert first_bad(rows) == BadRow(tenant=TENANT, number=2, why="changed")


def test_moments_are_written_one_way() -> None:
    """Any zone, always UTC with microseconds: the text is part of what is signed."""
    moment = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert written(moment) == written(AT) == "2026-11-24T08:00:00.000000+00:00"


@pytest.mark.parametrize("name", ["", "zz", "00" * 31])
def test_a_public_key_that_is_none_is_refused(name: str) -> None:
    """A damaged head cannot smuggle in a key."""
    with pytest.raises(IntegrityError, match="not one"):
        PublicKey(name)
