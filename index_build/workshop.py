"""What every step of one build shares: the plan, the folder being filled, what earlier builds left, who is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from index_build.report import Reporter
from index_build.sources import Sources
from index_build.stages import Stages


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What to build and where. `categories` restricts every search surface to some categories (tests)."""

    root: Path
    sources: Sources = field(default_factory=Sources)
    categories: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Workshop:
    """One build under way."""

    work: Path
    """The new build's folder; its parts are links to kept results."""
    plan: BuildPlan
    stages: Stages
    report: Reporter

    @property
    def cache(self) -> Path:
        """Folder of what rebuilds need not make again."""
        return self.plan.root / "cache"
