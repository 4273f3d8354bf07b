"""From coded encounters to the calibrator that ships: the product answers them, the outcomes are fitted.

What is learned from must not be what judges: the calibrator that ships is fitted on the development encounters, with
the rule suite beside them for the weights alone.
"""

from __future__ import annotations

import asyncio
import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from agent.bootstrap import build_pipeline
from agent.calibrator import SHIPPED, Answer, Calibrator, CalibratorCard, made_by
from agent.lanes import lane_name
from agent.pipeline import Pipeline
from agent.settings import Settings
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.parsing import load_lines
from medcoding.proposal import Source
from medcoding.result import CodeLine, CodingResult
from retrieval.index_folder import digest_of
from training.calibrator_card import as_readme
from training.calibrators import (
    FREQUENT,
    LEAST_ANSWERS,
    Array,
    Outcome,
    cross_fitted,
    expected_error,
    fit,
    frequent_codes,
)

CALIBRATOR_STEPS: Final = ("Coding", "Fitting")
_SHARES: Final = (0.2, 0.4, 0.6, 0.8)

Told = Callable[[str, int, int], None]


class GoldFile(NamedTuple):
    """Coded encounters of one kind."""

    name: str
    encounters: tuple[CodedEncounter, ...]


class CalibratorRecipe(NamedTuple):
    """What a calibrator is made from."""

    gold: GoldFile
    """Its precision is what the scale says."""
    also: tuple[GoldFile, ...]
    """More gold, learned from for the weights only, as the first way answers it."""
    ways: tuple[Settings, ...]
    """How the product answers: one for each that is to be calibrated, the fallback first."""
    out: Path = SHIPPED


class _Answers(NamedTuple):
    outcomes: list[Outcome]
    made_by: dict[Source, str]
    editions: Counter[str]
    built: str
    """Digest of the index."""


def read_gold(path: Path) -> GoldFile:
    """A file of coded encounters, or a folder of them. Raises `InputError` when none is there or one does not fit."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    encounters = tuple(one for file in files for one in load_lines(CodedEncounter, file))
    if not encounters:
        raise InputError(f"{path} holds no coded encounter; name JSON lines of encounters with codes.")
    return GoldFile(path.stem, encounters)


def make_calibrator(recipe: CalibratorRecipe, told: Told) -> Path:
    """Code, fit, and write the calibrator with its card; returns the file.

    Raises `InputError` when the answers are too few to fit on, and what coding raises.
    """
    answers = _answers(recipe, told)
    kind = recipe.gold.name
    own = [one for one in answers.outcomes if one.kind == kind]
    if len(own) < LEAST_ANSWERS:
        raise InputError(f"{kind} gave {len(own)} answered codes; a calibrator needs at least {LEAST_ANSWERS}.")
    fitted = fit(answers.outcomes, kind, answers.made_by)
    crossed = cross_fitted(
        answers.outcomes, kind, answers.made_by, lambda done, of: told(CALIBRATOR_STEPS[1], done, of)
    )
    calibrator = Calibrator(
        editions=tuple(sorted(name for name, number in answers.editions.items() if number >= LEAST_ANSWERS)),
        weights=fitted.weights,
        frequent=tuple(sorted(code for code, number in _counts(recipe).items() if number >= FREQUENT)),
        scales=fitted.scales,
        card=_card(recipe, own, crossed, answers.built),
    )
    recipe.out.parent.mkdir(parents=True, exist_ok=True)
    recipe.out.write_text(calibrator.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (recipe.out.parent / "README.md").write_text(as_readme(calibrator), encoding="utf-8")
    return recipe.out


def _answers(recipe: CalibratorRecipe, told: Told) -> _Answers:
    """Every answered diagnosis of every way with its outcome, each once an encounter and source."""
    files = (recipe.gold, *recipe.also)
    counts = _counts(recipe)
    rounds = [(way, files if place == 0 else files[:1]) for place, way in enumerate(recipe.ways)]
    total = sum(len(file.encounters) for _, asked in rounds for file in asked)
    found = _Answers([], {}, Counter(), "")
    seen: set[tuple[str, str, Source, str]] = set()
    done = 0
    for way, asked in rounds:
        pipeline = build_pipeline(way)
        found = found._replace(built=pipeline.parts.stamp.index)
        for file, encounter, result in _coded(pipeline, asked):
            done += 1
            told(CALIBRATOR_STEPS[0], done, total)
            gold = {(line.system, line.code) for line in encounter.codes}
            for line in _diagnoses(result):
                key = (file.name, encounter.case_id, line.source, line.code)
                if key in seen or line.confidence_inputs is None:
                    continue
                seen.add(key)
                right = (line.system, line.code) in gold
                found.outcomes.append(_outcome(file.name, encounter, line, right, counts[line.code] - right))
                found.made_by[line.source] = made_by(line.source, result.stamp)
                found.editions[result.edition] += 1
    return found


def _coded(pipeline: Pipeline, files: Sequence[GoldFile]) -> Iterator[tuple[GoldFile, CodedEncounter, CodingResult]]:
    with asyncio.Runner() as runner:
        for file in files:
            for encounter in file.encounters:
                bare = Encounter.model_validate({name: getattr(encounter, name) for name in Encounter.model_fields})
                yield file, encounter, runner.run(pipeline.code(bare))
        runner.run(pipeline.aclose())


def _outcome(kind: str, encounter: CodedEncounter, line: CodeLine, right: bool, elsewhere: int) -> Outcome:
    if line.confidence_inputs is None:
        raise InputError(f"The code {line.code} carries no inputs; code its encounter again.")
    return Outcome(
        case_id=encounter.case_id,
        kind=kind,
        source=line.source,
        specialty=lane_name(encounter.specialty),
        answer=Answer(line.code, line.confidence_inputs),
        right=right,
        frequent=elsewhere >= FREQUENT,
    )


def _diagnoses(result: CodingResult) -> list[CodeLine]:
    return [line for line in result.codes if line.system is CodeSystem.ICD10CM]


def _counts(recipe: CalibratorRecipe) -> Counter[str]:
    files = (recipe.gold, *recipe.also)
    return Counter(
        frequent_codes((e.case_id, [line.code for line in e.codes]) for file in files for e in file.encounters)
    )


def _card(recipe: CalibratorRecipe, own: Sequence[Outcome], crossed: Array, index: str) -> CalibratorCard:
    files = (recipe.gold, *recipe.also)
    right = np.array([one.right for one in own], dtype=np.float64)
    before = np.array([one.answer.inputs.uncalibrated or 0.0 for one in own])
    surest = right[np.argsort(-crossed, kind="stable")]
    return CalibratorCard(
        made_on=datetime.datetime.now(datetime.UTC).date(),
        gold=tuple(file.name for file in files),
        gold_digest=digest_of(*(one.model_dump_json() for file in files for one in file.encounters)),
        encounters=sum(len(file.encounters) for file in files),
        release=f"chartwright {version('chartwright')}",
        index=index,
        ece_before=round(expected_error(before, right), 4),
        ece=round(expected_error(crossed, right), 4),
        brier_before=round(float(np.mean((before - right) ** 2)), 4),
        brier=round(float(np.mean((crossed - right) ** 2)), 4),
        precision_at={
            str(share): round(float(surest[: max(1, round(share * len(surest)))].mean()), 4) for share in _SHARES
        },
    )
