"""A parallel run: the same encounters answered in two ways, and what differs, by encounter and in total.

Two editions show what a change of the code set will do; two answerers show what a change of the model would.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from agent.pipeline import Pipeline
from medcoding.codebook import Codebooks, EditionChoice
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Encounter
from medcoding.errors import ChartwrightError, DependencyError, InputError
from medcoding.finding import Finding
from medcoding.record import Record
from medcoding.result import CodeLine, CodingResult, Route, Share

MOVED: Final = 0.05
"""Confidences that differ by less count as the same."""

_Key = tuple[CodeSystem, str]


class SideCode(Record):
    """A code that only one side answers."""

    system: CodeSystem
    code: str
    title: str
    role: CodeRole
    confidence: Share
    route: Route


class ChangedCode(Record):
    """A code of both sides that is not answered alike; what is alike on both is left out."""

    system: CodeSystem
    code: str
    title: str
    roles: tuple[CodeRole, CodeRole] | None = None
    """Left and right, as in every pair here."""
    confidences: tuple[Share, Share] | None = None
    routes: tuple[Route, Route] | None = None


class SideFinding(Record):
    """A finding that only one side has."""

    rule: str
    severity: str
    codes: tuple[str, ...]
    message: str


class EncounterDifference(Record):
    """One encounter, answered twice."""

    case_id: str
    editions: tuple[str, str]
    routes: tuple[Route, Route]
    same: int
    """Codes of both sides, changed ones included."""
    only_left: tuple[SideCode, ...]
    only_right: tuple[SideCode, ...]
    changed: tuple[ChangedCode, ...]
    findings_left: tuple[SideFinding, ...]
    """Only on the left."""
    findings_right: tuple[SideFinding, ...]

    @property
    def is_alike(self) -> bool:
        """True when nothing differs."""
        return not (self.only_left or self.only_right or self.changed or self.findings_left or self.findings_right)


class NotCompared(Record):
    """An encounter that one side refused."""

    case_id: str
    error: str


class ParallelReport(Record):
    """All encounters of a parallel run."""

    names: tuple[str, str]
    encounters: int
    """Compared; those that were not stand in `not_compared`."""
    alike: int
    same_codes: int
    only_left: int
    only_right: int
    changed_roles: int
    changed_confidences: int
    changed_routes: int
    most_left: dict[str, int]
    """Codes that most encounters have on the left only."""
    most_right: dict[str, int]
    differences: tuple[EncounterDifference, ...]
    """Encounters that are not alike, in order."""
    not_compared: tuple[NotCompared, ...] = ()


class Side(NamedTuple):
    """One way of answering."""

    name: str
    pipeline: Pipeline


_MOST: Final = 10


class _AsIfInForce(EditionChoice):
    """An edition that counts as in force whatever the day; its search still looks at a day of its own."""

    def day_inside(self, day: date) -> date:
        edition = self.codebook.edition
        return day if edition.in_force_on(day) else edition.effective_from


class _OneEdition(Codebooks):
    """One edition for every day."""

    def for_date(self, day: date) -> EditionChoice:  # noqa: ARG002 - the day decides nothing here
        return _AsIfInForce(self.editions[0], in_force=True)


async def compared(encounter: Encounter, left: Side, right: Side) -> EncounterDifference | NotCompared:
    """Code the encounter in both ways at once. Raises `DependencyError` only: the run can go on later."""
    try:
        one, other = await asyncio.gather(left.pipeline.code(encounter), right.pipeline.code(encounter))
    except DependencyError:
        raise
    except ChartwrightError as refusal:
        return NotCompared(case_id=encounter.case_id, error=str(refusal))
    return difference(one, other)


def difference(left: CodingResult, right: CodingResult) -> EncounterDifference:
    """What differs between two answers to one encounter. Raises `InputError` when they are of two."""
    if left.case_id != right.case_id:
        raise InputError(f"{left.case_id} and {right.case_id} are two encounters; compare answers to one.")
    one, other = _by_key(left), _by_key(right)
    both = [key for key in one if key in other]
    changed = (_changed(one[key], other[key]) for key in both)
    return EncounterDifference(
        case_id=left.case_id,
        editions=(left.edition, right.edition),
        routes=(left.route, right.route),
        same=len(both),
        only_left=tuple(_side(line) for key, line in one.items() if key not in other),
        only_right=tuple(_side(line) for key, line in other.items() if key not in one),
        changed=tuple(change for change in changed if change is not None),
        findings_left=_only(left.findings, right.findings),
        findings_right=_only(right.findings, left.findings),
    )


def in_total(names: tuple[str, str], outcomes: Sequence[EncounterDifference | NotCompared]) -> ParallelReport:
    """The report over all encounters of a run."""
    found = [one for one in outcomes if isinstance(one, EncounterDifference)]
    changes = [change for one in found for change in one.changed]
    return ParallelReport(
        names=names,
        encounters=len(found),
        alike=sum(one.is_alike for one in found),
        same_codes=sum(one.same for one in found),
        only_left=sum(len(one.only_left) for one in found),
        only_right=sum(len(one.only_right) for one in found),
        changed_roles=sum(change.roles is not None for change in changes),
        changed_confidences=sum(change.confidences is not None for change in changes),
        changed_routes=sum(change.routes is not None for change in changes),
        most_left=_most(side.code for one in found for side in one.only_left),
        most_right=_most(side.code for one in found for side in one.only_right),
        differences=tuple(one for one in found if not one.is_alike),
        not_compared=tuple(one for one in outcomes if isinstance(one, NotCompared)),
    )


def under_edition(pipeline: Pipeline, name: str) -> Pipeline:
    """The same flow as if that edition were in force on every day. Raises `InputError` for one not loaded."""
    books = pipeline.parts.books
    chosen = [book for book in books.codebooks.editions if book.edition.name == name]
    if not chosen:
        loaded = ", ".join(book.edition.name for book in books.codebooks.editions)
        raise InputError(f"The edition {name} is not loaded; name two of {loaded}.")
    alone = books._replace(codebooks=_OneEdition(chosen))
    return Pipeline(replace(pipeline.parts, books=alone))


def _changed(left: CodeLine, right: CodeLine) -> ChangedCode | None:
    moved = abs(left.confidence - right.confidence) >= MOVED
    change = ChangedCode(
        system=left.system,
        code=left.code,
        title=right.title,
        roles=(left.role, right.role) if left.role is not right.role else None,
        confidences=(left.confidence, right.confidence) if moved else None,
        routes=(left.route, right.route) if left.route is not right.route else None,
    )
    return change if change.roles or change.confidences or change.routes else None


def _by_key(result: CodingResult) -> Mapping[_Key, CodeLine]:
    """In order; of a procedure billed on two lines the first."""
    lines: dict[_Key, CodeLine] = {}
    for line in result.codes:
        lines.setdefault((line.system, line.code), line)
    return lines


def _side(line: CodeLine) -> SideCode:
    return SideCode(
        system=line.system,
        code=line.code,
        title=line.title,
        role=line.role,
        confidence=line.confidence,
        route=line.route,
    )


def _only(own: Sequence[Finding], others: Sequence[Finding]) -> tuple[SideFinding, ...]:
    """Findings of a rule about codes that the other side has none of."""
    held = {(finding.rule, finding.codes) for finding in others}
    return tuple(
        SideFinding(rule=f.rule, severity=f.severity.value, codes=f.codes, message=f.message)
        for f in own
        if (f.rule, f.codes) not in held
    )


def _most(codes: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(codes).items(), key=lambda item: (-item[1], item[0]))[:_MOST])
