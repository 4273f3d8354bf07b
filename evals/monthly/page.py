"""The monthly report as Markdown: read as text, or turned into a page by whatever turns Markdown into pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from evals.bootstrap import Estimate
from evals.monthly.case_mix import CaseMix, CaseMixShift
from evals.monthly.cusum import CusumAlarm, CusumChart
from evals.monthly.report import GroupAgreement, MonthlyReport
from evals.monthly.shares import Share

_NONE: Final = "none"
_MOST_CHANGES: Final = 200

Row = Sequence[str]


def as_markdown(report: MonthlyReport) -> str:
    """The whole report. Holds case ids, codes and the auditor's reasons, and no text of a record."""
    parts = [part for section in _SECTIONS if (part := section(report))]
    return "\n\n".join(parts) + "\n"


def _head(report: MonthlyReport) -> str:
    months = " to ".join(dict.fromkeys((report.first_month, report.last_month)))
    return (
        f"# Monthly validation, {months}\n\n"
        f"{report.encounters} audited encounters. An encounter agrees when the auditor changed nothing: codes, first"
        " diagnosis, present-on-admission indicators. Intervals are 95 %: exact for encounters, bootstrap over"
        " encounters for codes and weights."
    )


def _alarms(report: MonthlyReport) -> str:
    """What asks for somebody to act comes first."""
    lines = [
        line
        for name, chart in report.drift.items()
        for line in _alarm_lines(f"agreement of {name} codes", chart, report.charted, ("worse", "better"))
    ]
    for shift in report.case_mix.shifts if report.case_mix else ():
        name = f"{shift.measure}, {shift.compared}"
        lines += _alarm_lines(name, shift.chart, shift.charted, ("coding too high", "coding too low"))
    return "## Alarms\n\n" + ("\n".join(lines) or "No chart raised an alarm.")


def _alarm_lines(name: str, chart: CusumChart | None, cases: Sequence[str], words: tuple[str, str]) -> Iterable[str]:
    if chart is None:
        return
    for alarm in chart.alarms:
        yield f"- **{name}: {words[alarm.direction == 'down']}**, {_alarm_place(alarm, cases)}"


def _alarm_place(alarm: CusumAlarm, cases: Sequence[str]) -> str:
    return (
        f"at encounter {alarm.place} ({_cell(cases[alarm.place - 1])}), probably since encounter {alarm.began}"
        f" ({_cell(cases[alarm.began - 1])}); mean shift since then {alarm.mean_since:+.3f}"
    )


def _agreement(report: MonthlyReport) -> str:
    groups: tuple[tuple[str, Mapping[str, GroupAgreement]], ...] = (
        ("All", {"all": report.all}),
        ("Lane", report.by_lane),
        ("Month", report.by_month),
        ("Specialty", report.by_specialty),
    )
    head = ("encounters", "final agrees", "final codes", "proposed agrees", "proposed codes")
    tables = (_table((name, *head), [_group_row(*item) for item in found.items()]) for name, found in groups)
    return "\n\n".join(("## Agreement", *tables))


def _group_row(name: str, group: GroupAgreement) -> Row:
    return (
        name,
        str(group.final.encounters.trials),
        _share(group.final.encounters),
        _estimate(group.final.codes),
        _share(group.proposed.encounters),
        _estimate(group.proposed.codes),
    )


def _specialties_by_month(report: MonthlyReport) -> str:
    months = list(report.by_month)
    if len(months) < 2:
        return ""
    rows = [
        (specialty, *(_share(by_month[m]) + f" of {by_month[m].trials}" if m in by_month else "–" for m in months))
        for specialty, by_month in report.by_specialty_and_month.items()
    ]
    return "## Final codes by specialty and month\n\n" + _table(("Specialty", *months), rows)


def _kinds(report: MonthlyReport) -> str:
    rows = [
        (
            kind.value,
            str(count.changes),
            f"{count.encounters.right} of {count.encounters.trials}",
            _share(count.encounters),
        )
        for kind, count in report.kinds.items()
    ]
    table = _table(("Change to the final codes", "changes", "encounters", "share"), rows)
    details = ", ".join(f"{detail.value} {number}" for detail, number in sorted(report.specificity.items()))
    return "## What the auditor changed\n\n" + table + (f"\n\nSpecificity: {details}." if details else "")


def _drift(report: MonthlyReport) -> str:
    charts = [(f"agreement of {name} codes", chart) for name, chart in report.drift.items()]
    charts += [(f"{s.measure}, {s.compared}", s.chart) for s in (report.case_mix.shifts if report.case_mix else ())]
    head = ("Chart", "target", "shift to find", "k", "h up", "h down", "false alarms", "now up", "now down", "alarms")
    return "## Drift (CUSUM)\n\n" + _table(head, [_chart_row(name, chart) for name, chart in charts])


