"""How much is lost when the same note is written differently.

The gold of a perturbed encounter is the gold of the encounter, so every change of F1 is the system's. Measured over the
encounters that a perturbation changes, paired with their own answers before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import load_settings
from evals.bootstrap import LEVEL, RESAMPLES, SEED, Difference, Estimate, Resampler
from evals.perturbations import Perturbation, perturbed
from evals.scores import CodeKey
from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.record import Record

EVERY_KIND: Final = tuple(Perturbation)

Answer = Callable[[Encounter], frozenset[CodeKey]]
"""Whatever codes an encounter: the pipeline, or a named double in a test. It is not shown the gold."""

Told = Callable[[str], None]
"""Told the name of each step when it is done."""


class PerturbationLoss(Record):
    """What one way of writing differently does."""

    kind: Perturbation
    changed: int
    """Encounters whose text it changes. The others are left out of all that follows."""
    answered_differently: int
    """Changed encounters whose set of codes is no longer the same, for better or worse."""
    f1: Difference
    """Micro F1 over the changed encounters, before and after; a loss is negative."""
    exact: Difference
    """Share answered with exactly the gold codes."""
    over_suite: Difference
    """Micro F1 over all encounters, the unchanged ones with their answers as they were."""


class RobustnessReport(Record):
    """The loss by perturbation over one suite."""

    encounters: int
    seed: int
    level: float
    resamples: int
    f1: Estimate
    """Micro F1 as written, over all encounters."""
    losses: tuple[PerturbationLoss, ...]
    """The worst first."""


def robustness_run(
    answer: Answer,
    encounters: Sequence[CodedEncounter],
    kinds: Sequence[Perturbation] = EVERY_KIND,
    seed: int = SEED,
    told: Told = lambda _: None,
) -> RobustnessReport:
    """Code every encounter as it stands and in every other way. Raises `InputError` when there is none."""
    if not encounters:
        raise InputError("There is no coded encounter to write differently; give a suite with at least one.")
    before = [answer(_uncoded(e)) for e in encounters]
    told("as written")
    losses: list[PerturbationLoss] = []
    for kind in kinds:
        losses.append(_loss(kind, encounters, before, answer, seed))
        told(kind.value)
    return RobustnessReport(
        encounters=len(encounters),
        seed=seed,
        level=LEVEL,
        resamples=RESAMPLES,
        f1=Resampler(len(encounters)).ratio(_f1_parts(encounters, before)),
        losses=tuple(sorted(losses, key=_by_loss)),
    )


def pipeline_answer(pipeline: Pipeline) -> Answer:
    """The pipeline as it serves, one encounter at a time."""

    def answer(encounter: Encounter) -> frozenset[CodeKey]:
        result = asyncio.run(pipeline.code(encounter))
        return frozenset((line.system, line.code) for line in result.codes)

    return answer


def measure_robustness(
    encounters: Sequence[CodedEncounter],
    index_dir: Path | None = None,
    kinds: Sequence[Perturbation] = EVERY_KIND,
    told: Told = lambda _: None,
) -> RobustnessReport:
    """The production pipeline on an index, from the settings of the machine."""
    return robustness_run(
        pipeline_answer(build_pipeline(load_settings(index_dir=index_dir))), encounters, kinds, told=told
    )


def as_text(report: RobustnessReport) -> str:
    """A table in Markdown, the worst loss first."""
    f1 = report.f1
    head = (
        f"{report.encounters} encounters, micro F1 as written {_shown(f1.value)} ({_shown(f1.low)}–{_shown(f1.high)}).",
        "",
        "| written differently | changed | answered differently | F1 before | after | difference (95 %) | p |",
        "|---|---|---|---|---|---|---|",
    )
    return "\n".join((*head, *map(_row, report.losses))) + "\n"


def _row(loss: PerturbationLoss) -> str:
    f1 = loss.f1
    spread = f"{_signed(f1.difference)} ({_signed(f1.low)} to {_signed(f1.high)})"
    cells = (loss.kind, loss.changed, loss.answered_differently, _shown(f1.first), _shown(f1.second), spread)
    return f"| {' | '.join(map(str, cells))} | {_shown(f1.p)} |"


def _loss(
    kind: Perturbation,
    encounters: Sequence[CodedEncounter],
    before: Sequence[frozenset[CodeKey]],
    answer: Answer,
    seed: int,
) -> PerturbationLoss:
    written = [perturbed(e, kind, seed) for e in encounters]
    changed = [n for n, (new, old) in enumerate(zip(written, encounters, strict=True)) if new is not old]
    after = list(before)
    for place in changed:
        after[place] = answer(_uncoded(written[place]))
    touched = [encounters[n] for n in changed]
    one, two = [before[n] for n in changed], [after[n] for n in changed]
    return PerturbationLoss(
        kind=kind,
        changed=len(changed),
        answered_differently=sum(a != b for a, b in zip(one, two, strict=True)),
        f1=_difference(_f1_parts(touched, one), _f1_parts(touched, two)),
        exact=_difference(_exact_parts(touched, one), _exact_parts(touched, two)),
        over_suite=_difference(_f1_parts(encounters, before), _f1_parts(encounters, after)),
    )


def _uncoded(coded: CodedEncounter) -> Encounter:
    """Without the gold."""
    return Encounter.model_validate({name: getattr(coded, name) for name in Encounter.model_fields})


def _gold(encounter: CodedEncounter) -> frozenset[CodeKey]:
    return frozenset((line.system, line.code) for line in encounter.codes)


def _f1_parts(encounters: Sequence[CodedEncounter], answers: Sequence[frozenset[CodeKey]]) -> list[tuple[float, float]]:
    """Twice the right codes over gold and answered codes."""
    sets = [(_gold(e), a) for e, a in zip(encounters, answers, strict=True)]
    return [(2.0 * len(gold & given), float(len(gold) + len(given))) for gold, given in sets]


def _exact_parts(
    encounters: Sequence[CodedEncounter], answers: Sequence[frozenset[CodeKey]]
) -> list[tuple[float, float]]:
    return [(float(_gold(e) == a), 1.0) for e, a in zip(encounters, answers, strict=True)]


def _difference(before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> Difference:
    """Paired over encounters; nothing to compare where the perturbation changed none."""
    if not before:
        return Difference(first=None, second=None, difference=None)
    return Resampler(len(before)).difference(before, after)


def _by_loss(loss: PerturbationLoss) -> tuple[float, str]:
    return (loss.f1.difference if loss.f1.difference is not None else 1.0, loss.kind)


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "none" if value is None else f"{value:+.3f}"
