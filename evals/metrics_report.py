"""The report on one set of scored encounters: every metric with its interval. Written by `evals.summary`."""

from __future__ import annotations

from evals.bootstrap import Estimate
from evals.calibration import Calibration
from medcoding.record import Record


class PrecisionRecallF1(Record):
    """The three figures of one comparison of sets."""

    precision: Estimate
    recall: Estimate
    f1: Estimate


class CodeScores(Record):
    """How far answered codes are the gold codes."""

    gold: int
    answered: int
    right: int
    micro: PrecisionRecallF1
    """Every code counts the same."""
    over_encounters: PrecisionRecallF1
    """Every encounter counts the same."""
    over_codes: PrecisionRecallF1
    """Every code with gold counts the same (`evals.macro`)."""


class ExactMatch(Record):
    """Share of encounters answered without a single fault."""

    encounters: int
    set: Estimate
    set_and_first: Estimate
    ordered: Estimate


class Specificity(Record):
    """Detail of ICD-10-CM codes whose category was answered; the four shares add up to 1."""

    specific: Estimate
    under: Estimate
    over: Estimate
    other: Estimate


class EvidenceScores(Record):
    """Quotes of right codes against gold's quotes."""

    codes: int
    """Right codes whose gold quotes something."""
    token: PrecisionRecallF1
    substring: PrecisionRecallF1


class RouteScores(Record):
    """Answered codes that took one route."""

    share: Estimate
    precision: Estimate


class CostScores(Record):
    """What the answers took."""

    latency_p50_ms: Estimate
    latency_p95_ms: Estimate
    money_per_encounter: Estimate
    tokens_in: int
    tokens_cached: int
    tokens_out: int


class GroupScores(Record):
    """The leading figures of one part of the set."""

    encounters: int
    gold: int
    answered: int
    micro: PrecisionRecallF1
    exact_set: Estimate | None = None
    """None for groups that are parts of encounters (chapters)."""


class InvalidGold(Record):
    """A gold code that may not be billed on its encounter's date; it counts all the same."""

    case_id: str
    code: str


class MetricsReport(Record):
    """Everything that is measured over one set of encounters."""

    encounters: int
    missing: Estimate
    """Share of encounters without an answer; their gold codes are misses everywhere."""
    invalid_gold: tuple[InvalidGold, ...]
    level: float
    """Of every interval."""
    resamples: int
    seed: int
    together: CodeScores
    by_system: dict[str, CodeScores]
    """Code systems that occur on either side."""
    category: PrecisionRecallF1
    """Micro over ICD-10-CM categories."""
    exact: ExactMatch
    exact_by_codes: dict[str, ExactMatch]
    """By number of gold codes; buckets without an encounter are left out."""
    specificity: Specificity
    evidence: EvidenceScores
    first_right: Estimate
    order_tau: Estimate
    poa: Estimate
    calibration: Calibration
    uncalibrated: Calibration | None = None
    """The same of the confidences before they were put on the calibrated scale."""
    routes: dict[str, RouteScores]
    must_not_codes: Estimate
    must_not_encounters: Estimate
    cost: CostScores
    by_specialty: dict[str, GroupScores]
    by_setting: dict[str, GroupScores]
    by_chapter: dict[str, GroupScores]
    """By chapter number, in order of the book."""
