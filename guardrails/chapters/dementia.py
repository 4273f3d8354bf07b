"""Dementia, factitious disorder, encephalopathy (I.C.5.c, I.C.5.d)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    Findings,
    Ruling,
    apart,
)

_KINDS: Final = ("F01", "F02", "F03")
_CAUSES: Final = family("G30 G31.0 G31.8 G20 G10 A81.0 B20 G35 G23.1")
_SEVERITIES: Final = "ABC"
_WORDS: Final = {
    "A": re.compile(r"\bmild(?:ly)?\b|\bearly"),
    "B": re.compile(r"\bmoderate(?:ly)?\b"),
    "C": re.compile(r"\bsevere(?:ly)?\b|advanced|end[- ]stage"),
}
_UNDISTURBED: Final = re.compile(r"F0[123]\.[89ABC]0|F0[123]\.90")
_CHILD: Final = 18


def one_severity(case: Case) -> Findings:
    """One severity a dementia; the worst one of a stay."""
    ruling = Ruling(
        rule="dementia.one_severity",
        severity=MUST_RESOLVE,
        source="I.C.5.d",
        message="{code} and {other} give one dementia two severities.",
        mend="Keep the worst severity that the provider documents.",
    )
    found = []
    for kind in _KINDS:
        codes = case.coded(kind)
        worst = max(codes, key=_severity, default="")
        found += [ruling.on(c, worst, mend_codes=(worst,)) for c in codes if _severity(c) != _severity(worst)]
    return tuple(found)


def severity_is_documented(case: Case) -> Findings:
    """The severity is the provider's word and not worked out from a score."""
    ruling = Ruling(
        rule="dementia.severity_documented",
        severity=MUST_RESOLVE,
        source="I.C.5.d",
        message="{code} gives the dementia a severity that the record nowhere states.",
        mend="Report the unspecified severity, or ask the provider.",
    )
    return tuple(
        ruling.on(code, mend_codes=_unspecified(case, code))
        for code in case.coded(*_KINDS)
        if len(code) > 4 and code[4] in _SEVERITIES and not _WORDS[code[4]].search(case.record)
    )


def disturbed_or_not(case: Case) -> Findings:
    """Dementia with a disturbance is not also without one."""
    ruling = Ruling(
        rule="dementia.disturbed_or_not",
        severity=MUST_RESOLVE,
        source="I.C.5.d, I.B.9",
        message="{code} says that there is no disturbance and {other} names one.",
        mend="Leave {code} out.",
    )
    return tuple(
        ruling.on(code, other)
        for code in case.coded(*_KINDS)
        if _UNDISTURBED.fullmatch(code)
        for other in case.coded(code[:5])
        if other != code
    )


def cause_is_known(case: Case) -> Findings:
    """Dementia whose cause is coded is F02 behind the cause, or F01."""
    ruling = Ruling(
        rule="dementia.cause_known",
        severity=MUST_RESOLVE,
        source="I.C.5.d, I.A.13",
        message="{code} leaves open the cause that {other} names.",
        mend="Report F02.- behind {other} (F01.- for vascular dementia), unless the provider calls them unrelated.",
    )
    elsewhere = tuple(apart(case, family("F03"), _CAUSES, ruling))
    return elsewhere or apart(case, family("F03"), family("F01 F02"), ruling)


def victim_of_a_carer(case: Case) -> Findings:
    """Factitious disorder imposed on another stands on the carer's record."""
    age = case.chart.encounter.patient.age
    found = case.coded("F68.A")
    if not found or not ((age is not None and age < _CHILD) or case.coded("T74", "T76")):
        return ()
    ruling = Ruling(
        rule="dementia.victim_of_a_carer",
        severity=MUST_RESOLVE,
        source="I.C.5.c",
        message="{code} stands on the carer's record, and this one looks like the victim's.",
        mend="Report T74.- for confirmed or T76.- for suspected abuse on the victim's record.",
    )
    return (ruling.on(found[0]),)


def encephalopathy_is_specified(case: Case) -> Findings:
    """Encephalopathy of unknown kind gives way where the kind is coded."""
    ruling = Ruling(
        rule="dementia.encephalopathy_kind",
        severity=MUST_RESOLVE,
        source="I.B.2",
        message="{code} leaves open what {other} names.",
        mend="Leave {code} out.",
    )
    return apart(
        case, family("G93.40"), family("G92 G93.41 G93.42 G93.43 G93.44 G93.45 G93.49 I67.4 K76.82 E51.2"), ruling
    )


def _severity(code: str) -> int:
    return "ABC".find(code[4:5])


def _unspecified(case: Case, code: str) -> tuple[str, ...]:
    """The same dementia and disturbance without a severity, where there is such a code."""
    plain = f"{code[:4]}{'9' if code.startswith('F03') else '8' if code.startswith('F02') else '5'}{code[5:]}"
    return (plain,) if case.codebook.is_billable(plain) else ()


RULES: Final[tuple[Rule, ...]] = (
    one_severity,
    severity_is_documented,
    disturbed_or_not,
    cause_is_known,
    victim_of_a_carer,
    encephalopathy_is_specified,
)
