"""Behaviour of exported heads: their own signature, and files that are none."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import pytest

from agent.trail.heads import Head, read_heads, signed_heads
from agent.trail.keys import TrailKey
from medcoding.errors import InputError, IntegrityError

KEY: Final = TrailKey(bytes(32))
HEADS: Final = signed_heads(
    (Head(tenant="local", number=3, digest="a" * 64),), dt.datetime(2026, 11, 24, tzinfo=dt.UTC), KEY
)


def test_a_head_comes_back_from_its_file(tmp_path: Path) -> None:
    """What was written is read, and its signature holds."""
    file = tmp_path / "head.json"
    file.write_text(HEADS.model_dump_json())
    assert read_heads(file) == HEADS
    assert HEADS.key().name == KEY.public.name
    assert HEADS.of("local") == HEADS.heads[0]
    assert HEADS.of("county-hospital") is None


@pytest.mark.parametrize(
    "change",
    [
        {"heads": (Head(tenant="local", number=2, digest="a" * 64),)},
        {"at": "2026-11-25T00:00:00.000000+00:00"},
        {"signature": "00" * 64},
        {"signature": "no hex"},
        {"public_key": TrailKey(bytes([1]) * 32).public.name},
    ],
)
def test_a_changed_head_is_refused(change: dict[str, object]) -> None:
    """A head that was cut down to fit a cut-down trail is no head."""
    with pytest.raises(IntegrityError, match="not what was signed"):
        HEADS.model_copy(update=change).key()


def test_files_that_hold_no_head_are_refused(tmp_path: Path) -> None:
    """The mend is named, the content is not."""
    file = tmp_path / "other.json"
    file.write_text('{"note": "Zebrafish"}')
    with pytest.raises(InputError, match="holds no head") as refusal:
        read_heads(file)
    assert "Zebrafish" not in str(refusal.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_heads(tmp_path / "missing.json")
