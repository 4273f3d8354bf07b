"""The stage ledger: where each gold code was lost, and where each wrong code came in.

A code may skip stages (a combination is made in *reconcile* from two other codes), so a gold code is lost at the stage
after the last one that still held it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from agent.stages import Trace
from guardrails.check import rejected_codes
from medcoding.coded_encounter import CodedEncounter, FinalCode
from medcoding.codes import CodeSystem
from medcoding.mention import Mention
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record


class Stage(StrEnum):
    """Steps of the flow at which a code can be lost, in order."""

    READ = "read"
    MENTION = "mention"
    SELECTED = "selected"
    CANDIDATES = "candidates"
    CHOSEN = "chosen"
    RECONCILED = "reconciled"
    GUARDRAILS = "guardrails"
    FINAL = "final"


STAGES: Final = tuple(Stage)


class LostCode(Record):
    """A gold code that is not in the answer."""

    case_id: str
    system: CodeSystem
    code: str
    lost_at: Stage
    nearest: str = ""
    """A code of the same category that was answered instead, when there is one."""


class WrongCode(Record):
    """A code in the answer that is not gold."""

    case_id: str
    system: CodeSystem
    code: str
    came_in_at: Stage
    """`chosen` for a mention, or `reconciled` where the set was put together."""
    section: str = ""
    """Section of the mention it was chosen for."""
    assertion: str = ""
    instead_of: str = ""
    """A gold code of the same category that the answer lacks, when there is one."""
    forbidden: bool = False
    """The case says that this code would be wrong."""


class EncounterLedger(Record):
    """What became of every gold code of one encounter, and where its wrong codes came from."""

    case_id: str
    gold: int
    kept: int
    reached: dict[Stage, int]
    """Gold codes still there at each stage."""
    lost: tuple[LostCode, ...]
    wrong: tuple[WrongCode, ...]


def ledger(gold: CodedEncounter, trace: Trace) -> EncounterLedger:
    """The ledger of one encounter."""
    answered = {(line.system, line.code) for line in trace.result.codes}
    wanted = {(line.system, line.code) for line in gold.codes}
    last = {line.code: _last_stage(line, trace) for line in gold.codes}
    lost = tuple(
        LostCode(
            case_id=gold.case_id,
            system=line.system,
            code=line.code,
            lost_at=STAGES[STAGES.index(last[line.code]) + 1],
            nearest=_beside(line.code, (code for _, code in answered - wanted)),
        )
        for line in gold.codes
        if (line.system, line.code) not in answered
    )
    return EncounterLedger(
        case_id=gold.case_id,
        gold=len(wanted),
        kept=len(answered & wanted),
        reached={stage: sum(STAGES.index(at) >= n for at in last.values()) for n, stage in enumerate(STAGES)},
        lost=lost,
        wrong=tuple(_wrong(gold, trace, system, code) for system, code in sorted(answered - wanted)),
    )


def _last_stage(line: FinalCode, trace: Trace) -> Stage:
    """The last stage that still held the code: it need not have been at every one before."""
    prepared = trace.prepared
    speaking = [m for m in prepared.mentions if _speaks_of(m, line.evidence)]
    selected = {m.id for m in prepared.selected.mentions}
    candidates = (c for entry in prepared.retrieved.candidates for c in entry.candidates)
    held = {
        Stage.FINAL: any(line.code == answer.code for answer in trace.result.codes),
        Stage.GUARDRAILS: any(line.code == p.code for p in trace.proposal.codes)
        and line.code not in rejected_codes(trace.findings),
        Stage.RECONCILED: any(line.code == p.code for p in trace.proposal.codes),
        Stage.CHOSEN: any(line.code == choice.code for choice in trace.choices),
        Stage.CANDIDATES: any(line.code == c.code for c in candidates),
        Stage.SELECTED: any(m.id in selected for m in speaking),
        Stage.MENTION: bool(speaking),
    }
    return next((stage for stage, there in held.items() if there), Stage.READ)


def _speaks_of(mention: Mention, evidence: Iterable[EvidenceQuote]) -> bool:
    return any(
        mention.document_id == quote.document_id and mention.span.start < quote.end and quote.start < mention.span.end
        for quote in evidence
    )


def _wrong(gold: CodedEncounter, trace: Trace, system: CodeSystem, code: str) -> WrongCode:
    choice = next((c for c in trace.choices if c.code == code), None)
    mention = next((m for m in trace.prepared.mentions if choice and m.id == choice.mention_id), None)
    answered = {line.code for line in trace.result.codes}
    return WrongCode(
        case_id=gold.case_id,
        system=system,
        code=code,
        came_in_at=Stage.CHOSEN if choice else Stage.RECONCILED,
        section=mention.section.value if mention else "",
        assertion=mention.assertion.value if mention else "",
        instead_of=_beside(code, (line.code for line in gold.codes if line.code not in answered)),
        forbidden=any(m.code == code for m in gold.must_not),
    )


def _beside(code: str, others: Iterable[str]) -> str:
    """Another code of the same category."""
    return next((other for other in sorted(others) if other[:3] == code[:3]), "")
