"""What the steps of the flow hand on, and the clock they are timed by."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.choose import choose, choose_dependent, is_dependent
from agent.departures import documented
from agent.procedures import ProcedureLines
from agent.questions import Offer
from agent.reportable import Reportable
from agent.verify import Verification
from medcoding.candidate import Retrieved
from medcoding.chart import Chart
from medcoding.codebook import EditionChoice
from medcoding.finding import Finding, Severity
from medcoding.mention import Mention
from medcoding.proposal import Choice, Proposal, Source
from medcoding.result import CodingResult


@dataclass(slots=True)
class Clock:
    """Milliseconds per step."""

    stage_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; a step that is taken again adds to its own time."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - started) * 1000
            self.stage_ms[name] = round(self.stage_ms.get(name, 0.0) + spent, 3)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything before the model is asked. Record of *split* to *retrieve*."""

    chart: Chart
    mentions: tuple[Mention, ...]
    selected: Reportable
    retrieved: Retrieved
    procedures: ProcedureLines
    edition: EditionChoice


class Settled(NamedTuple):
    """Record of *reconcile* and *check*: one code set with what the rules say about it."""

    verification: Verification
    choices: tuple[Choice, ...]
    proposal: Proposal
    findings: tuple[Finding, ...]

    @property
    def open_count(self) -> int:
        """Findings that stand in the way of the set."""
        return sum(finding.severity is not Severity.ADVISE for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Trace:
    """What every step of one encounter made: for evaluators, who ask where a code was lost."""

    prepared: Prepared
    choices: tuple[Choice, ...]
    proposal: Proposal
    findings: tuple[Finding, ...]
    result: CodingResult

    @property
    def model_answered(self) -> bool:
        """False when the model was asked for choices and gave none; it is not asked for words either."""
        return not self.choices or any(choice.source is Source.LLM for choice in self.choices)


def offer_of(prepared: Prepared) -> Offer:
    """What the model is asked about: every problem that does not wait for another code."""
    problems = tuple(m for m in prepared.selected.mentions if not is_dependent(m))
    return Offer(prepared.chart, problems, prepared.retrieved, prepared.edition.codebook)


def all_choices(prepared: Prepared, verification: Verification) -> tuple[Choice, ...]:
    """The model's choices; rules for every mention it did not answer, or not as the record has it; what depends on
    other codes last."""
    answered = {choice.mention_id for choice in verification.choices}
    problems = [m for m in prepared.selected.mentions if not is_dependent(m)]
    dependent = [m for m in prepared.selected.mentions if is_dependent(m)]
    retrieved = prepared.retrieved
    by_rules = [choose(m, retrieved.of(m.id)) for m in problems if m.id not in answered]
    choices = [*documented(verification.choices, offer_of(prepared), prepared.mentions), *by_rules]
    coded = frozenset(choice.code for choice in choices if choice.code)
    beside = [choose_dependent(m, retrieved.of(m.id), coded) for m in dependent]
    return (*choices, *(choice for choice in beside if choice.code))
