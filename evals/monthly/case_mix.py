"""Does the case mix shift between what was proposed, what went out and what the auditor supports?

Three comparisons: final less audited (what went out beyond the record), final less proposed (what coders added),
proposed less audited (what the product added). Each is watched by a CUSUM in both directions: up is coding too high,
down too low.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from evals.bootstrap import Estimate, Resampler
from evals.monthly.cusum import CusumChart, CusumPlan, cusum
from evals.monthly.findings import AuditedCode, AuditFinding
from evals.monthly.shares import Share, share
from evals.monthly.weights import DrgGrouper, Grouping, HccRisk
from medcoding.encounter import Setting
from medcoding.record import Record

SideName = Literal["proposed", "final", "audited"]
SIDES: Final[tuple[SideName, ...]] = ("proposed", "final", "audited")


class Comparison(NamedTuple):
    """One side's weight less the other's."""

    side: SideName
    less: SideName

    @property
    def name(self) -> str:
        """As it stands in the report."""
        return f"{self.side} less {self.less}"


COMPARED: Final = (Comparison("final", "audited"), Comparison("final", "proposed"), Comparison("proposed", "audited"))


class CaseMixPlans(Record):
    """What the charts are to find. Decided before the values are seen."""

    hcc: CusumPlan = CusumPlan(shift=0.05)
    """A mean of 0.05 of the risk factor an encounter; patients average about 1."""
    drg: CusumPlan = CusumPlan(shift=0.05)
    """A mean of 0.05 of relative weight a stay."""
    severity: CusumPlan = CusumPlan(shift=0.10)
    """One stay in ten moved by one step of severity."""


class CaseMixShift(Record):
    """One weight, one comparison."""

    measure: str
    """`HCC risk`, `MS-DRG weight` or, without a table of weights, `MS-DRG severity`."""
    compared: str
    weighed: int
    """Encounters that have a weight on both sides."""
    not_weighed: int
    """The others: no age or sex, no group, no weight, or, for severity, another family of groups."""
    changed: Share
    """Of the weighed encounters, those whose weight differs."""
    raised: int
    lowered: int
    difference: Estimate
    """Mean an encounter."""
    per_patient: Estimate | None = None
    """For risk: mean a named patient and year, the codes of all their encounters taken together."""
    chart: CusumChart | None
    """None with fewer than 30 weighed encounters."""
    charted: tuple[str, ...] = ()
    """Cases in the order of the chart."""


class CaseMix(Record):
    """All shifts, and what could not be weighed."""

    shifts: tuple[CaseMixShift, ...]
    hcc_model: str
    groupers: tuple[str, ...]
    """Versions of the MS-DRG grouper that were used."""
    outdated: int
    """Stays of a fiscal year whose grouper the installed package does not hold."""
    regrouped: Share
    """Stays whose MS-DRG differs between final and audited."""
    not_grouped: tuple[str, ...]
    """Stays of which a side has no MS-DRG, by case."""
    unknown_to_grouper: dict[str, int]
    """Diagnoses, in any setting, that the MS-DRG tables of the date do not hold, with the encounters they occur in.
    They weigh nothing: they do not exist, or they are newer than the tables, those of HCC risk included."""


class _Stay(NamedTuple):
    """An inpatient stay with the group of each side."""

    finding: AuditFinding
    groups: dict[SideName, Grouping | None]


_Pair = tuple[float, float] | None
"""The weights of both sides, where both have one."""


def case_mix(
    findings: Sequence[AuditFinding], drg_weights: Mapping[str, float] | None = None, plans: CaseMixPlans | None = None
) -> CaseMix:
    """Shifts over findings in order of date. Raises `DependencyError` when a grouper's package is not installed."""
    plans = plans or CaseMixPlans()
    risk, grouper = HccRisk(), DrgGrouper()
    stays = [_stay(f, grouper) for f in findings if f.setting is Setting.INPATIENT]
    used = [group for stay in stays for group in stay.groups.values() if group]
    whole = [stay for stay in stays if all(stay.groups.values())]
    return CaseMix(
        shifts=(
            *(_hcc_shift(compared, findings, risk, plans.hcc) for compared in COMPARED),
            *(_drg_shift(compared, stays, drg_weights, plans) for compared in COMPARED if stays),
        ),
        hcc_model=risk.model,
        groupers=tuple(sorted({group.version for group in used})),
        outdated=sum(any(g and g.outdated for g in stay.groups.values()) for stay in stays),
        regrouped=share([_drg(stay, "final") != _drg(stay, "audited") for stay in whole]),
        not_grouped=tuple(stay.finding.case_id for stay in stays if not all(stay.groups.values())),
        unknown_to_grouper=_unknown(findings, grouper),
    )


