"""The file of the lanes, and what may be written to it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from agent.lanes import AuditOutcome, Lanes, append_events, audits, disabling, enabling, lane_name
from medcoding.errors import ConfigError, InputError, IntegrityError
from medcoding.lane import LaneKey, LanePhase, LanePlan

LANE = LaneKey(specialty="cardiology", edition="FY2027", calibrator="c1")
NOW = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
PLAN = LanePlan(looks=(90,))


def right(*cases: int) -> list[AuditOutcome]:
    """Codes that stand as they were answered."""
    return [AuditOutcome(case_id=f"v{n}", code="i480", right=True) for n in cases]


def test_audits_that_were_written_count_at_once(tmp_path: Path) -> None:
    """The file is read again when it has grown: a running service sees a lane open, and close."""
    file = tmp_path / "state" / "lanes.jsonl"
    lanes = Lanes(file)
    assert lanes.state(LANE).phase is LanePhase.OFF
    append_events(file, (enabling(lanes.state(LANE), "coder-7", PLAN, NOW),))
    assert lanes.state(LANE).phase is LanePhase.COLLECTING
    append_events(file, audits(lanes.state(LANE), right(*range(90)), "coder-8", NOW))
    assert lanes.state(LANE).is_open
    wrong = [AuditOutcome(case_id=f"w{n}", code="I48.0", right=False) for n in range(6)]
    append_events(file, audits(lanes.state(LANE), wrong, "coder-8", NOW))
    assert lanes.state(LANE).phase is LanePhase.CLOSED
    assert next(event.code for event in lanes.events() if event.kind == "audited") == "I48.0"


def test_what_would_lose_audits_is_refused(tmp_path: Path) -> None:
    """Enabling a lane that is being tested, auditing and disabling one that is not."""
    file = tmp_path / "lanes.jsonl"
    lanes = Lanes(file)
    with pytest.raises(InputError, match="enable it before its first audit"):
        audits(lanes.state(LANE), right(1), "coder-8", NOW)
    with pytest.raises(InputError, match="nothing to disable"):
        disabling(lanes.state(LANE), "coder-8", NOW)
    append_events(file, (enabling(lanes.state(LANE), "coder-7", PLAN, NOW),))
    with pytest.raises(InputError, match="disable it first"):
        enabling(lanes.state(LANE), "coder-7", PLAN, NOW)


def test_a_damaged_file_opens_no_lane(tmp_path: Path) -> None:
    """One byte too few is an integrity failure that names the backup, never a guess."""
    file = tmp_path / "lanes.jsonl"
    append_events(file, (enabling(Lanes(file).state(LANE), "coder-7", PLAN, NOW),))
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(IntegrityError, match="backup"):
        Lanes(file).state(LANE)


def test_a_file_that_cannot_be_written_names_its_setting(tmp_path: Path) -> None:
    """A folder stands where the file should."""
    with pytest.raises(ConfigError, match="CHARTWRIGHT_LANES__FILE"):
        append_events(tmp_path, (enabling(Lanes(tmp_path / "none").state(LANE), "coder-7", PLAN, NOW),))


@pytest.mark.parametrize("named", ["Cardiology", " cardiology ", "CARDIOLOGY"])
def test_a_specialty_is_one_lane_however_it_is_typed(named: str) -> None:
    """Case and blanks do not matter; encounters that name none share one."""
    assert lane_name(named) == "cardiology"
    assert lane_name(None) == lane_name("") == "unnamed"
