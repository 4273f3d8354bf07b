"""The metrics, one function each: what an encounter adds to the numerator and to the denominator.

A metric over encounters is the sum of numerators over the sum of denominators (`evals.bootstrap` adds the interval). An
encounter that has nothing to say adds `NOTHING`; a metric to which no encounter adds is None, never 0. The definitions
with worked examples are in `docs/metrics.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from evals.evidence import EvidenceOverlap
from evals.scores import AnsweredCode, CodeKey, GoldCode, ScoredEncounter
from evals.specificity import CATEGORY_LENGTH, Detail
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting
from medcoding.result import Route


class Part(NamedTuple):
    """One encounter's share of a ratio."""

    numerator: float
    denominator: float


NOTHING: Final = Part(0.0, 0.0)

Metric = Callable[[ScoredEncounter], Part]


class CodeSets(NamedTuple):
    """What is compared: the codes that should be there and those that are."""

    gold: frozenset[CodeKey]
    answered: frozenset[CodeKey]

    @property
    def right(self) -> frozenset[CodeKey]:
        """Codes that both hold, the same to the last character."""
        return self.gold & self.answered


View = Callable[[ScoredEncounter], CodeSets]


def every_code(encounter: ScoredEncounter) -> CodeSets:
    """All codes of all systems."""
    return CodeSets(frozenset(c.key for c in encounter.gold), frozenset(c.key for c in encounter.answer))


def of_system(system: CodeSystem) -> View:
    """Codes of one system."""
    return lambda e: _where(e, lambda c: c.system is system)


def of_chapter(chapter: str) -> View:
    """ICD-10-CM codes of one chapter, by its number."""
    return lambda e: _where(e, lambda c: c.chapter == chapter)


def categories(encounter: ScoredEncounter) -> CodeSets:
    """ICD-10-CM categories, the first three characters; two codes of one category count once."""
    diagnoses = of_system(CodeSystem.ICD10CM)(encounter)
    return CodeSets(*(frozenset((s, code[:CATEGORY_LENGTH]) for s, code in codes) for codes in diagnoses))


def _where(encounter: ScoredEncounter, holds: Callable[[GoldCode], bool]) -> CodeSets:
    return CodeSets(
        frozenset(c.key for c in encounter.gold if holds(c)), frozenset(c.key for c in encounter.answer if holds(c))
    )


def precision(sets: CodeSets) -> Part:
    """Right codes over answered codes."""
    return Part(len(sets.right), len(sets.answered))


def recall(sets: CodeSets) -> Part:
    """Right codes over gold codes; a missing answer leaves the gold codes in the denominator."""
    return Part(len(sets.right), len(sets.gold))


def f1(sets: CodeSets) -> Part:
    """Twice the right codes over gold and answered codes: the harmonic mean of precision and recall."""
    return Part(2 * len(sets.right), len(sets.gold) + len(sets.answered))


def own_mean(part: Part) -> Part:
    """The encounter's own ratio with weight 1: turns a micro metric into its mean over encounters."""
    return Part(part.numerator / part.denominator, 1.0) if part.denominator else NOTHING


def on_sets(view: View, part: Callable[[CodeSets], Part], *, own: bool = False) -> Metric:
    """A metric from what is compared and how; `own` gives every encounter the same weight."""
    return (lambda e: own_mean(part(view(e)))) if own else (lambda e: part(view(e)))


def exact_set(encounter: ScoredEncounter) -> Part:
    """1 where the answer holds exactly the gold codes. No answer is no match, even where gold is empty."""
    sets = every_code(encounter)
    return _share(encounter.answered and sets.gold == sets.answered)


def exact_set_and_first(encounter: ScoredEncounter) -> Part:
    """1 where the set matches and the principal or first-listed diagnosis is the same."""
    return _share(bool(exact_set(encounter).numerator) and _first(encounter.gold) == _first(encounter.answer))


def exact_ordered(encounter: ScoredEncounter) -> Part:
    """1 where the codes match in their order, system by system."""
    same = all(_ordered(encounter.gold, s) == _ordered(encounter.answer, s) for s in CodeSystem)
    return _share(encounter.answered and same)


def first_right(encounter: ScoredEncounter) -> Part:
    """1 where the principal or first-listed diagnosis is right; over encounters whose gold has a diagnosis."""
    first = _first(encounter.gold)
    return _share(first == _first(encounter.answer)) if first else NOTHING


def order_tau(encounter: ScoredEncounter) -> Part:
    """Kendall's tau over the diagnoses that gold and answer share, from −1 (reversed) to 1 (the same order).

    Mean over encounters that share at least two. Says nothing about codes that are missing.
    """
    shared = of_system(CodeSystem.ICD10CM)(encounter).right
    place = {c.key: position for position, c in enumerate(encounter.answer)}
    order = [place[c.key] for c in encounter.gold if c.key in shared]
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    return Part(sum(1 if a < b else -1 for a, b in pairs) / len(pairs), 1.0) if pairs else NOTHING


_EXEMPT: Final = "1"
"""How gold marks a code that is exempt from present-on-admission reporting."""


