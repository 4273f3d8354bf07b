"""Axes: the attributes of a mention that choose among sibling codes, read from the words that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from agent.attributes import acuity_in, severity_in, stage_in, time_in, trimester_in, trimester_of, type_in
from agent.lines import Line, Spotted
from agent.sides import laterality_of, side_in
from agent.stretches import QUALIFIERS, beside
from medcoding.encounter import Encounter, Setting
from medcoding.mention import Axes, Episode
from retrieval.wording import Token

_SUBSEQUENT: Final = re.compile(
    r"\b(follow[- ]?up|f/u|post[- ]?op(erative)?|recheck|wound check|suture removal|cast (removal|check)|healing"
    r"|aftercare|physical therapy|rehab\w*)\b",
    re.IGNORECASE,
)
_HEALS: Final = re.compile(
    r"\b(?:healing|delayed union|nonunion|non-union|malunion|routine healing|weeks out)\b", re.IGNORECASE
)
_SEQUELA: Final = re.compile(r"\b(sequelae?|late effects?|residuals? (from|of))\b", re.IGNORECASE)
_DRUG: Final = re.compile(r"T(?:3[6-9]|4\d|50)\.")
_SEVENTH: Final = re.compile(r"[ST]\w\w\.\w{3}([AS])$")
"""A burn or wound whose sentence tells that it does not heal, or has healed and left something."""

_INITIAL: Final = re.compile(r"\binitial (?:visit|encounter)\b", re.IGNORECASE)
_ATTRIBUTES: Final = frozenset(
    (
        "mild moderate severe mod profound acute chronic subacute recurrent single episode first second third fourth "
        "stage grade type class degree primary secondary intractable refractory remission partial full early "
        "sustained displaced nondisplaced open closed comminuted transverse oblique spiral systolic diastolic combined "
        "paroxysmal persistent permanent trimester intermittent complete incomplete traumatic nontraumatic bipolar "
        "unstageable relapsing remitting unilateral idiopathic vasovagal cigarette nicotine angle"
    ).split()
)
"""Words that would say something wrong of a neighbouring mention; other qualifiers are harmless company."""

_CAUSED_BY: Final = ("secondary", "to")
"""Names a cause, and says nothing of its kind."""

_TIME_BEHIND: Final = 24
"""Characters behind a mention in which its date may stand."""

_WEEKS: Final = "Z3A."


def read_axes(words: Iterable[Token], start: int, end: int, episode: Episode) -> Axes:
    """Axes of words that stand alone, as in a search: `start:end` of a phrase with all its words."""
    inside = [t for t in words if t.start < end and t.end > start]
    qualifiers = dict.fromkeys(t.form for t in inside if _is_qualifier(t.form))
    return Axes(laterality=side_in(inside), episode=episode, qualifiers=tuple(qualifiers))


def axes_of(line: Line, found: Spotted, every: Sequence[Spotted]) -> Axes:
    """Axes of one mention of a line; `every` are all the line's mentions."""
    own = beside(line, found, every)
    words = f"{line.text[found.start : found.end]} {own.text}"
    weeks = _weeks(found)
    return Axes(
        laterality=laterality_of(line, found, own, every),
        episode=_episode(line, found),
        severity=severity_in(words),
        acuity=acuity_in(words),
        stage=stage_in(words),
        type=type_in(words),
        trimester=trimester_in(words) or (trimester_of(weeks) if weeks is not None else None),
        weeks=weeks,
        time=time_in(line.text[found.end : found.end + _TIME_BEHIND]),
        qualifiers=_qualifiers(line, found, own.tokens),
    )


def episode_of(encounter: Encounter) -> Episode:
    """Episode of care from the type of visit (guideline I.C.19.a): active treatment unless the visit says otherwise."""
    opening = " ".join(d.text[:400] for d in encounter.documents[:1])
    visit = f"{encounter.visit_type or ''} {opening}"
    if _SEQUELA.search(visit):
        return "sequela"
    if encounter.setting is Setting.OUTPATIENT and _SUBSEQUENT.search(visit):
        return "subsequent"
    return "initial"


def _episode(line: Line, found: Spotted) -> Episode:
    """The sentence's own words about the episode before those of the visit.

    What a drug does now is under active treatment at every visit (guideline I.C.19.a).
    """
    if found.term and found.term.needs and found.term.stems and _DRUG.match(found.term.stems[0]):
        return "initial"
    if found.term and found.term.needs and found.term.stems and (told := _SEVENTH.match(found.term.stems[0])):
        return "sequela" if told.group(1) == "S" else "initial"
    if _INITIAL.search(line.text):
        return "initial"
    if _SEQUELA.search(line.text):
        return "sequela"
    return "subsequent" if line.episode == "initial" and _HEALS.search(line.text) else line.episode


def _qualifiers(line: Line, found: Spotted, own: Sequence[Token]) -> tuple[str, ...]:
    """Qualifying words of its own and beside it, then the harmless ones of the rest of the sentence."""
    inside = [t for t in line.words if t.start < found.end and t.end > found.start]
    ordered = sorted([*inside, *own], key=lambda t: t.start)
    causal = {one.start for one, then in pairwise(line.words) if (one.form, then.form) == _CAUSED_BY}
    near = [t.form for t in ordered if _is_qualifier(t.form) and not (t.start in causal and t.start < found.start)]
    company = [t.form for t in line.words if t.form in QUALIFIERS and t.form not in _ATTRIBUTES]
    return tuple(dict.fromkeys((*near, *company)))


def _is_qualifier(form: str) -> bool:
    return form in QUALIFIERS or form[:1].isdigit()


def _weeks(found: Spotted) -> int | None:
    code = found.term.stems[0] if found.term and found.term.stems else ""
    number = code.removeprefix(_WEEKS)
    return int(number) if code.startswith(_WEEKS) and number.isdigit() else None
