"""Present-on-admission indicators (appendix I): who needs one, which one, and what the record says to it."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from medcoding.codebook import Codebook
from medcoding.codes import PresentOnAdmission
from medcoding.encounter import Setting
from medcoding.finding import Finding, Severity
from medcoding.proposal import ProposedCode

_SOURCE: Final = "App.I"
EXEMPT: Final[PresentOnAdmission] = "1"
"""How an exempt code is marked inside; current claims leave the field blank, so nothing shows it (5010 form)."""

_MOSTLY_EXEMPT: Final = tuple("B90 B91 B92 B94 I25.2 I69 O09 O80 O94 Q V Y92 Y93 Y99 Z".split())
_STILL_REPORTED: Final = tuple("Y92.23 Z16 Z21 Z33.2 Z51.5 Z53 Z66 Z96".split())
"""Where no list of exempt codes is loaded: the categories that appendix I exempts, and what of them it does not."""

_LATER_EPISODES: Final = "DGHJKMNPQRS"
"""Seventh characters of injuries and fractures after active treatment, and of sequelae: all exempt."""

_SEVENTH: Final = 8
_INJURIES: Final = ("S", "T")
_VALUES: Final = frozenset({"Y", "N", "U", "W", EXEMPT})
_FROM_BIRTH: Final = ("P", "Q")
_ACQUIRED: Final = re.compile(
    r"\b(?:hospital[- ]acquired|nosocomial|hospital day (?:[2-9]|\d\d)|post-?op(?:erative)? day \d+|developed"
    r" (?:during|while|on the|in the) (?:\w+ )?(?:stay|admission|hospital\w*|ward|unit|floor)|not present on admission"
    r"|after admission|ventilator[- ]associated|since admission)\b"
)
_PRESENT: Final = re.compile(
    r"(?<!not )(?<!not present )\b(?:present on (?:admission|arrival)|poa|on (?:arrival|admission|presentation)"
    r"|(?:at|prior to|before) admission|in the (?:ed|er|emergency)|came in with|admitted (?:with|for)|presented with)\b"
)


def indicator_is_one(case: Case) -> tuple[Finding, ...]:
    """Y, N, U or W; the 1 of older claims for an exempt code is read too; nothing else."""
    return tuple(
        _finding(
            line,
            "poa.value",
            f"{line.code} carries no present-on-admission indicator that exists.",
            "Use Y, N, U or W.",
        )
        for line in case.diagnoses
        if line.poa and line.poa not in _VALUES
    )


def exempt_codes_are_exempt(case: Case) -> tuple[Finding, ...]:
    """A code on the exempt list carries no indicator, and only such a one may be marked exempt."""
    return tuple(finding for line in _reported(case) for finding in _exemption(case, line))


def inpatients_only(case: Case) -> tuple[Finding, ...]:
    """The indicator belongs to inpatient stays."""
    if case.setting is Setting.INPATIENT:
        return ()
    return tuple(
        _finding(
            line,
            "poa.setting",
            f"{line.code} carries a present-on-admission indicator outside an inpatient stay.",
            "Leave the indicator out.",
            Severity.ADVISE,
        )
        for line in case.diagnoses
        if line.poa
    )


def every_code_has_one(case: Case) -> tuple[Finding, ...]:
    """What an inpatient stay still needs, with the indicators that follow from chapter, role or words of the record."""
    needing = case.diagnoses if case.setting is Setting.INPATIENT else ()
    open_lines = [line for line in needing if not line.poa and not is_exempt(line.code, case.codebook)]
    if not open_lines:
        return ()
    known = {line.code: value for line in open_lines if (value := proposed_indicator(case, line))}
    shown = ", ".join(f"{code} {value}" for code, value in known.items())
    return (
        Finding(
            rule="poa.missing",
            severity=Severity.ADVISE,
            codes=tuple(dict.fromkeys(line.code for line in open_lines)),
            message=f"{len(open_lines)} codes of an inpatient stay have no present-on-admission indicator.",
            source=_SOURCE,
            mend=f"Proposed: {shown}; decide the others from the record." if shown else "Decide each from the record.",
        ),
    )


def indicator_agrees_with_record(case: Case) -> tuple[Finding, ...]:
    """Words around the evidence that place the beginning of a condition, against the indicator."""
    return tuple(finding for line in _reported(case) for finding in _against_record(case, line))


def principal_was_present(case: Case) -> tuple[Finding, ...]:
    """The reason for an admission was there when the order was written; deliveries go their own way."""
    first = case.first
    if first is None or case.setting is not Setting.INPATIENT or first.poa != "N" or first.code.startswith("O"):
        return ()
    message = f"{first.code} is principal and marked as not present on admission."
    return (_finding(first, "poa.principal", message, "Check both against the record.", Severity.ADVISE),)


def proposed_indicator(case: Case, line: ProposedCode) -> PresentOnAdmission | None:
    """The indicator that follows from the chapter, the role or the words; None where nothing tells."""
    words = case.words_of(line)
    if _ACQUIRED.search(words):
        return None if _PRESENT.search(words) else "N"
    if line is case.first or line.code.startswith(_FROM_BIRTH) or _PRESENT.search(words):
        return "Y"
    return None


def is_exempt(code: str, codebook: Codebook) -> bool:
    """True for a code that appendix I exempts: by the edition's list, by categories where none is loaded."""
    listed = codebook.poa_exempt(code)
    if listed is not None:
        return listed
    later = code.startswith(_INJURIES) and len(code) == _SEVENTH and code[-1] in _LATER_EPISODES
    return later or (code.startswith(_MOSTLY_EXEMPT) and not code.startswith(_STILL_REPORTED))


