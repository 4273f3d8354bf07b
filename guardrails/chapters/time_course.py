"""Acute, chronic, late, threatened, borderline (I.B.8, I.B.10, I.B.11, I.B.17)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    Findings,
    Ruling,
    apart,
    in_order,
    quoted,
    quoting,
)

_ACUTE_AND_CHRONIC: Final[tuple[tuple[Family, Family], ...]] = (
    (family("K85"), family("K86.0 K86.1")),
    (family("J03"), family("J35.0")),
    (family("J01"), family("J32")),
    (family("J20"), family("J41-J42")),
    (family("N10"), family("N11")),
    (family("M86.0 M86.1"), family("M86.3 M86.4 M86.5 M86.6")),
    (family("H66.0"), family("H66.1 H66.2 H66.3")),
    (family("B16 B17"), family("B18")),
    (family("N30.0"), family("N30.1 N30.2")),
    (family("K70.1"), family("K70.3")),
)
"""The acute and the chronic form of one disease."""

_OVER: Final[tuple[tuple[Family, Family], ...]] = (
    (family("G00-G08"), family("G09")),
    (family("A15-A19"), family("B90")),
    (family("A80"), family("B91")),
    (family("B15-B19"), family("B94.2")),
    (family("E40-E46"), family("E64")),
)
"""An acute illness, and the code that says it is over and left something."""

_THREATENED: Final = re.compile(r"^\W*(?:impending|threatened|imminent)\b")
_HAS_ENTRY: Final = family("I20.0 O20 O47 G45 O60.0 I24.0 L97 I70 N17.8 R Z T")
"""What the index lists as threatened or impending, or codes that are no such event."""

_BORDERLINE: Final = re.compile(r"\bborderline\b")
_BORDERLINE_ENTRIES: Final = (
    (family("E08-E13"), "R73.03"),
    (family("I10"), "R03.0"),
    (family("H40.1 H40.2"), "H40.00"),
)


def acute_ahead_of_chronic(case: Case) -> Findings:
    """With both forms of one disease, the acute one goes first."""
    ruling = Ruling(
        rule="time_course.acute_ahead_of_chronic",
        severity=MUST_RESOLVE,
        source="I.B.8",
        message="{code} is the chronic form and stands ahead of the acute one ({other}).",
        mend="Put {other} ahead of {code}.",
    )
    return tuple(f for acute, chronic in _ACUTE_AND_CHRONIC for f in in_order(case, acute, chronic, ruling))


def acute_illness_is_over(case: Case) -> Findings:
    """An acute illness is not coded as present beside its own late effect."""
    ruling = Ruling(
        rule="time_course.acute_illness_over",
        severity=MUST_RESOLVE,
        source="I.B.10",
        message="{code} is the acute illness, and {other} says that it is over and left something.",
        mend="Leave {code} out, unless there is a new attack.",
    )
    return tuple(f for acute, late in _OVER for f in apart(case, acute, late, ruling))


def late_effect_behind_residual(case: Case) -> Findings:
    """What is left goes first, the late effect code behind it."""
    ruling = Ruling(
        rule="time_course.late_effect_behind",
        severity=MUST_RESOLVE,
        source="I.B.10",
        message="{code} tells where something comes from and stands ahead of what is left.",
        mend="Put the residual problem ahead of {code}.",
    )
    first = case.codes[0] if case.codes else ""
    if first not in family("G09 B90-B94 E64") or len(case.codes) < 2:
        return ()
    residual = next((code for code in case.codes[1:] if code[0] not in "ZVWXY"), None)
    return (ruling.on(first, mend_codes=(residual, first)),) if residual else ()


def threatened_is_not_present(case: Case) -> Findings:
    """A feared event that did not happen is not coded as a fact."""
    ruling = Ruling(
        rule="time_course.threatened",
        severity=MUST_RESOLVE,
        source="I.B.11",
        message="{code} is coded as present, and its evidence speaks of a threatened event.",
        mend="Code what the patient has, or the index entry for the threatened form.",
    )
    return tuple(
        ruling.on(line.code)
        for line in case.diagnoses
        if line.code not in _HAS_ENTRY and _THREATENED.search(quoted(line))
    )


def borderline_has_its_entry(case: Case) -> Findings:
    """Borderline diabetes, hypertension and glaucoma have index entries of their own."""
    ruling = Ruling(
        rule="time_course.borderline",
        severity=MUST_RESOLVE,
        source="I.B.17",
        message="{code} is the established disease, and its evidence says borderline.",
        mend="Report the index entry for the borderline form.",
    )
    return tuple(f for kind, right in _BORDERLINE_ENTRIES for f in quoting(case, kind, _BORDERLINE, ruling, right))


RULES: Final[tuple[Rule, ...]] = (
    acute_ahead_of_chronic,
    acute_illness_is_over,
    late_effect_behind_residual,
    threatened_is_not_present,
    borderline_has_its_entry,
)
