"""The encoder beside the rules on the same gold: what is right, how sure it is, and of whom."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from agent.bootstrap import build_pipeline
from agent.llm import LlmSettings
from agent.pipeline import Pipeline
from agent.routine import FastPathMode, FastPathSettings
from agent.settings import load_settings
from evals.bootstrap import Estimate
from evals.scores import ScoredEncounter, score
from evals.summary import summarise
from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.record import Record

_WAYS: Final[Mapping[str, FastPathMode]] = {"rules": FastPathMode.OFF, "encoder": FastPathMode.ALWAYS}
_FEWEST: Final = 4
"""Encounters below which a specialty is counted among the others."""
OTHERS: Final = "others"

Told = Callable[[int, int], None]


class Accuracy(Record):
    """One way of answering."""

    precision: Estimate
    recall: Estimate
    micro_f1: Estimate
    macro_f1: Estimate
    """Mean over the codes of the gold."""
    exact: Estimate
    """Share of encounters with exactly the gold's codes."""
    ece: Estimate
    """Of the confidence as it stands in the answer."""
    precision_at: dict[str, float | None]
    """Precision of the surest part of the answered codes, by the part that is kept."""
    f1_by_specialty: dict[str, float | None]


class AccuracyReport(Record):
    """All ways over the same encounters."""

    encounters: int
    ways: dict[str, Accuracy]


def measure_accuracy(
    encounters: Sequence[CodedEncounter], index_dir: Path | None, folder: Path | None, told: Told
) -> AccuracyReport:
    """Code every encounter by rules and with the encoder. Raises `InputError` when there is none."""
    if not encounters:
        raise InputError("There is no encounter to code; give gold with at least one.")
    ways, done = {}, 0
    for name, mode in _WAYS.items():
        scored = []
        pipeline = pipeline_in(mode, index_dir, folder)
        for gold in encounters:
            scored.append(_scored(pipeline, gold))
            done += 1
            told(done, len(_WAYS) * len(encounters))
        ways[name] = accuracy(scored)
    return AccuracyReport(encounters=len(encounters), ways=ways)


def pipeline_in(mode: FastPathMode, index_dir: Path | None, folder: Path | None) -> Pipeline:
    """The product in that mode, without a language model."""
    settings = load_settings(index_dir=index_dir, fast_path=FastPathSettings(mode=mode, folder=folder))
    return build_pipeline(settings.model_copy(update={"llm": LlmSettings()}))


def accuracy(scored: Sequence[ScoredEncounter]) -> Accuracy:
    """The figures of one way."""
    report = summarise(_by_larger_specialties(scored))
    return Accuracy(
        precision=report.together.micro.precision,
        recall=report.together.micro.recall,
        micro_f1=report.together.micro.f1,
        macro_f1=report.together.over_codes.f1,
        exact=report.exact.set,
        ece=report.calibration.ece,
        precision_at={f"{at.share:.0%}": at.precision.value for at in report.calibration.at},
        f1_by_specialty={name: group.micro.f1.value for name, group in report.by_specialty.items()},
    )


def uncoded(coded: CodedEncounter) -> Encounter:
    """Without the gold."""
    return Encounter.model_validate({name: getattr(coded, name) for name in Encounter.model_fields})


def _scored(pipeline: Pipeline, gold: CodedEncounter) -> ScoredEncounter:
    book = pipeline.parts.codebooks.for_date(gold.coding_date).codebook
    return score(gold, asyncio.run(pipeline.code(uncoded(gold))), book)


def _by_larger_specialties(scored: Sequence[ScoredEncounter]) -> list[ScoredEncounter]:
    sizes = Counter((one.specialty or "").lower() for one in scored)
    names = (name if sizes[name := (one.specialty or "").lower()] >= _FEWEST else OTHERS for one in scored)
    return [one.model_copy(update={"specialty": name}) for one, name in zip(scored, names, strict=True)]
