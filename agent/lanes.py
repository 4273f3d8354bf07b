"""The lanes of an installation: an append-only file of enablings and audits, and what it says of a specialty today."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from agent.audit_sample import AuditSettings
from medcoding.codes import CodeSystem, parse_code
from medcoding.errors import ConfigError, InputError, IntegrityError
from medcoding.lane import LaneEvent, LaneKey, LanePhase, LanePlan, LaneState, lane_state
from medcoding.parsing import load_lines
from medcoding.record import Record

UNNAMED: Final = "unnamed"
"""Lane of encounters that name no specialty."""

_Mark = tuple[int, int]


class LaneSettings(BaseModel):
    """Where the lanes are kept and how a new one is tested."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    file: Path = Path("var/lanes.jsonl")
    """Append-only JSON lines: who enabled which lane, and every audited code."""
    plan: LanePlan = LanePlan()
    """Plan of lanes that are enabled from now on; a lane that is enabled keeps its own."""
    audit: AuditSettings = AuditSettings()


class AuditOutcome(Record):
    """What a person said of one code that was drawn for audit."""

    case_id: str
    code: str
    system: CodeSystem = CodeSystem.ICD10CM
    right: bool
    """Whether it stands as it was answered."""


@dataclass(slots=True)
class Lanes:
    """Reads the file again whenever it has grown, so that an audit that closes a lane counts at once."""

    file: Path
    _mark: _Mark | None = None
    _events: tuple[LaneEvent, ...] = ()
    _states: dict[LaneKey, LaneState] = field(default_factory=dict)

    def state(self, lane: LaneKey) -> LaneState:
        """Where the lane stands now. Raises `IntegrityError` when the file is damaged."""
        events = self.events()
        if lane not in self._states:
            self._states[lane] = lane_state(events, lane)
        return self._states[lane]

    def events(self) -> tuple[LaneEvent, ...]:
        """Everything in the file, in order; nothing where there is no file yet."""
        mark = _mark_of(self.file)
        if mark != self._mark:
            self._events = _read(self.file) if mark else ()
            self._states, self._mark = {}, mark
        return self._events


def lane_name(specialty: str | None) -> str:
    """A specialty as lanes are named: case and blanks do not matter."""
    return " ".join((specialty or UNNAMED).lower().split())


def append_events(file: Path, events: tuple[LaneEvent, ...]) -> None:
    """Add lines to the file, whole and on disk before this returns. Raises `ConfigError` when it cannot be written."""
    lines = b"".join(event.model_dump_json(exclude_none=True).encode() + b"\n" for event in events)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as out:
            out.write(lines)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror}); set CHARTWRIGHT_LANES__FILE to a file that can."
        ) from None


def enabling(state: LaneState, by: str, plan: LanePlan, now: datetime) -> LaneEvent:
    """The line that enables a lane. Raises `InputError` where it is being tested or open: its audits would be lost."""
    if state.phase in {LanePhase.COLLECTING, LanePhase.OPEN}:
        raise InputError(
            f"The lane {state.lane.specialty} is {state.phase.value} for {state.lane.edition};"
            " disable it first if it is to be tested anew."
        )
    return LaneEvent(kind="enabled", lane=state.lane, at=now, by=by, plan=plan)


def disabling(state: LaneState, by: str, now: datetime) -> LaneEvent:
    """The line that disables a lane. Raises `InputError` where it is not enabled."""
    if state.phase not in {LanePhase.COLLECTING, LanePhase.OPEN}:
        raise InputError(f"The lane {state.lane.specialty} is {state.phase.value}; there is nothing to disable.")
    return LaneEvent(kind="disabled", lane=state.lane, at=now, by=by)


def audits(state: LaneState, outcomes: Iterable[AuditOutcome], by: str, now: datetime) -> tuple[LaneEvent, ...]:
    """The lines of audited codes. Raises `InputError` where the lane is not enabled: nothing earlier counts."""
    if state.phase not in {LanePhase.COLLECTING, LanePhase.OPEN}:
        raise InputError(f"The lane {state.lane.specialty} is {state.phase.value}; enable it before its first audit.")
    return tuple(
        LaneEvent(
            kind="audited",
            lane=state.lane,
            at=now,
            by=by,
            case_id=one.case_id,
            system=one.system,
            code=parse_code(one.code, one.system),
            right=one.right,
        )
        for one in outcomes
    )


def _mark_of(file: Path) -> _Mark | None:
    """What changes when the file does; None where there is none."""
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read ({error.strerror}); set CHARTWRIGHT_LANES__FILE to the file of the lanes."
        ) from None
    return stat.st_mtime_ns, stat.st_size


def _read(file: Path) -> tuple[LaneEvent, ...]:
    try:
        return load_lines(LaneEvent, file)
    except InputError as damage:
        raise IntegrityError(f"{str(damage).rstrip('.')}; restore {file.name} from a backup.") from None
