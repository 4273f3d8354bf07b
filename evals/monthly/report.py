"""The monthly report: agreement with external auditors, its drift, its causes, and the case mix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from agent.settings import load_settings
from evals.bootstrap import Estimate, Resampler
from evals.monthly.case_mix import CaseMix, CaseMixPlans, SideName, case_mix
from evals.monthly.cusum import CusumChart, CusumPlan, cusum
from evals.monthly.disagreement import Disagreement, disagreements
from evals.monthly.findings import AuditedCode, AuditFinding, DisagreementKind, read_findings
from evals.monthly.shares import SampleSizes, Share, sample_sizes, share
from evals.monthly.weights import read_drg_weights
from evals.specificity import Detail
from medcoding.codebook import Codebooks
from medcoding.codes import CodeSystem
from medcoding.encounter import Setting
from medcoding.errors import InputError
from medcoding.record import Record
from retrieval.index_folder import open_index

UNNAMED: Final = "not named"
_SIDES: Final[tuple[SideName, ...]] = ("final", "proposed", "audited")

AGREEMENT_PLAN: Final = CusumPlan(target=None, shift=0.10)
"""Ten encounters in a hundred more, or fewer, than in the baseline that the auditor would change."""


class AgreementPlan(Record):
    """What is decided before the findings are seen."""

    agreement: CusumPlan = AGREEMENT_PLAN
    case_mix: CaseMixPlans = CaseMixPlans()
    margin: float = 0.05
    shift: float = 0.05
    """For the sample sizes, as shares."""


class Agreement(Record):
    """One side against the auditor."""

    encounters: Share
    """Encounters in which the auditor changed nothing; exact interval."""
    codes: Estimate
    """Codes on both sides over codes on either; the interval draws encounters again, because the codes of one
    encounter fail together."""


class GroupAgreement(Record):
    """A specialty, a month, a lane."""

    final: Agreement
    proposed: Agreement
    samples: SampleSizes
    """For the final codes."""


class KindCount(Record):
    """One kind of change to the final codes."""

    changes: int
    encounters: Share
    """Encounters with at least one."""


class UnknownCode(Record):
    """A code that may not be billed on the date. It stays where it is and counts."""

    case_id: str
    side: str
    code: str
    reason: str
    """`does not exist`, `not billable`, or `no edition in force`."""


class MonthlyReport(Record):
    """Everything about one set of audit findings."""

    encounters: int
    first_month: str
    last_month: str
    all: GroupAgreement
    by_specialty: dict[str, GroupAgreement]
    by_month: dict[str, GroupAgreement]
    by_lane: dict[str, GroupAgreement]
    by_specialty_and_month: dict[str, dict[str, Share]]
    """Final codes, specialty first."""
    kinds: dict[DisagreementKind, KindCount]
    specificity: dict[Detail, int]
    """Of the changes in specificity: said too little, too much, something else."""
    drift: dict[str, CusumChart | None]
    """`final` and `proposed`: encounters that the auditor would change, 1 or 0; up is worse. None below 30."""
    charted: tuple[str, ...]
    """Cases in the order of the charts."""
    case_mix: CaseMix | None
    """None where it was not asked for."""
    unknown_codes: tuple[UnknownCode, ...]
    not_checked: int
    """Codes of other systems than ICD-10-CM, whose validity is not looked at here."""
    changes: tuple[Disagreement, ...]
    """To the final codes, in order of date."""


class _Audited(NamedTuple):
    """A finding with what the auditor changed on both sides."""

    finding: AuditFinding
    final: tuple[Disagreement, ...]
    proposed: tuple[Disagreement, ...]


def monthly_report(
    findings: Sequence[AuditFinding],
    codebooks: Codebooks,
    *,
    drg_weights: Mapping[str, float] | None = None,
    with_case_mix: bool = True,
    plan: AgreementPlan | None = None,
) -> MonthlyReport:
    """Over findings of any months. Raises `InputError` without a finding; `DependencyError` as `case_mix` does."""
    if not findings:
        raise InputError("There is no audit finding to report on; give at least one.")
    plan = plan or AgreementPlan()
    ordered = sorted(findings, key=lambda f: (f.date, f.case_id))
    rows = [_audited(f, codebooks) for f in ordered]
    changes = tuple(change for row in rows for change in row.final)
    return MonthlyReport(
        encounters=len(rows),
        first_month=ordered[0].month,
        last_month=ordered[-1].month,
        all=_group(rows, plan),
        by_specialty=_groups(rows, _specialty, plan),
        by_month=_groups(rows, lambda r: r.finding.month, plan),
        by_lane=_groups(rows, lambda r: r.finding.lane.value, plan),
        by_specialty_and_month=_by_both(rows),
        kinds={kind: _kind(kind, rows) for kind in DisagreementKind},
        specificity=dict(Counter(c.detail for c in changes if c.detail)),
        drift={
            "final": cusum([float(bool(r.final)) for r in rows], plan.agreement),
            "proposed": cusum([float(bool(r.proposed)) for r in rows], plan.agreement),
        },
        charted=tuple(r.finding.case_id for r in rows),
        case_mix=case_mix(ordered, drg_weights, plan.case_mix) if with_case_mix else None,
        unknown_codes=tuple(_unknown_codes(ordered, codebooks)),
        not_checked=sum(c.system is not CodeSystem.ICD10CM for f in ordered for _, c in _every_code(f)),
        changes=changes,
    )


def measure_month(
    findings: Path, index_dir: Path | None = None, drg_weights: Path | None = None, *, with_case_mix: bool = True
) -> MonthlyReport:
    """From files: the findings, and relative weights where given. Codes are checked against the index's editions."""
    codebooks = open_index(load_settings(index_dir=index_dir).index_dir).codebooks()
    weights = read_drg_weights(drg_weights) if drg_weights else None
    return monthly_report(read_findings(findings), codebooks, drg_weights=weights, with_case_mix=with_case_mix)


