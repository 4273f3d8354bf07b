"""What a supervisor reads from attested cases: agreement, override reasons, outliers, seeds that nobody saw."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from agent.review.standing import Standing
from medcoding.access import ActorId
from medcoding.record import Record
from medcoding.review import Attestation, Disposition, RejectReason

_LEAST_CASES: Final = 5
"""Below so many cases nothing is called an outlier."""
_QUICK: Final = 0.4
"""Share of the tenant's median seconds a line below which somebody is quick."""
_FAR: Final = 0.2
"""Distance from the tenant's share of accepted suggestions beyond which somebody stands apart."""


class DecidedLine(Record):
    """What became of one suggestion; holds no note text."""

    suggested: str
    final: str
    disposition: Disposition
    reason: RejectReason | None = None
    opened: bool


class ReviewedCase(Record):
    """The figures of one attested case."""

    by: ActorId
    lines: tuple[DecidedLine, ...]
    added: int
    seconds: float
    overridden: tuple[str, ...]
    """Rules that were answered."""
    seeds_shown: int
    seeds_caught: int


class CoderFigures(Record):
    """One person's figures."""

    by: ActorId
    cases: int
    suggestions: int
    accepted: float
    modified: float
    rejected: float
    """Shares of the suggestions."""
    opened: float
    """Share of the suggestions whose words were looked at."""
    seconds_a_line: float
    seeds_shown: int
    seeds_caught: int
    apart: tuple[str, ...]
    """In what the person stands apart from the others, one sentence each; empty below five cases."""


class CategoryFigures(Record):
    """How often the suggestions of one category stood."""

    category: str
    suggestions: int
    agreement: float
    """Share that was accepted as it was."""


class Supervision(Record):
    """The figures of a tenant."""

    cases: int
    suggestions: int
    agreement: float | None
    """Share of suggestions accepted as they were; None where there were none."""
    added: int
    coders: tuple[CoderFigures, ...]
    categories: tuple[CategoryFigures, ...]
    """Those that stood least often first."""
    reject_reasons: Mapping[str, int]
    overridden_rules: Mapping[str, int]


def reviewed_case(now: Standing, attestation: Attestation, seeded: frozenset[str]) -> ReviewedCase:
    """The figures of one case; a seed counts as a seed and never as a suggestion."""
    decided = [line for line in now.lines if line.suggested and line.disposition]
    seeds = [line for line in decided if line.id in seeded]
    return ReviewedCase(
        by=attestation.by,
        lines=tuple(
            DecidedLine(
                suggested=line.suggested or "",
                final=line.code,
                disposition=line.disposition or Disposition.ACCEPTED,
                reason=line.reject_reason,
                opened=line.evidence_opened,
            )
            for line in decided
            if line.id not in seeded
        ),
        added=sum(line.suggested is None and line.disposition is not Disposition.REJECTED for line in now.lines),
        seconds=attestation.seconds,
        overridden=tuple(given.rule for given in now.overrides),
        seeds_shown=len(seeds),
        seeds_caught=sum(line.disposition is not Disposition.ACCEPTED for line in seeds),
    )


def supervision(cases: Sequence[ReviewedCase]) -> Supervision:
    """The figures of all these cases."""
    lines = [line for case in cases for line in case.lines]
    by_coder: dict[str, list[ReviewedCase]] = defaultdict(list)
    for case in cases:
        by_coder[case.by].append(case)
    norm = _coder("", cases, None) if cases else None
    return Supervision(
        cases=len(cases),
        suggestions=len(lines),
        agreement=_share(lines, Disposition.ACCEPTED) if lines else None,
        added=sum(case.added for case in cases),
        coders=tuple(_coder(by, theirs, norm) for by, theirs in sorted(by_coder.items())),
        categories=_categories(lines),
        reject_reasons=_counted(line.reason.value for line in lines if line.reason),
        overridden_rules=_counted(rule for case in cases for rule in case.overridden),
    )


def _coder(by: str, cases: Sequence[ReviewedCase], norm: CoderFigures | None) -> CoderFigures:
    lines = [line for case in cases for line in case.lines]
    figures = CoderFigures(
        by=by or "all",
        cases=len(cases),
        suggestions=len(lines),
        accepted=_share(lines, Disposition.ACCEPTED),
        modified=_share(lines, Disposition.MODIFIED),
        rejected=_share(lines, Disposition.REJECTED),
        opened=sum(line.opened for line in lines) / max(1, len(lines)),
        seconds_a_line=round(median(case.seconds / max(1, len(case.lines)) for case in cases), 1),
        seeds_shown=sum(case.seeds_shown for case in cases),
        seeds_caught=sum(case.seeds_caught for case in cases),
        apart=(),
    )
    return figures.model_copy(update={"apart": _apart(figures, norm)}) if norm else figures


def _apart(one: CoderFigures, norm: CoderFigures) -> tuple[str, ...]:
    if one.cases < _LEAST_CASES:
        return ()
    said = (
        (one.accepted - norm.accepted > _FAR, "Accepts far more than the others."),
        (norm.accepted - one.accepted > _FAR, "Accepts far less than the others."),
        (one.seconds_a_line < _QUICK * norm.seconds_a_line, "Decides far quicker than the others."),
        (norm.opened - one.opened > _FAR, "Looks at the evidence far less often than the others."),
        (one.seeds_shown > 0 and one.seeds_caught < one.seeds_shown, "Accepted suggestions that were known wrong."),
    )
    return tuple(words for holds, words in said if holds)


def _categories(lines: Iterable[DecidedLine]) -> tuple[CategoryFigures, ...]:
    by_category: dict[str, list[DecidedLine]] = defaultdict(list)
    for line in lines:
        by_category[line.suggested[:3]].append(line)
    figures = (
        CategoryFigures(category=name, suggestions=len(found), agreement=_share(found, Disposition.ACCEPTED))
        for name, found in by_category.items()
    )
    return tuple(sorted(figures, key=lambda one: (one.agreement, -one.suggestions, one.category)))


def _share(lines: Sequence[DecidedLine], disposition: Disposition) -> float:
    return sum(line.disposition is disposition for line in lines) / max(1, len(lines))


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(Counter(words).most_common())
