"""The answer's line of a procedure, drug or supply: how its code and units came about, in facts a coder can check."""

from __future__ import annotations

from typing import Final

from agent.confidence import NOT_CALIBRATED, Scores
from agent.procedures import ProcedureLine
from agent.route import RoutingSettings, route_of
from medcoding.finding import Finding, Severity
from medcoding.result import Alternative, CodeLine, Rationale

_FLOOR: Final = 0.20
_CEILING: Final = 0.80
_UNRESOLVED: Final = 0.6
_DOCUMENTED: Final = 1.0
"""What is proposed was counted from the record; what was not stands among what is not coded."""
_MOST_ALTERNATIVES: Final = 3


def procedure_code_line(
    line: ProcedureLine, sequence: int, findings: tuple[Finding, ...], routing: RoutingSettings, why_rules: str
) -> CodeLine:
    """One line of the final answer. `why_rules` says why no model chose."""
    proposed, scores = line.proposed, _scores(line, findings, why_rules)
    return CodeLine(
        system=proposed.system,
        code=proposed.code,
        title=line.title,
        role=proposed.role,
        sequence=sequence,
        modifiers=proposed.modifiers,
        units=proposed.units,
        confidence=scores.confidence,
        confidence_reasons=scores.reasons,
        documentation_score=scores.documentation,
        route=route_of(proposed.code, proposed.source, scores, findings, routing),
        source=proposed.source,
        evidence=proposed.evidence,
        rationale=_rationale(line),
    )


def _scores(line: ProcedureLine, findings: tuple[Finding, ...], why_rules: str) -> Scores:
    proposed = line.proposed
    confidence = _FLOOR + (_CEILING - _FLOOR) * proposed.strength
    said = "documented as given or done" if line.done.said else "documented by dose and route alone"
    reasons = [why_rules or "procedures are chosen by rules", said]
    if any(f.severity is Severity.MUST_RESOLVE and proposed.code in f.codes for f in findings):
        confidence *= _UNRESOLVED
        reasons.append("a finding must be resolved first")
    return Scores(
        round(confidence, 3),
        (*reasons, f"{NOT_CALIBRATED}: no procedure was among a calibrator's answers"),
        _DOCUMENTED,
        (),
    )


def _rationale(line: ProcedureLine) -> Rationale:
    proposed, mention = line.proposed, line.done.mention
    where = mention.section.value.replace("_", " ")
    others = [c for c in line.candidates if c.code != proposed.code][:_MOST_ALTERNATIVES]
    surface = next((c.surface for c in line.candidates if c.code == proposed.code), mention.query)
    return Rationale(
        summary=(
            f"{proposed.code} {line.title}: the record says “{mention.text}” ({where}, {mention.kind.value}). "
            f"{proposed.reason}"
        ),
        index_path=tuple(dict.fromkeys((mention.query, surface, f"{proposed.code} {line.title}"))),
        characters=(),
        instructions=(),
        guidelines=(),
        alternatives=tuple(Alternative(code=c.code, title=c.title, why_not=_why_not(line)) for c in others),
        would_change=_would_change(line),
    )


def _why_not(line: ProcedureLine) -> str:
    return f"Its wording is further from “{line.done.mention.query}” as the record says it."


def _would_change(line: ProcedureLine) -> str:
    if line.size and line.done.doses:
        return f"Another documented dose would change the units: one unit is {line.size}."
    return "A statement that it was not given, not done or not handed out at this encounter would remove it."
