"""The stage ledgers of all encounters added up: what a report leads with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from evals.bootstrap import RESAMPLES, SEED, Estimate, Resampler
from evals.ledger import STAGES, EncounterLedger, Stage
from medcoding.record import Record

STAGE_WORDS: Final[Mapping[Stage, str]] = {
    Stage.READ: "in the gold",
    Stage.MENTION: "mentioned",
    Stage.SELECTED: "selected to be coded",
    Stage.CANDIDATES: "among the candidates",
    Stage.CHOSEN: "chosen",
    Stage.RECONCILED: "kept by reconcile",
    Stage.GUARDRAILS: "kept by the guardrails",
    Stage.FINAL: "in the answer",
}
"""What is true of a gold code that reached a stage."""


class StageTotal(Record):
    """Gold codes at one stage."""

    stage: Stage
    reached: int
    lost: int
    """Codes that the stage before still held."""
    share: Estimate
    """Reached, over gold codes of answered encounters."""


class StageTotals(Record):
    """The ledger of a run, over answered encounters."""

    gold: int
    unanswered_gold: int
    """Gold codes of encounters without an answer: lost before any stage, and in no stage's figures."""
    stages: tuple[StageTotal, ...]
    wrong: int
    wrong_by_stage: dict[Stage, int]
    """Wrong codes, by the stage at which they came in."""

    def at(self, stage: Stage) -> StageTotal:
        """The figures of one stage."""
        return next(total for total in self.stages if total.stage is stage)


def stage_totals(
    ledgers: Sequence[EncounterLedger], unanswered_gold: int, resamples: int = RESAMPLES, seed: int = SEED
) -> StageTotals:
    """Added up over encounters, in order of case so that the order of a run does not matter."""
    ordered = sorted(ledgers, key=lambda one: one.case_id)
    resampler = Resampler(len(ordered), resamples, seed) if ordered else None
    reached = {stage: sum(one.reached[stage] for one in ordered) for stage in STAGES}
    before = dict(pairwise(reversed(STAGES)))
    totals = tuple(
        StageTotal(
            stage=stage,
            reached=reached[stage],
            lost=reached[before.get(stage, stage)] - reached[stage],
            share=_share(ordered, stage, resampler),
        )
        for stage in STAGES
    )
    wrong = Counter(code.came_in_at for one in ordered for code in one.wrong)
    return StageTotals(
        gold=reached[Stage.READ],
        unanswered_gold=unanswered_gold,
        stages=totals,
        wrong=wrong.total(),
        wrong_by_stage=dict(sorted(wrong.items(), key=lambda item: STAGES.index(item[0]))),
    )


def _share(ledgers: Sequence[EncounterLedger], stage: Stage, resampler: Resampler | None) -> Estimate:
    if resampler is None:
        return Estimate(value=None)
    return resampler.ratio([(one.reached[stage], one.reached[Stage.READ]) for one in ledgers])
