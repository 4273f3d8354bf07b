"""The metrics: against scikit-learn, against examples worked by hand, and the laws they keep."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals import metrics
from evals.metrics import Part
from evals.metrics_report import MetricsReport
from evals.scores import ScoredEncounter
from evals.summary import summarise
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting
from medcoding.errors import InputError
from tests.evals.scored_encounters import CODES, scored, scored_encounters

FEW = 50
"""Resamples, where the interval is not what is tested."""

CLINIC = (
    scored("E11.22 N18.31 Z79.4", "E11.9 N18.31 Z79.4", "diabetes", specialty="nephrology"),
    scored("I50.22 I10", "I50.22 I10 J44.1", "heart", specialty="cardiology"),
    scored("J44.1", "J44.1", "lungs"),
    scored("I10 J1815", None, "failed", specialty="cardiology"),
)
"""Gold 8 codes, answered 7, right 5 (2 + 2 + 1 + 0)."""


def test_micro_by_hand() -> None:
    """5 right of 7 answered and of 8 gold, the failed encounter's two among them."""
    micro = summarise(CLINIC, FEW).together.micro
    assert micro.precision.value == pytest.approx(5 / 7)
    assert micro.recall.value == pytest.approx(5 / 8)
    assert micro.f1.value == pytest.approx(10 / 15)


def test_macro_by_hand() -> None:
    """Over encounters F1 is 2/3, 4/5, 1 and 0; over codes it is 0 for E11.22 and 2/3 for I10, which failed once."""
    together = summarise(CLINIC, FEW).together
    assert together.over_encounters.f1.value == pytest.approx((2 / 3 + 4 / 5 + 1 + 0) / 4)
    assert together.over_encounters.precision.value == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    f1 = {"E11.22": 0, "N18.31": 1, "Z79.4": 1, "I50.22": 1, "I10": 2 / 3, "J44.1": 2 / 3, "J1815": 0}
    assert together.over_codes.f1.value == pytest.approx(sum(f1.values()) / 7)
    assert together.over_codes.precision.value == pytest.approx((1 + 1 + 1 + 1 + 1 / 2) / 5)


def test_categories_pardon_the_last_characters() -> None:
    """E11.9 for E11.22 is right as a category; HCPCS codes have none."""
    category = summarise(CLINIC, FEW).category
    assert category.precision.value == pytest.approx(6 / 7)
    assert category.recall.value == pytest.approx(6 / 7)


def test_systems_are_kept_apart() -> None:
    """The failed HCPCS code is a miss of its system and leaves the diagnoses alone."""
    report = summarise(CLINIC, FEW)
    assert set(report.by_system) == {"icd10cm", "hcpcs"}
    assert report.by_system["hcpcs"].micro.recall.value == 0
    assert report.by_system["hcpcs"].micro.precision.value is None
    assert report.by_system["icd10cm"].gold == 7


@pytest.mark.parametrize(
    ("answer", "matches"),
    [
        ("I50.22 I10 N18.31", (1, 1, 1)),
        ("I50.22 N18.31 I10", (1, 1, 0)),
        ("I10 I50.22 N18.31", (1, 0, 0)),
        ("I50.22 I10", (0, 0, 0)),
        (None, (0, 0, 0)),
    ],
)
def test_exact_match_in_three_strengths(answer: str | None, matches: tuple[int, int, int]) -> None:
    """The set; the set and what stands first; the whole order."""
    encounter = scored("I50.22 I10 N18.31", answer)
    found = (metrics.exact_set, metrics.exact_set_and_first, metrics.exact_ordered)
    assert tuple(int(metric(encounter).numerator) for metric in found) == matches


def test_exact_match_by_number_of_codes() -> None:
    """Long code sets are harder: each length has its own share."""
    report = summarise([*CLINIC, scored("E11.22 N18.31 Z79.4 I10", "I10", "four")], FEW)
    assert {name: bucket.encounters for name, bucket in report.exact_by_codes.items()} == {"1": 1, "2-3": 3, "4-6": 1}
    assert report.exact_by_codes["1"].set.value == 1
    assert report.exact_by_codes["2-3"].set.value == 0


