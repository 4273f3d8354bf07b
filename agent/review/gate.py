"""What stands between a reviewed set and its attestation. Advice never does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from agent.review.standing import Standing
from medcoding.finding import Finding, Severity

ObstacleKind = Literal["undisposed", "finding", "empty"]


class Obstacle(NamedTuple):
    """One thing that must be done first."""

    kind: ObstacleKind
    line: str | None
    """The line it is about; None for one about the set."""
    words: str
    """One sentence that names the mend."""


def obstacles(now: Standing, findings: Sequence[Finding]) -> tuple[Obstacle, ...]:
    """Everything that must be done before the set can be attested, in the order of the page; empty when it can."""
    undecided = tuple(
        Obstacle("undisposed", line.id, f"{line.code}: accept, modify or reject it.") for line in now.undisposed
    )
    empty = () if now.kept else (Obstacle("empty", None, "No code is left; add one, or ask the provider."),)
    return (*undecided, *empty, *(_of_finding(now, finding) for finding in open_findings(now, findings)))


def open_findings(now: Standing, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What must be resolved and nobody has answered; a finding about codes that are gone is settled by that."""
    kept = {line.code for line in now.kept}
    return tuple(
        f
        for f in findings
        if f.severity is not Severity.ADVISE and f.override is None and (not f.codes or kept.intersection(f.codes))
    )


def _of_finding(now: Standing, finding: Finding) -> Obstacle:
    line = next((line.id for line in now.kept if line.code in finding.codes), None)
    return Obstacle("finding", line, finding.message)
