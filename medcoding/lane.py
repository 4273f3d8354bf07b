"""The auto lane of a specialty: opened by audited codes, closed by them, and never by anybody's impression.

The state of a lane is computed from an append-only list of events: who enabled it with which plan, who disabled it, and
what people said of the codes that were drawn for audit. Nothing else is kept.

The test is planned before the first audit. At each planned number of audited codes the lane opens when the exact lower
bound of its precision reaches the target, at a level so strict that all looks together open a lane of lower precision
with a probability of at most 5 %. A lane that is enabled again in the same edition tests with what is left of that.
While it is open, a likelihood-ratio CUSUM (Page 1954) over the audited codes closes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import AwareDatetime, Field, model_validator

from medcoding.codes import CodeSystem
from medcoding.lane_bound import LEVEL, errors_allowed, lower_bound
from medcoding.record import Record

FIRST_ATTEMPT: Final = 0.8
"""Part of the error that the first enabling in an edition spends; every further one spends half of what is left."""


AuditedCodes = Annotated[int, Field(gt=0)]


class LanePlan(Record):
    """How a lane is tested; fixed when it is enabled, before the first audit."""

    target: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Precision that must be shown."""
    error: Annotated[float, Field(gt=0, le=0.05)] = 0.05
    """Highest probability, over all looks of an edition, that a lane of a precision below the target opens."""
    looks: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1, max_length=20)] = (
        130,
        250,
        500,
        1000,
    )
    """Numbers of audited codes at which the lane may open."""
    turned: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    """Precision that an open lane must not be left at."""
    patience: Annotated[float, Field(ge=1, le=10)] = 3.0
    """Evidence, as a log likelihood ratio of `turned` against `target`, at which an open lane closes."""

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if list(self.looks) != sorted(set(self.looks)):
            raise ValueError("the looks must rise; give each planned number of audited codes once, in order")
        if self.turned >= self.target:
            raise ValueError("turned must lie below target; lower it")
        return self

    def level(self, attempt: int) -> float:
        """Confidence level of each look of the n-th enabling in an edition, from 1."""
        spent = FIRST_ATTEMPT if attempt == 1 else (1 - FIRST_ATTEMPT) * 0.5 ** (attempt - 1)
        return 1 - self.error * spent / len(self.looks)


class LaneKey(Record):
    """What a lane holds for: audits of other answers say nothing of these."""

    specialty: str
    edition: str
    calibrator: str
    """Digest of the calibrator: another one, or another model behind it, is another lane."""


class LaneEvent(Record):
    """One line of the append-only list."""

    kind: Literal["enabled", "disabled", "audited"]
    lane: LaneKey
    at: AwareDatetime
    by: Annotated[str, Field(min_length=1)]
    """Who: a user id of the installation."""
    plan: LanePlan | None = None
    """Of an enabling."""
    case_id: str | None = None
    system: CodeSystem = CodeSystem.ICD10CM
    code: str | None = None
    right: bool | None = None
    """Whether the audited code stands as it was answered."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.kind == "enabled" and self.plan is None:
            raise ValueError("an enabling names the plan it is tested by")
        if self.kind == "audited" and None in (self.case_id, self.code, self.right):
            raise ValueError("an audit names case_id, code and whether it was right")
        return self


class LanePhase(StrEnum):
    """Where a lane stands."""

    OFF = "off"
    COLLECTING = "collecting"
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


class Look(Record):
    """One planned look at the audits."""

    codes: int
    allowed: int | None
    """Errors with which the lane opens here; None where not even a sample without error is enough."""
    errors: int | None = None
    """What was found; None where it is still to come."""

    @property
    def opens(self) -> bool:
        """True when it was taken and passed."""
        return self.errors is not None and self.allowed is not None and self.errors <= self.allowed


class LaneState(Record):
    """A lane as its events leave it."""

    lane: LaneKey
    phase: LanePhase
    why: str
    """One sentence."""
    attempt: int = 0
    """How often it was enabled in this edition."""
    audited: int = 0
    """Codes audited since it was enabled, one an encounter."""
    errors: int = 0
    precision: float | None = None
    lower_bound: float | None = None
    """One-sided, 95 %, exact, of all audits since it was enabled."""
    looks: tuple[Look, ...] = ()
    level: float | None = None
    """Confidence level of each look."""
    evidence_against: float = 0.0
    """Of an open lane: log likelihood ratio since the audits last spoke for it; it closes at the plan's patience."""
    plan: LanePlan | None = None

    @property
    def is_open(self) -> bool:
        """True when codes may be assigned automatically."""
        return self.phase is LanePhase.OPEN


class _Watch(NamedTuple):
    """An open lane under its audits."""

    evidence: float
    closed_at: int | None
    """Number of the audited code that closed it."""


