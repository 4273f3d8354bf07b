"""The last step: rejected codes leave the set, the rest gets its scores, its route and its rationale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from agent.calibrator import Answering, on_scale
from agent.confidence import Scores, score
from agent.confidence_inputs import Weighed, confidence_inputs
from agent.escalation import answered_suggestions
from agent.explain import Explainer, Facts
from agent.procedure_rationale import procedure_code_line
from agent.procedures import ProcedureLine
from agent.route import may_be_auto, route_of, strictest
from agent.routing import Routing
from guardrails.check import rejected_codes
from medcoding.candidate import Candidate, Retrieved
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.finding import Finding
from medcoding.lane import LaneState
from medcoding.mention import Mention
from medcoding.proposal import NotCoded, NotCodedReason, Proposal, ProposedCode, Source
from medcoding.result import CodeLine, CodingResult, Cost, Stamp

_STANDS_IN: Final = "stands in for the language model, which did not answer"


@dataclass(frozen=True, slots=True)
class Answered:
    """What all steps up to the guardrails have established about one encounter."""

    chart: Chart
    mentions: tuple[Mention, ...]
    left_out: tuple[NotCoded, ...]
    retrieved: Retrieved
    proposal: Proposal
    procedures: tuple[ProcedureLine, ...]
    findings: tuple[Finding, ...]
    why_rules: str
    """What the confidence reasons of a code chosen by rules begin with."""
    stands_in: bool = False
    """True where the model that was asked failed, wholly or for some mentions; then its codes alone are its own."""


class _Table(NamedTuple):
    """What every line of one answer is made with."""

    answered: Answered
    kept: tuple[ProposedCode, ...]
    codebook: Codebook
    explainer: Explainer
    routing: Routing
    answering: Answering
    lane: LaneState | None
    """The auto lane as it stands; None where auto-assignment is off."""


class _Routed(NamedTuple):
    line: CodeLine
    eligible: bool
    """True where an open lane assigns it."""


def assemble(
    answered: Answered, codebook: Codebook, explainer: Explainer, routing: Routing, stamp: Stamp
) -> CodingResult:
    """The coding result; its cost is filled in by the caller, who kept the clock."""
    encounter = answered.chart.encounter
    rejected = rejected_codes(answered.findings)
    kept = tuple(line for line in answered.proposal.codes if line.code not in rejected)
    answering = routing.answering(encounter, codebook, stamp)
    lane = routing.lane(answering)
    table = _Table(answered, kept, codebook, explainer, routing, answering, lane)
    lines = _lines(table)
    refused = tuple(_refused(line, answered.findings) for line in answered.proposal.codes if line.code in rejected)
    coded = {line.code for line in lines}
    result = CodingResult(
        case_id=encounter.case_id,
        edition=codebook.edition.name,
        setting=encounter.setting,
        date_of_service=encounter.date_of_service,
        route=strictest(tuple(line.route for line in lines)),
        codes=lines,
        not_coded=_distinct((*refused, *answered.proposal.not_coded, *answered.left_out), coded),
        findings=answered.findings,
        lane=lane,
        cost=Cost(),
        stamp=stamp,
    )
    answers = answered_suggestions(encounter.suggestions, result, codebook, routing.codebooks)
    return result.model_copy(update={"suggestions_answered": answers})


def _lines(table: _Table) -> tuple[CodeLine, ...]:
    """The lines in sequence, the one that is drawn for audit marked."""
    routed = [
        _line(line, table) if line.system is CodeSystem.ICD10CM else _procedure(line, place, table)
        for place, line in enumerate(table.kept, start=1)
    ]
    eligible = [one.line.code for one in routed if one.eligible]
    drawn = None
    if table.lane:
        drawn = table.routing.drawn(table.answered.chart.encounter, eligible, table.codebook, table.lane)
    return tuple(
        one.line.model_copy(update={"sequence": place, "audit": one.eligible and one.line.code == drawn})
        for place, one in enumerate(routed, start=1)
    )


def _procedure(line: ProposedCode, place: int, table: _Table) -> _Routed:
    """The line of a procedure, drug or supply: chosen by rules, so never one for the auto lane."""
    answered = table.answered
    found = next(p for p in answered.procedures if (p.proposed.system, p.proposed.code) == (line.system, line.code))
    settings = table.routing.settings
    return _Routed(procedure_code_line(found, place, answered.findings, settings, answered.why_rules), eligible=False)


def _line(line: ProposedCode, table: _Table) -> _Routed:
    answered = table.answered
    by_id = {m.id: m for m in answered.mentions}
    mentions = tuple(by_id[i] for i in line.mention_ids)
    scores = score(line, list(mentions), answered.findings, table.codebook, fallback=answered.why_rules)
    weighed = Weighed(line, mentions, answered.retrieved, answered.findings, answered.chart.encounter)
    inputs = confidence_inputs(weighed, scores)
    scores = on_scale(scores, line, inputs, table.routing.calibrator, table.answering)
    if answered.stands_in and line.source is not Source.LLM:
        scores = scores._replace(stands_in=True, reasons=(scores.reasons[0], _STANDS_IN, *scores.reasons[1:]))
    settings, lane = table.routing.settings, table.lane
    facts = _facts(line, mentions, table.kept, answered, scores)
    made = CodeLine(
        system=line.system,
        code=line.code,
        title=table.codebook.title(line.code),
        role=line.role,
        sequence=line.sequence,
        poa=line.poa,
        confidence=scores.confidence,
        confidence_reasons=scores.reasons,
        confidence_inputs=inputs,
        documentation_score=scores.documentation,
        route=route_of(
            line.code, line.source, scores, answered.findings, settings, lane_open=lane is not None and lane.is_open
        ),
        source=line.source,
        evidence=line.evidence,
        rationale=table.explainer.explain(facts, table.codebook),
    )
    return _Routed(made, may_be_auto(line.code, line.source, scores, answered.findings, settings))


def _facts(
    line: ProposedCode,
    mentions: tuple[Mention, ...],
    kept: tuple[ProposedCode, ...],
    answered: Answered,
    scores: Scores,
) -> Facts:
    candidates: tuple[Candidate, ...] = answered.retrieved.of(mentions[0].id)
    return Facts(
        chart=answered.chart,
        line=line,
        mentions=mentions,
        candidates=candidates,
        all_codes=tuple(other.code for other in kept),
        similar=answered.retrieved.similar,
        open_axes=scores.open_axes,
    )


def _refused(line: ProposedCode, findings: tuple[Finding, ...]) -> NotCoded:
    """A rejected code stays visible with the rule's words."""
    finding = next(f for f in findings if line.code in f.codes and f.severity == "reject")
    text = line.evidence[0].text if line.evidence else line.code
    return NotCoded(
        text=text, evidence=line.evidence, code=line.code, reason=NotCodedReason.REJECTED, detail=finding.message
    )


def _distinct(items: tuple[NotCoded, ...], coded: set[str]) -> tuple[NotCoded, ...]:
    """Each thing left out once, and nothing that is coded from elsewhere in the record."""
    seen: dict[tuple[str, str, str | None], NotCoded] = {}
    for item in items:
        if not _is_coded(item, coded):
            apart = item.code if item.reason is NotCodedReason.REJECTED else None
            seen.setdefault((item.text.lower(), item.reason.value, apart), item)
    return tuple(seen.values())


def _is_coded(item: NotCoded, coded: set[str]) -> bool:
    """True when the code is on the answer, or one below the stem that a passing remark led to."""
    passing = item.reason is NotCodedReason.NOT_ASSESSED and item.code is not None
    return item.code in coded or (passing and any(code.startswith(str(item.code)) for code in coded))
