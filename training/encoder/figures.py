"""What an encoder is worth on its test part, beside the rules: by specialty, and by how often a code was seen."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from agent.pipeline import Pipeline
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from training.encoder.examples import uncoded

_BANDS: Final = ((0, "never seen"), (4, "1-4"), (19, "5-19"), (99, "20-99"), (None, "100 and more"))
"""How often a code stands in the training part, up to."""
_FEWEST_OF_SPECIALTY: Final = 5
"""Encounters below which a specialty is told among the others."""


class Coded(NamedTuple):
    """One encounter with what is right and what was answered."""

    specialty: str
    gold: frozenset[str]
    answered: frozenset[str]


def coded(
    pipeline: Pipeline, encounters: Sequence[CodedEncounter], told: Callable[[int, int], None]
) -> tuple[Coded, ...]:
    """Code every encounter; `told` hears done and all."""
    found = []
    for encounter in encounters:
        result = asyncio.run(pipeline.code(uncoded(encounter)))
        found.append(
            Coded(
                specialty=(encounter.specialty or "").lower() or "none named",
                gold=frozenset(line.code for line in encounter.codes if line.system is CodeSystem.ICD10CM),
                answered=frozenset(line.code for line in result.codes if line.system is CodeSystem.ICD10CM),
            )
        )
        told(len(found), len(encounters))
    return tuple(found)


def figures(answers: Sequence[Coded], seen: Mapping[str, int]) -> dict[str, Any]:
    """Precision, recall and F1 over all, by specialty and by band; `seen` counts the codes of the training part."""
    by_specialty: dict[str, list[Coded]] = defaultdict(list)
    sizes = Counter(answer.specialty for answer in answers)
    for answer in answers:
        few = sizes[answer.specialty] < _FEWEST_OF_SPECIALTY
        by_specialty["others" if few else answer.specialty].append(answer)
    return {
        "encounters": len(answers),
        "all": _scores(answers),
        "macro_f1": _macro(answers),
        "by_specialty": {name: _scores(some) for name, some in sorted(by_specialty.items())},
        "by_band": {name: _scores(list(_of_band(answers, name, seen))) for _, name in _BANDS},
    }


def band_of(count: int) -> str:
    """The band of a code that stands so often in the training part."""
    return next(name for most, name in _BANDS if most is None or count <= most)


def _of_band(answers: Iterable[Coded], band: str, seen: Mapping[str, int]) -> Iterable[Coded]:
    """Only the codes of one band."""
    for answer in answers:
        held = (frozenset(code for code in codes if band_of(seen.get(code, 0)) == band) for codes in answer[1:])
        yield Coded(answer.specialty, *held)


def _scores(answers: Sequence[Coded]) -> dict[str, Any]:
    right = sum(len(a.gold & a.answered) for a in answers)
    answered, gold = sum(len(a.answered) for a in answers), sum(len(a.gold) for a in answers)
    return {
        "gold": gold,
        "precision": _share(right, answered),
        "recall": _share(right, gold),
        "f1": _share(2 * right, answered + gold),
    }


def _macro(answers: Sequence[Coded]) -> float | None:
    """Mean F1 over the codes that the gold holds."""
    right: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for answer in answers:
        right.update(answer.gold & answer.answered)
        held.update([*answer.gold, *answer.answered])
    codes = {code for answer in answers for code in answer.gold}
    return round(sum(2 * right[code] / held[code] for code in codes) / len(codes), 4) if codes else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
