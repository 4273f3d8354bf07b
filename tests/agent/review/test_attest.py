"""Behaviour of what is attested: the digest, the time that counts, where selected words stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from agent.review.attest import worked_seconds
from agent.review.places import place_of
from medcoding.codes import CodeRole, CodeSystem
from medcoding.finding import Override
from medcoding.review import AnsweredFinding, FinalLine, FinalSet

START: Final = datetime(2026, 11, 24, 8, tzinfo=UTC)
KNEE: Final = FinalLine(system=CodeSystem.ICD10CM, code="M17.11", role=CodeRole.FIRST_LISTED, sequence=1)
PRESSURE: Final = FinalLine(system=CodeSystem.ICD10CM, code="I10", role=CodeRole.SECONDARY, sequence=2)
SET: Final = FinalSet(case_id="c" * 32, version=1, edition="FY2027", lines=(KNEE, PRESSURE))


def changed(line: FinalLine, **changes: Any) -> FinalLine:
    """A line with changes."""
    return line.model_copy(update=changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (PRESSURE, KNEE)},
        {"lines": (KNEE,)},
        {"lines": (changed(KNEE, code="M17.12"), PRESSURE)},
        {"lines": (changed(KNEE, poa="Y"), PRESSURE)},
        {"lines": (changed(KNEE, modifiers=("RT",)), PRESSURE)},
        {"lines": (KNEE, changed(PRESSURE, role=CodeRole.STATUS))},
        {"version": 2},
        {"case_id": "d" * 32},
        {"edition": "FY2026"},
        {"overrides": (AnsweredFinding(rule="r", codes=(), override=Override(by="a", reason="b", at=START)),)},
    ],
)
def test_the_digest_is_of_the_exact_ordered_set(changes: dict[str, Any]) -> None:
    """Anything else in the set gives another digest; the same set gives the same."""
    assert SET.model_copy(update=changes).digest != SET.digest
    assert FinalSet.model_validate_json(SET.model_dump_json()).digest == SET.digest


def test_pauses_longer_than_five_minutes_are_no_work() -> None:
    """A lunch between two steps counts as five minutes."""
    moments = [START + timedelta(minutes=minutes) for minutes in (0, 2, 62, 63)]
    assert worked_seconds(moments) == (2 + 5 + 1) * 60
    assert worked_seconds(moments[:1]) == 0


@pytest.mark.parametrize(
    ("text", "selected", "near", "expected"),
    [
        ("Gout. Gout.", "Gout", 7, (6, 10)),
        ("Gout. Gout.", "Gout", 1, (0, 4)),
        ("Type 2\r\n  diabetes", "Type 2\ndiabetes", 0, (0, 18)),
        ("😀 Gout", "Gout", 2, (2, 6)),
        ("a\x00b", "a␀b", 0, (0, 3)),
        ("Gout", "asthma", 0, None),
        ("Gout", "  ", 0, None),
    ],
)
def test_selected_words_are_found_as_received(text: str, selected: str, near: int, expected: object) -> None:
    """Line ends and blanks as the browser gives them match those of the record; the nearest place is taken."""
    assert place_of(text, selected, near) == expected
