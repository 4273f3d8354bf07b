"""What lies on a coder's desk: a case version with its review, and the text it rests on."""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

from agent.parts import Parts
from agent.review.checked import ReadChart, read_chart
from agent.review.gate import Obstacle
from agent.review.history import KeptAttestation, Past
from agent.review.standing import Reviewing, Standing
from agent.store.records import CaseSummary, CaseVersion
from medcoding.access import Actor
from medcoding.encounter import Encounter
from medcoding.finding import Finding
from medcoding.result import CodeLine, CodingResult
from medcoding.review import FinalSet, ProviderQuery


class Seat(NamedTuple):
    """Who sits at the desk, and which state of which case they have before them."""

    actor: Actor
    case: str
    version: int
    seen: int
    """Changes that had been made when the page was."""


class OnDesk(NamedTuple):
    """A case version as it lies on the desk."""

    summary: CaseSummary
    encounter: Encounter
    result: CodingResult
    suggested: tuple[CodeLine, ...]
    """In the order of the lines `s1`, `s2`, …; a seed among them looks like any other."""
    reviewing: Reviewing
    past: Past
    now: Standing
    findings: tuple[Finding, ...]
    obstacles: tuple[Obstacle, ...]
    final: FinalSet
    queries: tuple[ProviderQuery, ...]
    mine: bool
    """Whether the reader holds the case and may change it."""
    may_query: bool
    """Whether the reader holds the case and may query the provider."""

    @property
    def version(self) -> CaseVersion:
        """Which case and version it is."""
        return CaseVersion(self.summary.id, self.summary.version)

    @property
    def attestation(self) -> KeptAttestation | None:
        """The attestation that stands."""
        return self.past.standing

    def line_as_suggested(self, line_id: str) -> CodeLine | None:
        """What was suggested on a line; None for one that a person added."""
        number = line_id.removeprefix("s")
        return self.suggested[int(number) - 1] if line_id.startswith("s") and number.isdecimal() else None


class ChartText:
    """A chart as it is kept in memory. It is read for the rules when they are first asked, not to be shown."""

    def __init__(self, parts: Parts, encounter: Encounter, result: CodingResult) -> None:
        self.encounter = encounter
        self.result = result
        self._parts = parts
        self._lock = Lock()
        self._read: ReadChart | None = None

    def read(self) -> ReadChart:
        """The record cut up and its mentions found, once."""
        with self._lock:
            if self._read is None:
                self._read = read_chart(self._parts, self.encounter)
            return self._read