def poa_right(encounter: ScoredEncounter) -> Part:
    """Present-on-admission indicators that are right, over the right diagnoses of inpatient stays whose gold has one.

    An indicator that the answer leaves out is wrong, except where the gold's is the exempt one: claims leave it blank.
    """
    if encounter.setting is not Setting.INPATIENT:
        return NOTHING
    given = {c.key: c.poa for c in encounter.answer}
    shared = [c for c in encounter.gold if c.poa is not None and c.key in given]
    return Part(sum((given[c.key] or _EXEMPT) == c.poa for c in shared), len(shared))


def with_detail(detail: Detail) -> Metric:
    """Share of one kind of detail among gold codes whose category was answered and held a choice."""
    return lambda e: Part(sum(p.detail is detail for p in e.details), len(e.details))


def must_not_codes(encounter: ScoredEncounter) -> Part:
    """Codes that the gold forbids and the answer carries, over the codes it forbids. 0 is perfect."""
    if not encounter.answered:
        return NOTHING
    return Part(len(encounter.must_not_answered), len(encounter.must_not))


def must_not_encounters(encounter: ScoredEncounter) -> Part:
    """1 where the answer carries a forbidden code, over answered encounters that forbid any. 0 is perfect."""
    if not encounter.answered or not encounter.must_not:
        return NOTHING
    return _share(bool(encounter.must_not_answered))


def missing_answer(encounter: ScoredEncounter) -> Part:
    """1 where no answer came."""
    return _share(not encounter.answered)


def route_precision(route: Route) -> Metric:
    """Right codes over answered codes that took one route."""
    return lambda e: _right_where(e, lambda c: c.route is route)


def route_share(route: Route) -> Metric:
    """Answered codes that took one route, over all answered codes."""
    return lambda e: Part(sum(c.route is route for c in e.answer), len(e.answer))


def precision_from(confidence: float) -> Metric:
    """Right codes over answered codes of at least that confidence."""
    return lambda e: _right_where(e, lambda c: c.confidence >= confidence)


def brier(encounter: ScoredEncounter) -> Part:
    """Squared distance between confidence and outcome (1 right, 0 wrong), mean over answered codes. 0 is perfect."""
    gold = {c.key for c in encounter.gold}
    return Part(sum((c.confidence - (c.key in gold)) ** 2 for c in encounter.answer), len(encounter.answer))


def money(encounter: ScoredEncounter) -> Part:
    """Money per answered encounter, in the configured currency."""
    return Part(encounter.money, 1.0) if encounter.answered else NOTHING


def token_precision(encounter: ScoredEncounter) -> Part:
    """Quoted words that gold quotes too, over quoted words; over right codes whose gold quotes something."""
    return _evidence(encounter, lambda o: Part(o.tokens_shared, o.tokens_answered))


def token_recall(encounter: ScoredEncounter) -> Part:
    """Gold's quoted words that the answer quotes too, over gold's quoted words; over the same codes."""
    return _evidence(encounter, lambda o: Part(o.tokens_shared, o.tokens_gold))


def token_f1(encounter: ScoredEncounter) -> Part:
    """Twice the shared words over both sides' words."""
    return _evidence(encounter, lambda o: Part(2 * o.tokens_shared, o.tokens_gold + o.tokens_answered))


def quote_precision(encounter: ScoredEncounter) -> Part:
    """Answered quotes that match a gold quote (`evals.evidence.matches`), over answered quotes; over the same codes."""
    return _evidence(encounter, lambda o: Part(o.quotes_supported, o.quotes_answered))


def quote_recall(encounter: ScoredEncounter) -> Part:
    """Gold quotes that an answered quote matches, over gold quotes; over the same codes."""
    return _evidence(encounter, lambda o: Part(o.quotes_found, o.quotes_gold))


def quote_f1(encounter: ScoredEncounter) -> Part:
    """Matched quotes of both sides over quotes of both sides."""
    return _evidence(encounter, lambda o: Part(o.quotes_supported + o.quotes_found, o.quotes_answered + o.quotes_gold))


def _evidence(encounter: ScoredEncounter, part: Callable[[EvidenceOverlap], Part]) -> Part:
    parts = [part(o) for o in encounter.overlaps]
    return Part(sum(p.numerator for p in parts), sum(p.denominator for p in parts))


def _right_where(encounter: ScoredEncounter, holds: Callable[[AnsweredCode], bool]) -> Part:
    gold = {c.key for c in encounter.gold}
    kept = [c for c in encounter.answer if holds(c)]
    return Part(sum(c.key in gold for c in kept), len(kept))


def _share(holds: bool) -> Part:
    return Part(float(holds), 1.0)


def _ordered(codes: Sequence[GoldCode], system: CodeSystem) -> list[str]:
    return [c.code for c in codes if c.system is system]


def _first(codes: Sequence[GoldCode]) -> str | None:
    """The diagnosis that stands first: by its role, else by its place."""
    diagnoses = [c for c in codes if c.system is CodeSystem.ICD10CM]
    leading = [c for c in diagnoses if c.role in {CodeRole.PRINCIPAL, CodeRole.FIRST_LISTED}]
    return next((c.code for c in leading or diagnoses), None)
