"""Existence: in the edition in force, billable on the day, in the book of the code's own system."""

from __future__ import annotations

from typing import Final

from guardrails.case import Case, Rule
from guardrails.form import misformed
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem, parse_code
from medcoding.errors import InputError
from medcoding.finding import Finding, Severity
from medcoding.procedures import ProcedureBook
from medcoding.proposal import ProposedCode

_MOST_MEND_CODES: Final = 20
"""Below a header stand up to two thousand codes; longer lists help nobody and are left to the search."""


def edition_is_loaded(case: Case) -> tuple[Finding, ...]:
    """Without the edition for the date of service nothing can be called valid; the nearest one is named."""
    if case.edition_in_force:
        return ()
    edition = case.codebook.edition
    return (
        Finding(
            rule="existence.edition_loaded",
            severity=Severity.MUST_RESOLVE,
            codes=tuple(line.code for line in case.lines),
            message=(
                f"No loaded ICD-10-CM edition covers {case.day}; {edition.name} ({edition.effective_from} to"
                f" {edition.effective_to}) is the nearest and was used."
            ),
            source="ICD-10-CM editions by date of service",
            mend=(
                f"Download the official order file of the edition in force on {case.day} from CDC or CMS and run"
                " 'chartwright index build --order-file FILE'."
            ),
        ),
    )


def edition_is_official(case: Case) -> tuple[Finding, ...]:
    """Codes whose entry comes from the derived table of changes are named as such."""
    entries = ((code, case.codebook.entry(code)) for code in case.codes)
    derived = tuple(code for code, entry in entries if entry and entry.status == "derived")
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


def system_is_explicit(case: Case) -> tuple[Finding, ...]:
    """A code must be written as its own system writes codes: thousands of undotted diagnoses look like supplies."""
    return tuple(
        Finding(
            rule="existence.system",
            severity=Severity.REJECT,
            codes=(line.code,),
            message=f"{_printable(line.code)} is not written as a code of {line.system}.",
            source=f"{line.system} code form",
            mend="Name the system the code belongs to and write the code as that system prints it.",
            mend_codes=_as_printed(line, case.codebook),
        )
        for line in case.lines
        if not _well_written(line)
    )


def procedure_is_in_its_book(case: Case) -> tuple[Finding, ...]:
    """A procedure or supply is valid only where its own file says so; without the file it is unverifiable."""
    others = (line for line in case.lines if line.system is not CodeSystem.ICD10CM and _well_written(line))
    return tuple(finding for line in others for finding in _in_book(case, line))


def code_exists(case: Case) -> tuple[Finding, ...]:
    """A code that the edition does not hold is removed; the nearest existing code is named.

    What only its seventh character or a missing placeholder keeps from existing is the business of `guardrails.form`,
    what another edition holds that of `code_is_in_force`.
    """
    return tuple(
        _unknown(case, code)
        for code in case.codes
        if code not in case.codebook and not misformed(code, case.codebook) and not _elsewhere(case, code)
    )


def code_is_in_force(case: Case) -> tuple[Finding, ...]:
    """A code that ended before the day, or begins after it, is removed; what takes its place is named."""
    return tuple(
        _out_of_force(case, code, book)
        for code in case.codes
        if not case.codebook.is_billable(code) and (book := _elsewhere(case, code))
    )


def code_is_billable(case: Case) -> tuple[Finding, ...]:
    """A header is removed; it needs more characters, and not just its seventh."""
    book = case.codebook
    headers = (code for code in case.codes if code in book and not book.is_billable(code))
    return tuple(_header(code, book) for code in headers if not misformed(code, book))


def _well_written(line: ProposedCode) -> bool:
    try:
        return parse_code(line.code, line.system) == line.code
    except InputError:
        return False


def _as_printed(line: ProposedCode, codebook: Codebook) -> tuple[str, ...]:
    """What the writer most likely meant, where that exists."""
    try:
        code = parse_code(line.code, CodeSystem.ICD10CM)
    except InputError:
        return ()
    return (code,) if line.system is CodeSystem.ICD10CM and codebook.is_billable(code) else ()