def _chart_row(name: str, chart: CusumChart | None) -> Row:
    if chart is None:
        return (name, "fewer than 30 encounters", *("",) * 8)
    last = [f"{sums[-1]:.2f}" if sums else _NONE for sums in (chart.up, chart.down)]
    bounds = [f"{value:.3f}" for value in (chart.target, chart.shift, chart.k, chart.h_up, chart.h_down)]
    return (name, *bounds, f"1 in {chart.run_length} a side", *last, str(len(chart.alarms)))


def _case_mix(report: MonthlyReport) -> str:
    mix = report.case_mix
    if mix is None:
        return ""
    head = (
        "Weight",
        "compared",
        "encounters",
        "not weighed",
        "raised",
        "lowered",
        "mean difference",
        "a patient and year",
    )
    return "\n\n".join(("## Case mix", _table(head, [_shift_row(s) for s in mix.shifts]), _grouping(mix)))


def _shift_row(shift: CaseMixShift) -> Row:
    numbers = map(str, (shift.weighed, shift.not_weighed, shift.raised, shift.lowered))
    patient = _estimate(shift.per_patient) if shift.per_patient else "–"
    return (shift.measure, shift.compared, *numbers, _estimate(shift.difference), patient)


def _grouping(mix: CaseMix) -> str:
    said = [f"HCC model: {mix.hcc_model}. MS-DRG grouper: {', '.join(mix.groupers) or _NONE}."]
    if mix.regrouped.trials:
        said.append(
            f"Final and audited codes give another MS-DRG in {_share(mix.regrouped)} of {mix.regrouped.trials} stays."
        )
    if mix.outdated:
        said.append(
            f"{mix.outdated} stays are of a fiscal year whose grouper is not installed; an older one grouped them."
        )
    if mix.not_grouped:
        said.append(f"Without an MS-DRG on a side: {', '.join(map(_cell, mix.not_grouped))}.")
    if mix.unknown_to_grouper:
        counted = ", ".join(f"{code} ({number})" for code, number in mix.unknown_to_grouper.items())
        said.append(f"Diagnoses that the tables of weights do not know, so that they weigh nothing: {counted}.")
    return "\n".join(said)


def _samples(report: MonthlyReport) -> str:
    rows = [
        (
            name,
            str(group.final.encounters.trials),
            str(group.samples.for_margin or _NONE),
            str(group.samples.for_shift or _NONE),
        )
        for name, group in (("all", report.all), *report.by_specialty.items())
    ]
    wanted = report.all.samples
    head = ("", "audited", f"for ± {wanted.margin:.0%}", f"to find a fall by {wanted.shift:.0%}")
    return (
        f"## Encounters to audit\n\n{_table(head, rows)}\n\n"
        f"{wanted.without_fault} without a single fault promise more than 95 % agreement with 95 % confidence."
    )


def _unknown(report: MonthlyReport) -> str:
    rows = [(u.case_id, u.side, u.code, u.reason) for u in report.unknown_codes]
    said = f"{report.not_checked} codes of other systems were not looked up." if report.not_checked else ""
    if not rows:
        return said
    return (
        "## Codes that may not be billed on the date\n\n"
        + _table(("case", "side", "code", "why"), rows)
        + f"\n\n{said}"
    )


def _changes(report: MonthlyReport) -> str:
    rows = [
        (c.case_id, c.kind.value, c.given or "–", c.audited or "–", c.detail.value if c.detail else "", c.reason)
        for c in report.changes[:_MOST_CHANGES]
    ]
    left_out = len(report.changes) - len(rows)
    said = f"\n\n{left_out} more stand in the record." if left_out else ""
    return "## Every change\n\n" + _table(("case", "kind", "given", "audited", "detail", "reason"), rows) + said


_SECTIONS: Final[tuple[Callable[[MonthlyReport], str], ...]] = (
    _head,
    _alarms,
    _agreement,
    _specialties_by_month,
    _kinds,
    _drift,
    _case_mix,
    _samples,
    _unknown,
    _changes,
)


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    """One line, harmless in a table and in a page: the auditor's words and case ids are somebody else's text."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _share(found: Share) -> str:
    return _NONE if found.value is None else f"{found.value:.1%} ({found.low:.1%}–{found.high:.1%})"


def _estimate(found: Estimate) -> str:
    if found.value is None:
        return _NONE
    return f"{found.value:.3f}" + (f" ({found.low:.3f} to {found.high:.3f})" if found.low is not None else "")
