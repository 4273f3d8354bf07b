"""How many of the gold codes of CodiEsp stand among the candidates, before anything is chosen.

The machine-translated English text goes the whole way to *retrieve*; what every mention was offered is put together,
first numbers first, and cut at 300 codes a case. The translation drops content and the codes are those of 2018, so the
codes that can still be billed are also measured alone. Source: CodiEsp v4, CLEF eHealth 2020, CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from agent.bootstrap import build_pipeline
from agent.settings import load_settings
from evals.bootstrap import LEVEL, RESAMPLES, SEED, Estimate, Resampler
from evals.loaders.gold_set import GoldForm, GoldOptions
from evals.loaders.load import load_gold
from evals.retrieval_suite import offered_codes
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.record import Record

MOST: Final = 300
"""Candidates of a case that count."""
_CATEGORY: Final = 3

Offer = Callable[[Encounter], Sequence[str]]
"""A case to every ICD-10-CM code it is offered, best first, each once. It is not shown the gold."""

Told = Callable[[int, int], None]
"""Told how many cases are done, and of how many."""


class CodiespRecall(Record):
    """Gold codes among the candidates; the case is what the intervals draw again."""

    cases: int
    gold: int
    code: Estimate
    """The full code."""
    category: Estimate
    """Its first three characters."""
    billable_code: Estimate
    """The full code, over the gold codes that are billable on the assumed date."""
    uncut_code: Estimate
    """The full code among all that was offered, however many."""
    candidates_mean: float
    candidates_most: int
    """Of one case, before the cut."""
    cut: int
    """Cases that were offered more than the most that count."""
    most: int = MOST
    level: float = LEVEL
    resamples: int = RESAMPLES
    seed: int = SEED


class _Case(NamedTuple):
    gold: frozenset[str]
    billable: frozenset[str]
    offered: tuple[str, ...]

    @property
    def counted(self) -> frozenset[str]:
        return frozenset(self.offered[:MOST])


def measure_codiesp(path: Path, index_dir: Path | None, limit: int | None, told: Told) -> CodiespRecall:
    """The installed product over a part of CodiEsp. Raises `InputError` when it holds no case."""
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    encounters = load_gold(path, GoldForm.CODIESP, GoldOptions(language="en")).encounters[:limit]
    books = pipeline.parts.codebooks

    def billable(encounter: Encounter, code: str) -> bool:
        return books.for_date(encounter.coding_date).codebook.is_billable(code)

    return codiesp_recall(partial(offered_codes, pipeline), encounters, billable, told)


def codiesp_recall(
    offer: Offer,
    encounters: Sequence[CodedEncounter],
    billable: Callable[[Encounter, str], bool],
    told: Told = lambda _done, _of: None,
) -> CodiespRecall:
    """Ask for every case once. Raises `InputError` when there is none."""
    if not encounters:
        raise InputError("There is no case to offer codes for; give a part of CodiEsp with at least one.")
    cases: list[_Case] = []
    for encounter in encounters:
        gold = frozenset(line.code for line in encounter.codes if line.system is CodeSystem.ICD10CM)
        current = frozenset(code for code in gold if billable(encounter, code))
        cases.append(_Case(gold, current, tuple(offer(_uncoded(encounter)))))
        told(len(cases), len(encounters))
    return _recall(cases)


def _recall(cases: Sequence[_Case]) -> CodiespRecall:
    resampler = Resampler(len(cases))
    numbers = [len(c.offered) for c in cases]
    return CodiespRecall(
        cases=len(cases),
        gold=sum(len(c.gold) for c in cases),
        code=resampler.ratio([(len(c.gold & c.counted), len(c.gold)) for c in cases]),
        category=resampler.ratio([_by_category(c) for c in cases]),
        billable_code=resampler.ratio([(len(c.billable & c.counted), len(c.billable)) for c in cases]),
        uncut_code=resampler.ratio([(len(c.gold.intersection(c.offered)), len(c.gold)) for c in cases]),
        candidates_mean=round(sum(numbers) / len(numbers), 1),
        candidates_most=max(numbers),
        cut=sum(number > MOST for number in numbers),
    )


def _by_category(case: _Case) -> tuple[int, int]:
    gold = {code[:_CATEGORY] for code in case.gold}
    return len(gold & {code[:_CATEGORY] for code in case.counted}), len(gold)


def _uncoded(coded: CodedEncounter) -> Encounter:
    """Without the gold."""
    return Encounter.model_validate({name: getattr(coded, name) for name in Encounter.model_fields})