def _in_book(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    book = case.procedures.get(line.system)
    if book is None:
        return (_unverifiable(line),)
    entry = book.entry(line.code)
    if entry is None:
        return (_not_in_book(line, book),)
    if not entry.in_force_on(case.day):
        return (_ended(case, line, book),)
    return ()


def _unverifiable(line: ProposedCode) -> Finding:
    return Finding(
        rule="existence.procedure",
        severity=Severity.MUST_RESOLVE,
        codes=(line.code,),
        message=f"{line.code} is unverifiable: no file of {line.system} is loaded.",
        source=f"{line.system} code file",
        mend="Load the licensee's own file."
        if line.system is CodeSystem.CPT
        else "Load the HCPCS file of the quarter.",
    )


def _not_in_book(line: ProposedCode, book: ProcedureBook) -> Finding:
    nearest = book.nearest(line.code)
    return Finding(
        rule="existence.procedure",
        severity=Severity.REJECT,
        codes=(line.code,),
        message=f"{line.code} is not in {book.release.name} of {line.system}.",
        source=book.release.source,
        mend=f"Look near {nearest}." if nearest else "Look the procedure up again.",
    )


def _ended(case: Case, line: ProposedCode, book: ProcedureBook) -> Finding:
    entry = book.entry(line.code)
    begun = entry is not None and entry.effective_from is not None and entry.effective_from > case.day
    when = f"begins on {entry.effective_from}" if entry and begun else f"ended on {entry.effective_to if entry else ''}"
    return Finding(
        rule="existence.procedure",
        severity=Severity.REJECT,
        codes=(line.code,),
        message=f"{line.code} {when}, so it is not valid on {case.day}.",
        source=book.release.source,
        mend="Choose a code in force on the date of service.",
    )


def _elsewhere(case: Case, code: str) -> Codebook | None:
    """Another loaded edition in which the code may be billed, the nearest in time."""
    others = (book for book in case.editions if book.edition != case.codebook.edition and book.is_billable(code))
    return min(others, key=lambda book: book.edition.days_from(case.day), default=None)


def _out_of_force(case: Case, code: str, book: Codebook) -> Finding:
    ended = book.edition.effective_to < case.day
    when = f"ended on {book.edition.effective_to}" if ended else f"begins on {book.edition.effective_from}"
    instead = _instead(case.codebook, code)
    return Finding(
        rule="existence.in_force",
        severity=Severity.REJECT,
        codes=(code,),
        message=f"{code} {when}, so it is not valid on {case.day}.",
        source=book.edition.source,
        mend=f"Use {' or '.join(instead)}." if instead else f"Choose a code of {case.codebook.edition.name}.",
        mend_codes=instead,
    )


def _instead(codebook: Codebook, code: str) -> tuple[str, ...]:
    """What the conversion table says, else the billable codes of the nearest entry that still exists."""
    if named := tuple(new for new in codebook.successors(code) if codebook.is_billable(new)):
        return named
    nearest = codebook.nearest(code)
    below = codebook.billable_under(nearest) if nearest else ()
    return below if len(below) <= _MOST_MEND_CODES else ()


def _header(code: str, codebook: Codebook) -> Finding:
    below = codebook.billable_under(code)
    return Finding(
        rule="existence.billable",
        severity=Severity.REJECT,
        codes=(code,),
        message=f"{code} is a header in {codebook.edition.name} and cannot be billed.",
        source="I.B.2",
        mend=f"Choose one of the {len(below)} billable codes below it.",
        mend_codes=below if len(below) <= _MOST_MEND_CODES else (),
    )


def _unknown(case: Case, code: str) -> Finding:
    nearest, successors = case.codebook.nearest(code), case.codebook.successors(code)
    if successors:
        mend = f"It was replaced by {' or '.join(successors)}."
    else:
        mend = f"Look below {nearest}." if nearest else "Look the condition up in the index."
    return Finding(
        rule="existence.exists",
        severity=Severity.REJECT,
        codes=(code,),
        message=f"{_printable(code)} does not exist in {case.codebook.edition.name}.",
        source=case.codebook.edition.source,
        mend=mend,
        mend_codes=tuple(new for new in successors if case.codebook.is_billable(new)),
    )


def _printable(code: str) -> str:
    shown = "".join(character for character in code if character.isprintable())
    return shown if len(shown) <= 12 else f"{shown[:12]}…"


RULES: Final[tuple[Rule, ...]] = (
    edition_is_loaded,
    edition_is_official,
    system_is_explicit,
    procedure_is_in_its_book,
    code_exists,
    code_is_in_force,
    code_is_billable,
)