def test_nothing_to_code_is_a_match_only_when_answered() -> None:
    """An empty answer to an empty gold is right; no answer is not."""
    assert metrics.exact_set(scored("", "")) == Part(1, 1)
    assert metrics.exact_set(scored("", None)) == Part(0, 1)


def test_order_over_shared_codes() -> None:
    """Three shared codes, one pair of three exchanged: (2 − 1) / 3; one shared code says nothing."""
    assert metrics.order_tau(scored("I50.22 I10 N18.31", "I10 I50.22 J44.1 N18.31")).numerator == pytest.approx(1 / 3)
    assert metrics.order_tau(scored("I50.22 I10", "I10")) == metrics.NOTHING


def test_order_agrees_with_scipy() -> None:
    """Kendall's tau of random orders."""
    stats: Any = pytest.importorskip("scipy.stats")
    draw = random.Random(7)
    diagnoses = [c for c in CODES if c != "J1815"]
    for _ in range(20):
        order = draw.sample(diagnoses, 5)
        answer = draw.sample(order, 5)
        expected = stats.kendalltau(range(5), [answer.index(c) for c in order]).statistic
        assert metrics.order_tau(scored(" ".join(order), " ".join(answer))).numerator == pytest.approx(expected)


def test_first_is_the_diagnosis_not_the_procedure() -> None:
    """A HCPCS code in front does not make the diagnosis behind it wrong."""
    assert metrics.first_right(scored("I10 J44.1", "J1815 I10 J44.1")) == Part(1, 1)
    assert metrics.first_right(scored("I10 J44.1", "J44.1 I10")) == Part(0, 1)
    assert metrics.first_right(scored("I10", None)) == Part(0, 1)


def test_first_goes_by_role_before_place() -> None:
    """A stay whose principal diagnosis stands second on the list is right about it."""
    stay = scored("I50.22 I10", "I10 I50.22", setting=Setting.INPATIENT)
    roles = (CodeRole.SECONDARY, CodeRole.PRINCIPAL)
    answer = tuple(c.model_copy(update={"role": role}) for c, role in zip(stay.answer, roles, strict=True))
    assert metrics.first_right(stay.model_copy(update={"answer": answer})) == Part(1, 1)


def test_poa_is_for_shared_inpatient_codes() -> None:
    """Sepsis that developed in hospital: one indicator right, one missing; the same visit outpatient says nothing."""
    stay = scored("I50.22 J44.1 I10", "I50.22 J44.1", setting=Setting.INPATIENT)
    gold = tuple(c.model_copy(update={"poa": "Y"}) for c in stay.gold)
    answer = (stay.answer[0].model_copy(update={"poa": "Y"}), stay.answer[1])
    assert metrics.poa_right(stay.model_copy(update={"gold": gold, "answer": answer})) == Part(1, 2)
    visit = stay.model_copy(update={"gold": gold, "answer": answer, "setting": Setting.OUTPATIENT})
    assert metrics.poa_right(visit) == metrics.NOTHING


def test_forbidden_codes_are_counted_both_ways() -> None:
    """One of two forbidden codes answered: half of the codes, all of the encounters."""
    encounter = scored("I10", "I10 E11.9", must_not=("E11.9", "N18.31"), must_not_answered=("E11.9",))
    report = summarise([encounter, scored("J44.1", "J44.1", "other")], FEW)
    assert (report.must_not_codes.value, report.must_not_encounters.value) == (0.5, 1.0)


def test_latency_of_the_typical_and_of_the_slow() -> None:
    """Twenty visits of 1 to 20 ms: half take at most 10, all but one at most 19."""
    visits = [scored("I10", "I10", f"case-{n}", latency_ms=float(n)) for n in range(1, 21)]
    cost = summarise(visits, FEW).cost
    assert (cost.latency_p50_ms.value, cost.latency_p95_ms.value) == (10, 19)