def lane_state(events: Iterable[LaneEvent], lane: LaneKey) -> LaneState:
    """The state of one lane. Events of other lanes matter only in that they show whether this one has expired."""
    own = [event for event in events if event.lane.specialty == lane.specialty]
    enabled = [place for place, event in enumerate(own) if event.kind == "enabled"]
    attempt = sum(own[place].lane.edition == lane.edition for place in enabled)
    if not enabled:
        return LaneState(lane=lane, phase=LanePhase.OFF, why="It was never enabled.")
    begun = own[enabled[-1]]
    if begun.lane != lane:
        return LaneState(lane=lane, phase=LanePhase.EXPIRED, why=_expiry(begun.lane, lane), attempt=attempt)
    since = [event for event in own[enabled[-1] + 1 :] if event.lane == lane]
    plan = begun.plan or LanePlan()
    state = _tested(lane, plan, attempt, _outcomes(since))
    stopped = next((event for event in since if event.kind == "disabled"), None)
    if stopped is None:
        return state
    return state.model_copy(
        update={"phase": LanePhase.OFF, "why": f"{stopped.by} disabled it on {stopped.at:%Y-%m-%d}."}
    )


def known_lanes(events: Iterable[LaneEvent]) -> tuple[str, ...]:
    """The specialties that have a lane, in order of name."""
    return tuple(sorted({event.lane.specialty for event in events}))


def _outcomes(events: Sequence[LaneEvent]) -> list[bool]:
    """One outcome an encounter, the first: the codes of one encounter are right and wrong together."""
    first: dict[str, bool] = {}
    for event in events:
        if event.kind == "audited" and event.case_id is not None and event.right is not None:
            first.setdefault(event.case_id, event.right)
    return list(first.values())


def _tested(lane: LaneKey, plan: LanePlan, attempt: int, outcomes: Sequence[bool]) -> LaneState:
    looks = _looks(plan, attempt, outcomes)
    opened = next((look for look in looks if look.opens), None)
    watch = _watched(outcomes[opened.codes :], plan) if opened else _Watch(0.0, None)
    phase, why = _standing(plan, looks, opened, watch)
    errors = outcomes.count(False)
    return LaneState(
        lane=lane,
        phase=phase,
        why=why,
        attempt=attempt,
        audited=len(outcomes),
        errors=errors,
        precision=1 - errors / len(outcomes) if outcomes else None,
        lower_bound=lower_bound(len(outcomes) - errors, len(outcomes), LEVEL),
        looks=looks,
        level=plan.level(attempt),
        evidence_against=round(watch.evidence, 3),
        plan=plan,
    )


def _looks(plan: LanePlan, attempt: int, outcomes: Sequence[bool]) -> tuple[Look, ...]:
    """Every planned look; none is taken after the one that opened the lane."""
    looks: list[Look] = []
    for size in plan.looks:
        done = len(outcomes) >= size and not any(look.opens for look in looks)
        errors = outcomes[:size].count(False) if done else None
        looks.append(Look(codes=size, allowed=errors_allowed(size, plan.target, plan.level(attempt)), errors=errors))
    return tuple(looks)


def _watched(outcomes: Sequence[bool], plan: LanePlan) -> _Watch:
    """The CUSUM of an open lane over the audits since it opened."""
    against = math.log((1 - plan.turned) / (1 - plan.target))
    in_favour = math.log(plan.turned / plan.target)
    evidence = 0.0
    for number, right in enumerate(outcomes, start=1):
        evidence = max(0.0, evidence + (in_favour if right else against))
        if evidence >= plan.patience:
            return _Watch(evidence, number)
    return _Watch(evidence, None)


def _standing(plan: LanePlan, looks: Sequence[Look], opened: Look | None, watch: _Watch) -> tuple[LanePhase, str]:
    if watch.closed_at is not None:
        return LanePhase.CLOSED, f"Audits turned against it at code {watch.closed_at} after it opened; find out why."
    if opened:
        return LanePhase.OPEN, f"It opened at {opened.codes} audited codes with {opened.errors} wrong."
    due = next((look for look in looks if look.errors is None), None)
    if due is None:
        return LanePhase.CLOSED, f"No look showed a precision of {plan.target:.0%}; improve, then enable it again."
    room = "no error" if not due.allowed else f"at most {due.allowed} wrong"
    return LanePhase.COLLECTING, f"The next look is at {due.codes} audited codes and opens it with {room}."


def _expiry(held: LaneKey, asked: LaneKey) -> str:
    if held.edition != asked.edition:
        return f"It was enabled for {held.edition} and expired with it; enable it for {asked.edition}."
    return "It was enabled for another calibrator; audits of other answers say nothing of these, so enable it again."
