"""Which cases got better and which got worse from one run to another."""

from __future__ import annotations

from collections.abc import Sequence

from evals.comparison import RunComparison, compare_runs
from evals.metrics import every_code
from evals.run_record import Run
from evals.scores import CodeKey, ScoredEncounter, by_case
from medcoding.errors import InputError
from medcoding.record import Record


class CaseChange(Record):
    """One encounter whose answer changed. Faults are lost and wrong codes."""

    case_id: str
    before: int
    """Faults of the first run."""
    after: int
    found: tuple[str, ...]
    """Gold codes that only the second run answers."""
    missed: tuple[str, ...]
    """Gold codes that only the first run answers."""
    mended: tuple[str, ...]
    """Wrong codes that only the first run answers."""
    spoilt: tuple[str, ...]
    """Wrong codes that only the second run answers."""

    @property
    def fewer_faults(self) -> int:
        """Above zero where it got better."""
        return self.before - self.after


class ComparedRuns(Record):
    """Two runs over the same gold."""

    first: str
    second: str
    comparison: RunComparison
    cases: tuple[CaseChange, ...]
    """Those whose answer changed."""


def compared_runs(first: Run, second: Run, hidden: frozenset[str] = frozenset()) -> ComparedRuns:
    """Metric by metric and case by case, hidden cases in the totals only.

    Raises `InputError` unless both are over the same encounters.
    """
    if first.record.dataset.digest != second.record.dataset.digest:
        raise InputError("The two runs are over different gold; run both over the same suite.")
    return ComparedRuns(
        first=first.name,
        second=second.name,
        comparison=compare_runs(first.scored, second.scored),
        cases=tuple(c for c in changes(first.scored, second.scored) if c.case_id not in hidden),
    )


def changes(first: Sequence[ScoredEncounter], second: Sequence[ScoredEncounter]) -> tuple[CaseChange, ...]:
    """Every encounter with another set of codes, the largest change first.

    Raises `InputError` unless both runs hold the same cases.
    """
    before, after = by_case(first), by_case(second)
    if [e.case_id for e in before] != [e.case_id for e in after]:
        raise InputError("The two runs hold different encounters; compare runs over the same suite.")
    moved = [_change(one, other) for one, other in zip(before, after, strict=True)]
    differing = [c for c in moved if c.found or c.missed or c.mended or c.spoilt or c.fewer_faults]
    return tuple(sorted(differing, key=lambda c: (-abs(c.fewer_faults), c.case_id)))


def _change(first: ScoredEncounter, second: ScoredEncounter) -> CaseChange:
    one, other = every_code(first), every_code(second)
    return CaseChange(
        case_id=first.case_id,
        before=len(one.gold ^ one.answered),
        after=len(other.gold ^ other.answered),
        found=_codes(other.right - one.right),
        missed=_codes(one.right - other.right),
        mended=_codes((one.answered - one.gold) - other.answered),
        spoilt=_codes((other.answered - other.gold) - one.answered),
    )


def _codes(keys: frozenset[CodeKey]) -> tuple[str, ...]:
    return tuple(sorted(code for _, code in keys))
