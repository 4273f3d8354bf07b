"""Existence and form: in the edition in force, billable, and written as the code's system writes codes."""

from __future__ import annotations

from guardrails.case import Case
from medcoding.codes import CodeSystem, parse_code
from medcoding.errors import InputError
from medcoding.finding import Finding, Severity
from medcoding.proposal import ProposedCode


def edition_is_loaded(case: Case) -> tuple[Finding, ...]:
    """Without the edition for the date of service nothing can be called valid; the nearest one is named."""
    if case.edition_in_force:
        return ()
    edition = case.codebook.edition
    day = case.chart.encounter.coding_date
    return (
        Finding(
            rule="existence.edition_loaded",
            severity=Severity.MUST_RESOLVE,
            codes=tuple(line.code for line in case.proposal.codes),
            message=(
                f"No loaded ICD-10-CM edition covers {day}; {edition.name} ({edition.effective_from} to"
                f" {edition.effective_to}) is the nearest and was used."
            ),
            source="ICD-10-CM editions by date of service",
            mend=(
                f"Download the official order file of the edition in force on {day} from CDC or CMS and run"
                " 'chartwright index build --order-file FILE'."
            ),
        ),
    )


def edition_is_official(case: Case) -> tuple[Finding, ...]:
    """Codes whose entry comes from the derived table of changes are named as such."""
    derived = tuple(
        line.code
        for line in case.proposal.codes
        if (entry := case.codebook.entry(line.code)) and entry.status == "derived"
    )
    if not derived:
        return ()
    return (
        Finding(
            rule="existence.edition_official",
            severity=Severity.ADVISE,
            codes=derived,
            message=(
                f"{', '.join(derived)}: new or changed in {case.codebook.edition.name}, not checked against the"
                " official file."
            ),
            source=case.codebook.edition.source,
            mend="Download the official order file and run 'chartwright index build --order-file FILE'.",
        ),
    )


def code_exists(case: Case) -> tuple[Finding, ...]:
    """A code that the edition does not hold is removed; the nearest existing code is named."""
    return tuple(_unknown(case, line) for line in _icd10cm(case) if line.code not in case.codebook)


def code_is_billable(case: Case) -> tuple[Finding, ...]:
    """A header is removed; it needs more characters."""
    return tuple(
        Finding(
            rule="existence.billable",
            severity=Severity.REJECT,
            codes=(line.code,),
            message=f"{line.code} is a header in {case.codebook.edition.name} and cannot be billed.",
            source="I.B.2",
            mend=f"Choose one of the {len(case.codebook.billable_under(line.code))} billable codes below it.",
        )
        for line in _icd10cm(case)
        if line.code in case.codebook and not case.codebook.is_billable(line.code)
    )


def system_is_explicit(case: Case) -> tuple[Finding, ...]:
    """A code must be written as its own system writes codes; procedures need the licensed file."""
    return tuple(finding for line in case.proposal.codes for finding in _form(line))


def _form(line: ProposedCode) -> tuple[Finding, ...]:
    try:
        written = parse_code(line.code, line.system)
    except InputError:
        written = ""
    if line.system is CodeSystem.ICD10CM and written == line.code:
        return ()
    if line.system is not CodeSystem.ICD10CM and written == line.code:
        return (
            Finding(
                rule="existence.system",
                severity=Severity.MUST_RESOLVE,
                codes=(line.code,),
                message=f"{line.code} is unverifiable: no file of {line.system} is loaded.",
                source=f"{line.system} code form",
                mend="Load the licensee's own file.",
            ),
        )
    return (
        Finding(
            rule="existence.system",
            severity=Severity.REJECT,
            codes=(line.code,),
            message=f"{line.code} is not written as a code of {line.system}.",
            source=f"{line.system} code form",
            mend="Name the system the code belongs to.",
        ),
    )


def _unknown(case: Case, line: ProposedCode) -> Finding:
    nearest = case.codebook.nearest(line.code)
    return Finding(
        rule="existence.exists",
        severity=Severity.REJECT,
        codes=(line.code,),
        message=f"{line.code} does not exist in {case.codebook.edition.name}.",
        source=case.codebook.edition.source,
        mend=f"Look below {nearest}." if nearest else "Look the condition up in the index.",
    )


def _icd10cm(case: Case) -> tuple[ProposedCode, ...]:
    return tuple(line for line in case.proposal.codes if line.system is CodeSystem.ICD10CM)
