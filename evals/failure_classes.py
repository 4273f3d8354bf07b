"""What goes wrong most: lost and wrong codes grouped by where and how, so that the next piece of work is the largest.

Each lost and each wrong code is in exactly one class. A code that was answered with another of its category counts on
both sides: the gold code is lost, the answered one is wrong. No note text: the page adds that from the suite.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from agent.combine import CombinationTable
from evals.ledger import EncounterLedger, LostCode, Stage, WrongCode
from evals.scores import ScoredEncounter
from medcoding.codes import CodeSystem
from medcoding.mention import Assertion
from medcoding.record import Record

SHOWN: Final = 5
_EXAMPLES: Final = 3
_ASSERTED: Final = frozenset({"", Assertion.PRESENT.value})


class FailureExample(Record):
    """One code of a class."""

    case_id: str
    code: str
    beside: str = ""
    """A code of the same category on the other side, when there is one."""


class FailureClass(Record):
    """Codes that were lost, or came in, in the same way."""

    side: Literal["lost", "wrong"]
    stage: Stage
    """Where the codes were lost or came in."""
    kind: str
    """Lost: `other detail` or the chapter. Wrong: what the mention's assertion was, `other detail`, `part of a
    combination`, `must not` or the mention's section."""
    codes: int
    share: float
    """Of all lost and wrong codes."""
    forbidden: int = 0
    """Codes of the class that their encounter names as wrong."""
    examples: tuple[FailureExample, ...]
    """The class's most frequent codes first, one encounter each."""


class _Failure(NamedTuple):
    side: Literal["lost", "wrong"]
    stage: Stage
    kind: str
    example: FailureExample
    forbidden: bool


def failure_classes(
    pairs: Sequence[tuple[ScoredEncounter, EncounterLedger]], combinations: CombinationTable
) -> tuple[FailureClass, ...]:
    """All classes over answered encounters, the largest first."""
    found: dict[tuple[Literal["lost", "wrong"], Stage, str], list[_Failure]] = defaultdict(list)
    for scored, ledger in pairs:
        for failure in _failures(scored, ledger, combinations):
            found[failure.side, failure.stage, failure.kind].append(failure)
    total = sum(map(len, found.values()))
    classes = (_class(*key, inside, total) for key, inside in found.items())
    return tuple(sorted(classes, key=lambda c: (-c.codes, c.side, c.stage, c.kind)))


def _class(
    side: Literal["lost", "wrong"], stage: Stage, kind: str, inside: Sequence[_Failure], total: int
) -> FailureClass:
    return FailureClass(
        side=side,
        stage=stage,
        kind=kind,
        codes=len(inside),
        share=len(inside) / total,
        forbidden=sum(failure.forbidden for failure in inside),
        examples=_examples(failure.example for failure in inside),
    )


def _examples(examples: Iterable[FailureExample]) -> tuple[FailureExample, ...]:
    """One of each of the most frequent codes; the encounter that comes first by name."""
    by_code: dict[str, list[FailureExample]] = defaultdict(list)
    for example in examples:
        by_code[example.code].append(example)
    frequent = sorted(by_code.items(), key=lambda item: (-len(item[1]), item[0]))[:_EXAMPLES]
    return tuple(min(same, key=lambda e: e.case_id) for _, same in frequent)


def _failures(scored: ScoredEncounter, ledger: EncounterLedger, combinations: CombinationTable) -> Iterator[_Failure]:
    chapters = {c.code: c.chapter for c in (*scored.gold, *scored.answer)}
    gold = tuple(c.code for c in scored.gold)
    for lost in ledger.lost:
        example = FailureExample(case_id=lost.case_id, code=lost.code, beside=lost.nearest)
        yield _Failure("lost", lost.lost_at, _lost_kind(lost, chapters), example, forbidden=False)
    for wrong in ledger.wrong:
        example = FailureExample(case_id=wrong.case_id, code=wrong.code, beside=wrong.instead_of)
        forbidden = wrong.forbidden or any(wrong.code.startswith(code) for code in scored.must_not_answered)
        kind = _wrong_kind(wrong, gold, combinations, forbidden=forbidden)
        yield _Failure("wrong", wrong.came_in_at, kind, example, forbidden)


def _lost_kind(lost: LostCode, chapters: Mapping[str, str | None]) -> str:
    if lost.nearest:
        return "other detail"
    if lost.system is not CodeSystem.ICD10CM:
        return lost.system.value
    return f"chapter {chapters.get(lost.code) or 'unknown'}"


def _wrong_kind(wrong: WrongCode, gold: Sequence[str], combinations: CombinationTable, *, forbidden: bool) -> str:
    """The first that holds, the most telling first."""
    if wrong.assertion not in _ASSERTED:
        return wrong.assertion
    if wrong.instead_of:
        return "other detail"
    if any(
        rule.drops and wrong.code.startswith(rule.drops) and _result_in(rule.result, gold)
        for rule in combinations.rules
    ):
        return "part of a combination"
    if combinations.gives_way(wrong.code, gold):
        return "gives way"
    if forbidden:
        return "must not"
    return f"section {wrong.section}".replace("_", " ") if wrong.section else "made by reconcile"


def _result_in(result: str, gold: Sequence[str]) -> bool:
    return any(code.startswith(result) for code in gold)
