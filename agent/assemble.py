"""The last step: rejected codes leave the set, the rest gets its scores, its route and its rationale."""

from __future__ import annotations

from dataclasses import dataclass

from agent.confidence import Scores, score
from agent.confidence_inputs import confidence_inputs
from agent.explain import Explainer, Facts
from agent.procedure_rationale import procedure_code_line
from agent.procedures import ProcedureLine
from agent.route import RoutingSettings, route_of, strictest
from guardrails.check import rejected_codes
from medcoding.candidate import Candidate, Retrieved
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.finding import Finding
from medcoding.mention import Mention
from medcoding.proposal import NotCoded, NotCodedReason, Proposal, ProposedCode
from medcoding.result import CodeLine, CodingResult, Cost, Stamp


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


def assemble(
    answered: Answered, codebook: Codebook, explainer: Explainer, routing: RoutingSettings, stamp: Stamp
) -> CodingResult:
    """The coding result; its cost is filled in by the caller, who kept the clock."""
    rejected = rejected_codes(answered.findings)
    kept = tuple(line for line in answered.proposal.codes if line.code not in rejected)
    lines = tuple(
        _line(line, kept, answered, codebook, explainer, routing).model_copy(update={"sequence": place})
        if line.system is CodeSystem.ICD10CM
        else _procedure(line, place, answered, routing)
        for place, line in enumerate(kept, start=1)
    )
    refused = tuple(_refused(line, answered.findings) for line in answered.proposal.codes if line.code in rejected)
    coded = {line.code for line in lines}
    encounter = answered.chart.encounter
    return CodingResult(
        case_id=encounter.case_id,
        edition=codebook.edition.name,
        setting=encounter.setting,
        date_of_service=encounter.date_of_service,
        route=strictest(tuple(line.route for line in lines)),
        codes=lines,
        not_coded=_distinct((*refused, *answered.proposal.not_coded, *answered.left_out), coded),
        findings=answered.findings,
        cost=Cost(),
        stamp=stamp,
    )


def _procedure(line: ProposedCode, place: int, answered: Answered, routing: RoutingSettings) -> CodeLine:
    """The line of a procedure, drug or supply."""
    found = next(p for p in answered.procedures if (p.proposed.system, p.proposed.code) == (line.system, line.code))
    return procedure_code_line(found, place, answered.findings, routing, answered.why_rules)


def _line(
    line: ProposedCode,
    kept: tuple[ProposedCode, ...],
    answered: Answered,
    codebook: Codebook,
    explainer: Explainer,
    routing: RoutingSettings,
) -> CodeLine:
    by_id = {m.id: m for m in answered.mentions}
    mentions = tuple(by_id[i] for i in line.mention_ids)
    scores = score(line, list(mentions), answered.findings, codebook, fallback=answered.why_rules)
    facts = _facts(line, mentions, kept, answered, scores)
    return CodeLine(
        system=line.system,
        code=line.code,
        title=codebook.title(line.code),
        role=line.role,
        sequence=line.sequence,
        poa=line.poa,
        confidence=scores.confidence,
        confidence_reasons=scores.reasons,
        confidence_inputs=confidence_inputs(
            line, mentions[0], answered.retrieved, answered.findings, answered.chart.encounter
        ),
        documentation_score=scores.documentation,
        route=route_of(line.code, line.source, scores, answered.findings, routing),
        source=line.source,
        evidence=line.evidence,
        rationale=explainer.explain(facts, codebook),
    )


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