def _stay(finding: AuditFinding, grouper: DrgGrouper) -> _Stay:
    return _Stay(finding, {side: grouper.group(_codes(finding, side), finding) for side in SIDES})


def _codes(finding: AuditFinding, side: SideName) -> tuple[AuditedCode, ...]:
    codes: tuple[AuditedCode, ...] = getattr(finding, side)
    return codes


def _hcc_shift(compared: Comparison, findings: Sequence[AuditFinding], risk: HccRisk, plan: CusumPlan) -> CaseMixShift:
    weights = {side: [risk.score(_codes(f, side), f.patient) for f in findings] for side in compared}
    pairs = [_both(a, b) for a, b in zip(weights[compared.side], weights[compared.less], strict=True)]
    shift = _shift("HCC risk", compared, [f.case_id for f in findings], pairs, plan)
    return shift.model_copy(update={"per_patient": _per_patient(compared, findings, risk)})


def _per_patient(compared: Comparison, findings: Sequence[AuditFinding], risk: HccRisk) -> Estimate | None:
    """Risk is adjusted once a year from everything coded in it: a condition coded twice weighs once."""
    years: dict[tuple[str, int], list[AuditFinding]] = {}
    for finding in findings:
        if finding.patient.id:
            years.setdefault((finding.patient.id, finding.date.year), []).append(finding)
    pairs = [
        _both(*(risk.score([c for f in year for c in _codes(f, side)], year[-1].patient) for side in compared))
        for year in years.values()
    ]
    differences = [pair[0] - pair[1] for pair in pairs if pair]
    return _mean(differences) if differences else None


def _drg_shift(
    compared: Comparison, stays: Sequence[_Stay], weights: Mapping[str, float] | None, plans: CaseMixPlans
) -> CaseMixShift:
    """By relative weight where a table is given, else by steps of severity within a family of groups."""
    names = [stay.finding.case_id for stay in stays]
    groups = [(stay.groups[compared.side], stay.groups[compared.less]) for stay in stays]
    if weights is None:
        return _shift("MS-DRG severity", compared, names, [_severities(a, b) for a, b in groups], plans.severity)
    pairs = [_both(*(weights.get(g.drg) if g else None for g in sides)) for sides in groups]
    return _shift("MS-DRG weight", compared, names, pairs, plans.drg)


def _severities(one: Grouping | None, other: Grouping | None) -> _Pair:
    if one is None or other is None or one.family != other.family:
        return None
    return float(one.severity), float(other.severity)


def _both(one: float | None, other: float | None) -> _Pair:
    return None if one is None or other is None else (one, other)


def _shift(
    measure: str, compared: Comparison, names: Sequence[str], pairs: Sequence[_Pair], plan: CusumPlan
) -> CaseMixShift:
    held = [(name, pair[0] - pair[1]) for name, pair in zip(names, pairs, strict=True) if pair]
    differences = [round(difference, 6) for _, difference in held]
    return CaseMixShift(
        measure=measure,
        compared=compared.name,
        weighed=len(held),
        not_weighed=len(pairs) - len(held),
        changed=share([d != 0 for d in differences]),
        raised=sum(d > 0 for d in differences),
        lowered=sum(d < 0 for d in differences),
        difference=_mean(differences),
        chart=cusum(differences, plan),
        charted=tuple(name for name, _ in held),
    )


def _mean(values: Sequence[float]) -> Estimate:
    if not values:
        return Estimate(value=None)
    return Resampler(len(values)).ratio([(value, 1.0) for value in values])


def _drg(stay: _Stay, side: SideName) -> str | None:
    group = stay.groups[side]
    return group.drg if group else None


def _unknown(findings: Sequence[AuditFinding], grouper: DrgGrouper) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for finding in findings:
        codes = {c.code: c for side in SIDES for c in _codes(finding, side)}
        counted.update(grouper.unknown(codes.values(), finding.date))
    return dict(sorted(counted.items()))
