"""Route: who sees a code next. Auto-assignment ships switched off."""

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
    """Allow auto-assignment at all. Leave off until a calibrated lower bound of 95 % is shown on your own gold."""
    auto_bar: float = Field(default=0.95, ge=0, le=1)
    """Lowest confidence for auto-assignment."""
    documentation_bar: float = Field(default=0.5, ge=0, le=1)
    """Below this documentation score a code goes to a documentation query."""


def route_of(
    code: str, source: Source, scores: Scores, findings: tuple[Finding, ...], settings: RoutingSettings
) -> Route:
    """Lane of one code. An insufficient chart and an uncertain system lead to different people."""
    if scores.documentation < settings.documentation_bar:
        return Route.DOCUMENTATION
    unresolved = any(
        f.severity is Severity.MUST_RESOLVE and f.override is None and (code in f.codes or not f.codes)
        for f in findings
    )
    allowed = settings.auto_assign and scores.calibrated and source is not Source.RULES and not unresolved
    return Route.AUTO if allowed and scores.confidence >= settings.auto_bar else Route.CODER


def strictest(routes: tuple[Route, ...]) -> Route:
    """Route of a whole encounter: that of its strictest code; a coder looks at an empty answer."""
    return max(routes, key=_STRICTEST_LAST.index, default=Route.CODER)