def test_a_missing_answer_avoids_and_costs_nothing() -> None:
    """No answer is no merit: it neither kept a forbidden code out nor came cheap."""
    lost = scored("I10", None, "lost", must_not=("E11.9",))
    paid = scored("I10", "I10 E11.9", "paid", must_not=("E11.9",), must_not_answered=("E11.9",), money=0.04)
    report = summarise([lost, paid], FEW)
    assert (report.must_not_codes.value, report.must_not_encounters.value) == (1.0, 1.0)
    assert report.cost.money_per_encounter.value == 0.04
    assert report.missing.value == 0.5


def test_groups_add_up() -> None:
    """Specialties and settings divide the encounters; chapters divide the diagnoses."""
    report = summarise(CLINIC, FEW)
    assert {name: g.encounters for name, g in report.by_specialty.items()} == {
        "cardiology": 2,
        "nephrology": 1,
        "not named": 1,
    }
    assert report.by_specialty["cardiology"].micro.recall.value == pytest.approx(2 / 4)
    assert sum(g.gold for g in report.by_setting.values()) == report.together.gold
    assert sum(g.gold for g in report.by_chapter.values()) == report.by_system["icd10cm"].gold
    assert {name: g.encounters for name, g in report.by_chapter.items()} == {"4": 1, "9": 2, "10": 2, "14": 1, "21": 1}
    assert list(report.by_chapter) == ["4", "9", "10", "14", "21"]


def test_invalid_gold_is_named_and_counts() -> None:
    """A gold code that had ended stays a miss, and the report says which it is."""
    report = summarise([scored("I10 N18.31", "I10", "old", invalid_gold=("N18.31",))], FEW)
    assert [(g.case_id, g.code) for g in report.invalid_gold] == [("old", "N18.31")]
    assert report.together.micro.recall.value == 0.5


def test_unscored_is_not_zero() -> None:
    """Without a denominator there is no figure; with one and nothing right, there is a 0."""
    report = summarise([scored("I10", "")], FEW)
    assert report.together.micro.precision.value is None
    assert report.together.micro.recall.value == 0
    assert report.poa.value is report.order_tau.value is report.specificity.specific.value is None
    assert report.evidence.token.f1.value is report.calibration.ece.value is report.cost.latency_p95_ms.value is None
    assert report.calibration.at == ()


def test_one_encounter_has_no_interval() -> None:
    """It says nothing about the next one."""
    f1 = summarise([scored("I10 J44.1", "I10")], FEW).together.micro.f1
    assert f1.value == pytest.approx(2 / 3)
    assert f1.low is f1.high is None


def test_an_empty_set_is_refused() -> None:
    """Nothing to summarise is the caller's to mend."""
    with pytest.raises(InputError, match="at least one encounter"):
        summarise([])


def test_report_survives_json() -> None:
    """A run record keeps it and the report page reads it again."""
    report = summarise(CLINIC, FEW)
    assert MetricsReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize("seed", range(4))
def test_f1_agrees_with_scikit_learn(seed: int) -> None:
    """Micro, macro over codes with gold, and mean over encounters, on random multi-label sets."""
    sklearn: Any = pytest.importorskip("sklearn.metrics")
    encounters = _random_set(random.Random(seed), 60)
    gold, answered = _indicators(encounters)
    with_gold = np.flatnonzero(gold.sum(axis=0))
    together = summarise(encounters, FEW).together
    for name in ("precision", "recall", "f1"):
        reference = getattr(sklearn, f"{name}_score")
        expected = {
            "micro": reference(gold, answered, average="micro"),
            "over_codes": reference(gold, answered, average="macro", labels=with_gold, zero_division=np.nan),
            "over_encounters": reference(gold, answered, average="samples", zero_division=np.nan),
        }
        for kind, value in expected.items():
            assert getattr(getattr(together, kind), name).value == pytest.approx(value), (name, kind)


def test_brier_agrees_with_scikit_learn() -> None:
    """Mean squared distance over answered codes."""
    sklearn: Any = pytest.importorskip("sklearn.metrics")
    encounters = _random_set(random.Random(3), 40)
    right = [c.key in {g.key for g in e.gold} for e in encounters for c in e.answer]
    confidences = [c.confidence for e in encounters for c in e.answer]
    expected = sklearn.brier_score_loss(right, confidences)
    assert summarise(encounters, FEW).calibration.brier.value == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(encounters=scored_encounters(), shuffle=st.randoms(use_true_random=False))
