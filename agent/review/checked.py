"""What the rules say of a set as it stands: the same rules as for the product's own proposal."""

from __future__ import annotations

from typing import Final

from agent.mentions import find
from agent.parts import Parts
from agent.review.standing import Standing
from agent.sections import split
from agent.withheld import outside_orders
from guardrails.case import Case
from guardrails.check import check
from medcoding.chart import Chart
from medcoding.codebook import EditionChoice
from medcoding.encounter import Encounter
from medcoding.finding import Finding, overridden
from medcoding.mention import Mention
from medcoding.proposal import NotCoded, Proposal, ProposedCode, Source
from medcoding.record import Record
from medcoding.result import CodingResult
from medcoding.review import ReviewedLine

_OF_THE_FLOW: Final = ("choice.", "reading.", "suggestion.")
"""Rules that speak of how the answer was found; they stand whatever a person does to the set."""


class ReadChart(Record):
    """An encounter cut up and read once, so that a change to the set is checked in milliseconds."""

    chart: Chart
    mentions: tuple[Mention, ...]


def read_chart(parts: Parts, encounter: Encounter) -> ReadChart:
    """Split the record and find its mentions; no retrieval, no model."""
    chart = split(encounter, parts.headings)
    return ReadChart(chart=chart, mentions=outside_orders(chart, find(chart, parts.mention_rules)))


def findings_on(
    parts: Parts, read: ReadChart, result: CodingResult, now: Standing, seeded: frozenset[str]
) -> tuple[Finding, ...]:
    """The rules' findings on the kept lines, with the overrides that answer them; seeds are no part of the set."""
    edition = edition_of(parts, result, read.chart.encounter)
    kept = [line for line in now.kept if line.id not in seeded]
    case = Case(
        chart=read.chart,
        proposal=Proposal(codes=tuple(_proposed(n, line) for n, line in enumerate(kept, 1)), not_coded=_left(result)),
        codebook=edition.codebook,
        edition_in_force=edition.in_force,
        mentions=read.mentions,
        procedures=parts.books.procedures,
        ncci=parts.books.ncci,
        editions=tuple(parts.codebooks.editions),
        payer_rules=parts.payer_rules,
    )
    of_flow = tuple(finding for finding in result.findings if finding.rule.startswith(_OF_THE_FLOW))
    return overridden((*check(case), *of_flow), (*read.chart.encounter.overrides, *now.overrides))


def edition_of(parts: Parts, result: CodingResult, encounter: Encounter) -> EditionChoice:
    """The edition the result was coded with; another only where that is no longer loaded."""
    choice = parts.codebooks.for_date(encounter.coding_date)
    same = next((book for book in parts.codebooks.editions if book.edition.name == result.edition), None)
    return choice._replace(codebook=same, in_force=same.edition.in_force_on(encounter.coding_date)) if same else choice


def _proposed(place: int, line: ReviewedLine) -> ProposedCode:
    return ProposedCode(
        system=line.system,
        code=line.code,
        role=line.role,
        sequence=place,
        mention_ids=(),
        evidence=line.evidence,
        source=Source.RULES,
        strength=1.0,
        reason="reviewed by a person",
        poa=line.poa,
        modifiers=line.modifiers,
        units=line.units,
    )


def _left(result: CodingResult) -> tuple[NotCoded, ...]:
    return result.not_coded