def _audited(finding: AuditFinding, codebooks: Codebooks) -> _Audited:
    codebook = codebooks.for_date(finding.date).codebook
    return _Audited(
        finding, disagreements(finding, finding.final, codebook), disagreements(finding, finding.proposed, codebook)
    )


def _specialty(row: _Audited) -> str:
    return row.finding.specialty or UNNAMED


def _groups(
    rows: Sequence[_Audited], name: Callable[[_Audited], str], plan: AgreementPlan
) -> dict[str, GroupAgreement]:
    return {group: _group(members, plan) for group, members in _split(rows, name).items()}


def _split(rows: Sequence[_Audited], name: Callable[[_Audited], str]) -> dict[str, list[_Audited]]:
    found: dict[str, list[_Audited]] = {}
    for row in rows:
        found.setdefault(name(row), []).append(row)
    return dict(sorted(found.items()))


def _by_both(rows: Sequence[_Audited]) -> dict[str, dict[str, Share]]:
    return {
        specialty: {
            month: share([not r.final for r in those])
            for month, those in _split(members, lambda r: r.finding.month).items()
        }
        for specialty, members in _split(rows, _specialty).items()
    }


def _group(rows: Sequence[_Audited], plan: AgreementPlan) -> GroupAgreement:
    resampler = Resampler(len(rows))
    final = share([not r.final for r in rows])
    return GroupAgreement(
        final=Agreement(encounters=final, codes=_code_agreement(rows, "final", resampler)),
        proposed=Agreement(
            encounters=share([not r.proposed for r in rows]), codes=_code_agreement(rows, "proposed", resampler)
        ),
        samples=sample_sizes(final, plan.margin, plan.shift),
    )


def _code_agreement(rows: Sequence[_Audited], side: SideName, resampler: Resampler) -> Estimate:
    """Codes that both hold over codes that either holds."""
    sets = [(_keys(getattr(r.finding, side)), _keys(r.finding.audited)) for r in rows]
    return resampler.ratio([(len(ours & theirs), len(ours | theirs)) for ours, theirs in sets])


def _keys(codes: Iterable[AuditedCode]) -> frozenset[tuple[CodeSystem, str]]:
    return frozenset((c.system, c.code) for c in codes)


def _kind(kind: DisagreementKind, rows: Sequence[_Audited]) -> KindCount:
    """Indicators are looked at on inpatient stays only."""
    looked_at = [r for r in rows if kind is not DisagreementKind.POA or r.finding.setting is Setting.INPATIENT]
    found = [[c for c in r.final if c.kind is kind] for r in looked_at]
    return KindCount(changes=sum(map(len, found)), encounters=share([bool(changes) for changes in found]))


def _every_code(finding: AuditFinding) -> Iterable[tuple[SideName, AuditedCode]]:
    return ((side, code) for side in _SIDES for code in getattr(finding, side))


def _unknown_codes(findings: Iterable[AuditFinding], codebooks: Codebooks) -> Iterable[UnknownCode]:
    for finding in findings:
        choice = codebooks.for_date(finding.date)
        for side, coded in _every_code(finding):
            known = coded.system is not CodeSystem.ICD10CM or choice.codebook.is_billable(coded.code)
            if known and choice.in_force:
                continue
            reason = "no edition in force"
            if choice.in_force:
                reason = "not billable" if coded.code in choice.codebook else "does not exist"
            yield UnknownCode(case_id=finding.case_id, side=side, code=coded.code, reason=reason)
