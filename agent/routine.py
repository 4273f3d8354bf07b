"""Routine, defined: which encounters the encoder may take while a language model is there for the others.

Every bound is a setting, and the answer says which one decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from agent.familiarity import Familiarity
from medcoding.chart import Chart
from medcoding.encounter import Setting
from medcoding.mention import Mention, MentionKind


class RoutineSettings(BaseModel):
    """Bounds of a routine encounter; an encounter beyond any of them goes to the language model."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    settings: tuple[Setting, ...] = (Setting.OUTPATIENT, Setting.ED)
    """Settings whose encounters may be routine."""
    visit_types: tuple[str, ...] = ()
    """Types of visit that may be routine, lower case; none named, all may be."""
    specialties: tuple[str, ...] = ()
    """Specialties that may be routine, lower case; none named, all may be."""
    most_words: int = Field(default=700, gt=0)
    """Longest routine record, in words over all its documents."""
    most_problems: int = Field(default=8, gt=0)
    """Most distinct problems to be coded."""
    least_known: float = Field(default=0.8, ge=0, le=1)
    """Least share of mentions whose code or category the encoder knows from training."""
    most_rarity: float = Field(default=0.99, ge=0, le=1)
    """Where the note may lie among the training encounters by its distance from what is usual there."""


class FastPathMode(StrEnum):
    """When the encoder answers."""

    OFF = "off"
    FALLBACK = "fallback"
    """Where no language model answers: none is configured, or it is down."""
    ROUTINE = "routine"
    """The same, and routine encounters also where a model would answer."""
    ALWAYS = "always"


class FastPathSettings(BaseModel):
    """The fast encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    mode: FastPathMode = FastPathMode.FALLBACK
    """`off`, `fallback` (where no model answers), `routine` (routine encounters too) or `always`."""
    folder: Path | None = None
    """Folder that `chartwright train encoder` made; None takes the encoder that ships."""
    routine: RoutineSettings = RoutineSettings()


class Routine(NamedTuple):
    """Whether an encounter is routine, and why in words without a full stop."""

    is_routine: bool
    why: str


def routine(chart: Chart, mentions: Sequence[Mention], familiar: Familiarity, bounds: RoutineSettings) -> Routine:
    """Hold an encounter against the bounds; `mentions` are those to be coded."""
    encounter = chart.encounter
    words = sum(len(document.text.split()) for document in encounter.documents)
    problems = len({m.concept or m.query.lower() for m in mentions if m.kind is MentionKind.PROBLEM})
    against = [
        *_not_of("setting", encounter.setting.value, [setting.value for setting in bounds.settings]),
        *_not_of("visit type", encounter.visit_type, bounds.visit_types),
        *_not_of("specialty", encounter.specialty, bounds.specialties),
    ]
    if words > bounds.most_words:
        against.append(f"it has {words} words, more than {bounds.most_words}")
    if problems > bounds.most_problems:
        against.append(f"it has {problems} problems, more than {bounds.most_problems}")
    if familiar.known < bounds.least_known:
        against.append(f"the encoder knows {familiar.known:.0%} of its codes, less than {bounds.least_known:.0%}")
    if familiar.rarity > bounds.most_rarity:
        against.append(f"it is farther from the training notes than {bounds.most_rarity:.0%} of them")
    if against:
        return Routine(False, f"not routine because {' and '.join(against)}")
    place = f"{encounter.setting.value}, {words} words, {problems} problem{'' if problems == 1 else 's'}"
    return Routine(
        True, f"routine: {place}, {familiar.known:.0%} of the codes known, a note like those it learned from"
    )


def _not_of(what: str, value: str | None, allowed: tuple[str, ...] | list[str]) -> list[str]:
    if not allowed or (value or "").lower() in allowed:
        return []
    return [f"its {what} is {value}" if value else f"it names no {what}"]
