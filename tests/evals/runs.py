"""Finished runs for the tests of reports and gates, from a few scored encounters and without a pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agent.combine import CombinationTable
from evals.failure_classes import failure_classes
from evals.ledger import STAGES, EncounterLedger, LostCode, Stage, WrongCode
from evals.loaders.gold_set import EVERYTHING
from evals.run_record import ENCOUNTERS, Dataset, EncounterRecord, Run, RunRecord, append, write_record
from evals.scores import CodeKey, ScoredEncounter
from evals.stage_totals import stage_totals
from evals.suite_choice import SuiteChoice
from evals.summary import summarise
from medcoding.result import Stamp

DAY = datetime(2026, 11, 23, tzinfo=UTC)
DIGEST = "d" * 64


def ledger_of(
    scored: ScoredEncounter, lost_at: Stage = Stage.CANDIDATES, wrong: Mapping[str, Any] = MappingProxyType({})
) -> EncounterLedger:
    """Every missed code lost at one stage, every wrong one chosen."""
    gold, answer = {c.key for c in scored.gold}, {c.key for c in scored.answer}
    missed, extra = sorted(gold - answer), sorted(answer - gold)
    before = STAGES.index(lost_at)
    return EncounterLedger(
        case_id=scored.case_id,
        gold=len(gold),
        kept=len(gold & answer),
        reached={s: len(gold) if n < before else len(gold & answer) for n, s in enumerate(STAGES)},
        lost=tuple(
            LostCode(case_id=scored.case_id, system=s, code=c, lost_at=lost_at, nearest=_beside(c, extra))
            for s, c in missed
        ),
        wrong=tuple(
            WrongCode(
                case_id=scored.case_id,
                system=s,
                code=c,
                **{"came_in_at": Stage.CHOSEN, "instead_of": _beside(c, missed), **wrong},
            )
            for s, c in extra
        ),
    )


def run_of(scored: Sequence[ScoredEncounter], folder: Path = Path("run"), **changes: Any) -> Run:
    """A finished run of a dataset that holds exactly these encounters."""
    entries = tuple(
        EncounterRecord(
            case_id=e.case_id,
            scored=e,
            ledger=ledger_of(e) if e.answered else None,
            failure=None if e.answered else "It met an internal error (ValueError).",
            finished=DAY,
        )
        for e in sorted(scored, key=lambda e: e.case_id)
    )
    pairs = [(e.scored, e.ledger) for e in entries if e.ledger]
    summary = summarise(scored, resamples=200)
    ledger = stage_totals([one for _, one in pairs], sum(len(e.scored.gold) for e in entries if not e.ledger), 200)
    dataset = Dataset(
        name="rules", digest=DIGEST, encounters=len(scored), scope=EVERYTHING, choice=SuiteChoice(suite="nowhere.jsonl")
    )
    facts: dict[str, Any] = {
        "dataset": dataset,
        "stamp": Stamp(code="", prompt="", model="none", codebook="", index="", settings=""),
        "scoring": "",
        "commit": "abc",
        "versions": {},
        "arguments": {},
        "started": DAY,
        "finished": DAY,
        "wanted": len(scored),
        "failed": sum(not e.answered for e in scored),
        "summary": summary,
        "ledger": ledger,
        "failure_classes": failure_classes(pairs, CombinationTable()),
    }
    return Run(folder, RunRecord(**(facts | changes)), summary, ledger, entries)


def stored(run: Run) -> Path:
    """The run as a folder."""
    run.folder.mkdir(parents=True, exist_ok=True)
    write_record(run.folder, run.record)
    with (run.folder / ENCOUNTERS).open("wb") as file:
        for entry in run.encounters:
            append(file, entry)
    return run.folder


def _beside(code: str, others: Sequence[CodeKey]) -> str:
    return next((other for _, other in others if other[:3] == code[:3]), "")