def test_the_order_of_encounters_changes_nothing(
    encounters: tuple[ScoredEncounter, ...], shuffle: random.Random
) -> None:
    """Neither a value nor an interval: the draws fall on cases, not on places."""
    shuffled = list(encounters)
    shuffle.shuffle(shuffled)
    assert summarise(shuffled, FEW) == summarise(encounters, FEW)


@settings(max_examples=40, deadline=None)
@given(encounters=scored_encounters())
def test_a_perfect_answer_scores_one(encounters: tuple[ScoredEncounter, ...]) -> None:
    """Every figure of agreement that is defined is 1."""
    perfect = [_perfect(e) for e in encounters]
    report = summarise(perfect, 5)
    figures = [
        *report.together.micro,
        *report.together.over_codes,
        *report.together.over_encounters,
        *report.category,
        *[(name, getattr(report.exact, name)) for name in ("set", "set_and_first", "ordered")],
        ("first", report.first_right),
        ("order", report.order_tau),
    ]
    assert all(estimate.value in {None, 1.0} for _, estimate in figures)
    assert report.exact.set.value == 1.0


@settings(max_examples=60, deadline=None)
@given(encounters=scored_encounters(), place=st.integers(0, 7))
def test_a_lost_answer_never_raises_recall(encounters: tuple[ScoredEncounter, ...], place: int) -> None:
    """It lowers it where something in it was right, and leaves the gold in the denominator."""
    lost = list(encounters)
    found = lost[place % len(lost)]
    lost[place % len(lost)] = found.model_copy(update={"answered": False, "answer": ()})
    before, after = (_totals(e) for e in (encounters, lost))
    assert after.denominator == before.denominator
    right = len(metrics.every_code(found).right)
    assert after.numerator == before.numerator - right


@settings(max_examples=60, deadline=None)
@given(encounters=scored_encounters())
def test_systems_and_chapters_partition_the_codes(encounters: tuple[ScoredEncounter, ...]) -> None:
    """Every right code belongs to one system, every right diagnosis to one chapter."""
    for encounter in encounters:
        whole = metrics.every_code(encounter).right
        assert whole == frozenset().union(*(metrics.of_system(s)(encounter).right for s in CodeSystem))
        chapters = {c.chapter for c in encounter.gold if c.chapter}
        diagnoses = metrics.of_system(CodeSystem.ICD10CM)(encounter).right
        assert diagnoses == frozenset().union(*(metrics.of_chapter(c)(encounter).right for c in chapters))


def _totals(encounters: Any) -> Part:
    parts = [metrics.recall(metrics.every_code(e)) for e in encounters]
    return Part(sum(p.numerator for p in parts), sum(p.denominator for p in parts))


def _perfect(encounter: ScoredEncounter) -> ScoredEncounter:
    return scored(" ".join(c.code for c in encounter.gold), " ".join(c.code for c in encounter.gold), encounter.case_id)


def _random_set(draw: random.Random, size: int) -> list[ScoredEncounter]:
    """Some encounters without gold, some without codes in the answer, some without an answer."""
    found = []
    for number in range(size):
        gold = draw.sample(CODES, draw.randint(0, 5))
        answer = draw.sample(CODES, draw.randint(0, 5))
        sure = [round(draw.random(), 2) for _ in answer]
        lost = draw.random() < 0.1
        found.append(
            scored(" ".join(gold), None if lost else " ".join(answer), f"case-{number:03}", () if lost else sure)
        )
    return found


def _indicators(encounters: list[ScoredEncounter]) -> tuple[Any, Any]:
    gold, answered = np.zeros((2, len(encounters), len(CODES)), dtype=int)
    for row, encounter in enumerate(encounters):
        for line in encounter.gold:
            gold[row, CODES.index(line.code)] = 1
        for line in encounter.answer:
            answered[row, CODES.index(line.code)] = 1
    return gold, answered