def _reported(case: Case) -> tuple[ProposedCode, ...]:
    inpatient = case.setting is Setting.INPATIENT
    return tuple(line for line in case.diagnoses if inpatient and line.poa in _VALUES)


def _exemption(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    exempt = case.codebook.poa_exempt(line.code)
    if exempt is None or exempt is (line.poa == EXEMPT):
        return ()
    if exempt:
        message, mend = f"{line.code} is exempt from present-on-admission reporting.", "Leave the indicator blank."
    else:
        message, mend = f"{line.code} is not exempt from present-on-admission reporting.", "Mark it Y, N, U or W."
    return (_finding(line, "poa.exempt", message, mend),)


def _against_record(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    """Words in the quote itself are pressing; those elsewhere in its sentence may speak of another condition."""
    quoted = " ".join(quote.text for quote in line.evidence).lower()
    opposite = _opposite(line.poa, quoted)
    around = opposite or _opposite(line.poa, case.words_of(line))
    if not around:
        return ()
    state = "arose after the admission" if around == "N" else "was there on admission"
    return (
        _finding(
            line,
            "poa.record",
            f"{line.code} is marked {line.poa}, though words with its evidence say that it {state}.",
            f"Mark it {around}, or ask the provider.",
            Severity.MUST_RESOLVE if opposite else Severity.ADVISE,
        ),
    )


def _opposite(marked: str | None, words: str) -> PresentOnAdmission | None:
    """The indicator that words speak for, where it is the other one than marked."""
    acquired, present = bool(_ACQUIRED.search(words)), bool(_PRESENT.search(words))
    if acquired is present:
        return None
    if acquired:
        return "N" if marked == "Y" else None
    return "Y" if marked == "N" else None


def _finding(
    line: ProposedCode, rule: str, message: str, mend: str, severity: Severity = Severity.MUST_RESOLVE
) -> Finding:
    return Finding(rule=rule, severity=severity, codes=(line.code,), message=message, source=_SOURCE, mend=mend)


RULES: Final[tuple[Rule, ...]] = (
    indicator_is_one,
    exempt_codes_are_exempt,
    inpatients_only,
    every_code_has_one,
    indicator_agrees_with_record,
    principal_was_present,
)
