"""Route: who sees a code next. Auto-assignment ships switched off and is enabled lane by lane."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from agent.confidence import Scores
from medcoding.finding import Finding, Severity
from medcoding.proposal import Source
from medcoding.result import Route

_STRICTEST_LAST: Final = (Route.AUTO, Route.CODER, Route.DOCUMENTATION)


class RoutingSettings(BaseModel):
    """When a code may go where."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    auto_assign: bool = False
    """Allow auto-assignment at all. A specialty's lane must be enabled too, and open by its own audits."""
    auto_bar: float = Field(default=0.90, ge=0, le=1)
    """Lowest calibrated confidence for auto-assignment."""
    documentation_bar: float = Field(default=0.70, ge=0, le=1)
    """Below this documentation score a code goes to a documentation query."""


def route_of(
    code: str,
    source: Source,
    scores: Scores,
    findings: tuple[Finding, ...],
    settings: RoutingSettings,
    *,
    lane_open: bool = False,
) -> Route:
    """Lane of one code. An insufficient chart and an uncertain system lead to different people."""
    if scores.documentation < settings.documentation_bar:
        return Route.DOCUMENTATION
    sure = lane_open and may_be_auto(code, source, scores, findings, settings)
    return Route.AUTO if sure else Route.CODER


def may_be_auto(
    code: str, source: Source, scores: Scores, findings: tuple[Finding, ...], settings: RoutingSettings
) -> bool:
    """True for a code that an open lane would assign automatically. In a closed lane such codes are what is audited.

    Never what is not calibrated, what rules chose, what stands in for an answer that failed, or what a finding waits
    for a person to resolve.
    """
    unresolved = any(
        f.severity is Severity.MUST_RESOLVE and f.override is None and (code in f.codes or not f.codes)
        for f in findings
    )
    trusted = scores.calibrated and source is not Source.RULES and not scores.stands_in and not unresolved
    sure = scores.confidence >= settings.auto_bar and scores.documentation >= settings.documentation_bar
    return settings.auto_assign and trusted and sure


def strictest(routes: tuple[Route, ...]) -> Route:
    """Route of a whole encounter: that of its strictest code; a coder looks at an empty answer."""
    return max(routes, key=_STRICTEST_LAST.index, default=Route.CODER)
