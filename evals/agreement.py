"""How far the answers agree with the final codes of coded encounters: precision, recall, F1, exact match.

Micro-averaged over codes; a code counts as right only when it is the same to the last character. What `must_not` names
and the answer holds is counted apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import load_settings
from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.record import Record


class AgreementReport(Record):
    """Agreement over one set of coded encounters."""

    encounters: int
    codes_expected: int
    codes_answered: int
    precision: float
    recall: float
    f1: float
    exact_match: float
    """Share of encounters whose set of codes is the expected one."""
    must_not_answered: int
    """Codes on answers that their encounter says would be wrong."""


def agreement(encounters: Sequence[CodedEncounter], index_dir: Path | None = None) -> AgreementReport:
    """Code every encounter without its codes and compare. Raises `InputError` when there is none."""
    if not encounters:
        raise InputError("The file holds no coded encounter; give one on each line.")
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    answers = asyncio.run(_answered(pipeline, encounters))
    return compare(encounters, answers)


def compare(encounters: Sequence[CodedEncounter], answers: Sequence[frozenset[str]]) -> AgreementReport:
    """Figures from expected and answered sets, in the same order."""
    expected = [frozenset(line.code for line in e.codes) for e in encounters]
    right = sum(len(e & a) for e, a in zip(expected, answers, strict=True))
    wanted, given = sum(map(len, expected)), sum(map(len, answers))
    wrong = sum(m.code in a for e, a in zip(encounters, answers, strict=True) for m in e.must_not)
    exact = sum(e == a for e, a in zip(expected, answers, strict=True))
    return AgreementReport(
        encounters=len(encounters),
        codes_expected=wanted,
        codes_answered=given,
        precision=round(right / given, 3) if given else 0.0,
        recall=round(right / wanted, 3) if wanted else 0.0,
        f1=round(2 * right / (wanted + given), 3) if wanted + given else 0.0,
        exact_match=round(exact / len(encounters), 3),
        must_not_answered=wrong,
    )


async def _answered(pipeline: Pipeline, encounters: Sequence[CodedEncounter]) -> list[frozenset[str]]:
    answers = []
    for coded in encounters:
        plain = Encounter.model_validate({name: getattr(coded, name) for name in Encounter.model_fields})
        result = await pipeline.code(plain)
        answers.append(frozenset(line.code for line in result.codes))
    await pipeline.aclose()
    return answers
