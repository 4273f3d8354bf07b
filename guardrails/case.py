"""What every rule reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.finding import Finding
from medcoding.mention import Mention
from medcoding.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Case:
    """A proposal with the chart it was made from and the codebook it is held against."""

    chart: Chart
    proposal: Proposal
    codebook: Codebook
    edition_in_force: bool
    """False when no loaded edition covers the date of service and the nearest one stands in."""
    mentions: tuple[Mention, ...] = ()
    """What the record speaks of, coded or not."""


Rule = Callable[[Case], tuple[Finding, ...]]
"""A pure function; adding one never removes another's finding."""
