"""Use, abuse, dependence and remission of alcohol, tobacco and drugs (I.C.5.b)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    partnered,
)

_SUBSTANCES: Final = tuple(f"F{number}" for number in range(10, 20) if number != 17)
_GRAVITY: Final = {"9": 0, "1": 1, "2": 2}
"""Use, abuse, dependence, by the character behind the dot."""

_REMISSION: Final = re.compile(r"F1[0-9]\.(?:[129]1|2[019]1)")
_SAYS_REMISSION: Final = re.compile(r"remission|histor|\bh/o|recover|former|\bex-|quit|sober|clean\b|abstin")
_BODILY: Final = family("K70 K85.2 K86.0 G62.1 I42.6 K29.2 G31.2 G72.1 K29.20 K29.21")


def gravest_pattern(case: Case) -> Findings:
    """Dependence outranks abuse and abuse outranks use, for each substance."""
    ruling = Ruling(
        rule="substances.gravest_pattern",
        severity=REJECT,
        source="I.C.5.b.2",
        message="{code} is outranked by {other}, which is a graver pattern of the same substance.",
        mend="Leave {code} out.",
    )
    found = []
    for substance in _SUBSTANCES:
        codes = case.coded(substance)
        gravest = max(codes, key=_gravity, default="")
        found += [ruling.on(code, gravest) for code in codes if _gravity(code) < _gravity(gravest)]
    return tuple(found)


def plain_beside_effect(case: Case) -> Findings:
    """Dependence or abuse without effects is not reported beside the same pattern with one."""
    ruling = Ruling(
        rule="substances.plain_beside_effect",
        severity=REJECT,
        source="I.C.5.b.2, I.B.9",
        message="{code} is held by {other}.",
        mend="Leave {code} out.",
    )
    plain = [f"{substance}.{pattern}0" for substance in _SUBSTANCES for pattern in "12"]
    return tuple(
        ruling.on(code, other)
        for code in case.codes
        if code in plain
        for other in case.coded(code[:5])
        if other != code and not _REMISSION.fullmatch(other)
    )[:1]


def one_withdrawal(case: Case) -> Findings:
    """One withdrawal is with delirium, with perceptual disturbance or without."""
    ruling = Ruling(
        rule="substances.one_withdrawal",
        severity=MUST_RESOLVE,
        source="I.B.9, I.C.5.b.2",
        message="{code} and {other} are one withdrawal.",
        mend="Keep the gravest one that is documented.",
    )
    groups = (case.coded(f"{substance}.{kind}3") for substance in _SUBSTANCES for kind in "129")
    return tuple(ruling.on(*group) for group in groups if len(group) > 1)


def remission_or_not(case: Case) -> Findings:
    """A pattern is in remission or it is not."""
    ruling = Ruling(
        rule="substances.remission_or_not",
        severity=MUST_RESOLVE,
        source="I.C.5.b.1",
        message="{code} says remission and {other} that the pattern is active.",
        mend="Keep the one that the provider documents.",
    )
    return tuple(
        ruling.on(code, other)
        for code in case.codes
        if _REMISSION.fullmatch(code)
        for other in case.coded(code[:5])
        if not _REMISSION.fullmatch(other)
    )[:1]


def remission_is_documented(case: Case) -> Findings:
    """Remission is the provider's word."""
    claimed = [code for code in case.codes if _REMISSION.fullmatch(code)]
    if not claimed or _SAYS_REMISSION.search(case.record):
        return ()
    ruling = Ruling(
        rule="substances.remission_documented",
        severity=MUST_RESOLVE,
        source="I.C.5.b.1",
        message="{code} says remission, and the record does not.",
        mend="Report the pattern without remission, or ask the provider.",
    )
    return tuple(map(ruling.on, claimed))


def use_needs_a_disorder(case: Case) -> Findings:
    """Use, unspecified, is reported only where the provider ties it to a disorder or disease."""
    ruling = Ruling(
        rule="substances.use_needs_a_disorder",
        severity=ADVISE,
        source="I.C.5.b.3",
        message="{code} is mere use and stands only where the provider ties it to a disorder or disease.",
        mend="Leave {code} out where the use is merely noted.",
    )
    return tuple(ruling.on(f"{s}.90") for s in _SUBSTANCES if f"{s}.90" in case.codes)


def bodily_disease_is_no_induced_disorder(case: Case) -> Findings:
    """A bodily disease from drinking takes the plain pattern, not an induced disorder."""
    ruling = Ruling(
        rule="substances.bodily_disease",
        severity=MUST_RESOLVE,
        source="I.C.5.b.4",
        message="{code} is for disorders of the mind, and {other} is a disease of the body.",
        mend="Report the pattern without an induced disorder.",
    )
    induced = {"F10.188": "F10.10", "F10.288": "F10.20", "F10.988": "F10.90"}
    return tuple(f for code, plain in induced.items() for f in apart(case, family(code), _BODILY, ruling, plain))


def blood_alcohol_needs_disorder(case: Case) -> Findings:
    """A blood alcohol level goes with an alcohol disorder that the provider documents."""
    ruling = Ruling(
        rule="substances.blood_alcohol",
        severity=MUST_RESOLVE,
        source="I.C.5.b.5, I.B.14",
        message="{code} stands without an alcohol disorder.",
        mend="Leave {code} out, unless the provider documents one.",
    )
    return partnered(case, family("Y90"), family("F10 T51 O99.31 R78.0"), ruling)


def tobacco_use_or_dependence(case: Case) -> Findings:
    """Dependence is reported instead of mere tobacco use."""
    ruling = Ruling(
        rule="substances.tobacco_use_or_dependence",
        severity=REJECT,
        source="I.C.5.b.2",
        message="{code} is outranked by {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Z72.0"), family("F17"), ruling)


def tobacco_past_or_present(case: Case) -> Findings:
    """Past dependence is not reported beside present dependence or use."""
    ruling = Ruling(
        rule="substances.tobacco_past_or_present",
        severity=MUST_RESOLVE,
        source="I.C.21.c.4",
        message="{code} says that the smoking is past and {other} that it goes on.",
        mend="Keep {other} while any tobacco is used.",
    )
    return apart(case, family("Z87.891"), family("F17 Z72.0"), ruling)


def maintenance_is_no_pain_therapy(case: Case) -> Findings:
    """Methadone or buprenorphine for dependence is no long-term opiate analgesic."""
    ruling = Ruling(
        rule="substances.maintenance",
        severity=MUST_RESOLVE,
        source="I.C.21.c.3",
        message="{code} is for opiates against pain, and {other} is dependence.",
        mend="Leave {code} out where the drug treats the dependence.",
    )
    return apart(case, family("Z79.891"), family("F11.2"), ruling)


def _gravity(code: str) -> int:
    return _GRAVITY.get(code[4:5], -1)


RULES: Final[tuple[Rule, ...]] = (
    gravest_pattern,
    plain_beside_effect,
    one_withdrawal,
    remission_or_not,
    remission_is_documented,
    use_needs_a_disorder,
    bodily_disease_is_no_induced_disorder,
    blood_alcohol_needs_disorder,
    tobacco_use_or_dependence,
    tobacco_past_or_present,
    maintenance_is_no_pain_therapy,
)
