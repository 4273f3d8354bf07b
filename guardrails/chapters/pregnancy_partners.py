"""Diseases in pregnancy: the obstetric code that each of them stands behind (I.C.15.c to I.C.15.s)."""

from __future__ import annotations

from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    in_order,
    partnered,
)
from guardrails.chapters.pregnancy import OBSTETRIC


class _InPregnancy(NamedTuple):
    """A disease and the obstetric codes of which one must stand ahead of it."""

    disease: Family
    obstetric: Family
    shown: str
    source: str


_DEMANDED: Final = (
    _InPregnancy(family("B20 Z21"), family("O98.7"), "O98.7-", "I.C.15.f, I.C.1.a.2.g"),
    _InPregnancy(family("E08-E13"), family("O24"), "O24.-", "I.C.15.g, I.C.4.a.4"),
    _InPregnancy(family("U07.1"), family("O98.5"), "O98.5-", "I.C.15.s"),
    _InPregnancy(family("I10-I13"), family("O10 O11"), "O10.-", "I.C.15.c, I.C.15.d"),
    _InPregnancy(family("F10"), family("O99.31"), "O99.31-", "I.C.15.l.1"),
    _InPregnancy(family("F17"), family("O99.33"), "O99.33-", "I.C.15.l.2"),
    _InPregnancy(family("F11-F16 F18-F19"), family("O99.32"), "O99.32-", "I.C.15.l.3"),
    _InPregnancy(family("S00-S99 T07 T14 T20-T34 T36-T79"), family("O9A.2 O9A.3 O9A.4 O9A.5 O08 O03-O07"), "O9A.2-",
                 "I.C.15.m"),
    _InPregnancy(family("T74 T76"), family("O9A.3 O9A.4 O9A.5"), "O9A.3- to O9A.5-", "I.C.15.r"),
)  # fmt: skip
_USUAL: Final = (
    _InPregnancy(family("D50-D64"), family("O99.0 O90.81 O08 O72 O67"), "O99.0-", "I.C.15.a.1, I.C.15.c"),
    _InPregnancy(family("E00-E07"), family("O99.28 O90.5"), "O99.28-", "I.C.15.a.1, I.C.15.c"),
    _InPregnancy(family("E66"), family("O99.21"), "O99.21-", "I.C.15.a.1, I.C.15.c"),
    _InPregnancy(family("F20-F48"), family("O99.34 F53 O90.6"), "O99.34-", "I.C.15.a.1, I.C.15.c"),
    _InPregnancy(family("J00-J99"), family("O99.5 O98"), "O99.5-", "I.C.15.a.1, I.C.15.c"),
    _InPregnancy(family("N10-N12 N30 N39.0"), family("O23 O86.2 O08.83 O03-O07"), "O23.-", "I.C.15.a.1"),
)

_DRUGS: Final = family("Z79.4 Z79.84 Z79.85")
_GESTATIONAL: Final = family("O24.4")


def disease_has_its_obstetric_code(case: Case) -> Findings:
    """Diabetes, HIV, COVID-19, hypertension, substances, injuries: an obstetric code stands ahead of each."""
    if not OBSTETRIC.among(case.codes):
        return ()
    ruling = Ruling(
        rule="pregnancy.disease_has_its_code",
        severity=MUST_RESOLVE,
        source="",
        message="{code} is reported in pregnancy without its obstetric code.",
        mend="",
    )
    return tuple(f for row in _DEMANDED for f in _without(case, row, ruling))


def other_disease_has_its_obstetric_code(case: Case) -> Findings:
    """Other diseases in pregnancy are taken to complicate it, unless the provider says otherwise."""
    if not OBSTETRIC.among(case.codes) or case.coded("O80"):
        return ()
    ruling = Ruling(
        rule="pregnancy.other_disease_has_its_code",
        severity=ADVISE,
        source="",
        message="{code} is reported in pregnancy without an obstetric code for it.",
        mend="",
    )
    return tuple(f for row in _USUAL for f in _without(case, row, ruling))


def disease_behind_its_obstetric_code(case: Case) -> Findings:
    """The obstetric code stands ahead of the disease it is for."""
    ruling = Ruling(
        rule="pregnancy.disease_behind_its_code",
        severity=MUST_RESOLVE,
        source="",
        message="{code} stands ahead of {other}.",
        mend="Put {other} ahead of {code}.",
    )
    return tuple(
        finding
        for row in _DEMANDED
        for finding in in_order(case, row.obstetric, row.disease, ruling._replace(source=row.source))
    )


def known_diabetes_names_its_type(case: Case) -> Findings:
    """Diabetes that preceded the pregnancy adds its own code."""
    ruling = Ruling(
        rule="pregnancy.known_diabetes",
        severity=MUST_RESOLVE,
        source="I.C.15.g",
        message="{code} is diabetes from before the pregnancy, and its kind is not reported.",
        mend="Add the code from E08-E13 behind {code}.",
    )
    return partnered(case, family("O24.0 O24.1 O24.3 O24.8"), family("E08-E13"), ruling)


def gestational_diabetes_alone(case: Case) -> Findings:
    """O24.4- is the only diabetes code of its record."""
    ruling = Ruling(
        rule="pregnancy.gestational_diabetes_alone",
        severity=MUST_RESOLVE,
        source="I.C.15.i",
        message="{code} is not reported beside gestational diabetes ({other}).",
        mend="Keep {other} where the diabetes came with the pregnancy, else {code}.",
    )
    return apart(case, family("O24 E08-E13", but="O24.4"), _GESTATIONAL, ruling)


def gestational_diabetes_holds_drugs(case: Case) -> Findings:
    """O24.4- says how it is controlled; the drug codes are left out."""
    ruling = Ruling(
        rule="pregnancy.gestational_drugs",
        severity=REJECT,
        source="I.C.15.i, I.C.15.h",
        message="{code} is not reported with gestational diabetes ({other}).",
        mend="Leave {code} out; the last character of {other} tells the control.",
    )
    return apart(case, _DRUGS, _GESTATIONAL, ruling)


def one_control_of_gestational_diabetes(case: Case) -> Findings:
    """Diet with insulin is insulin, diet with tablets is tablets: one code."""
    ruling = Ruling(
        rule="pregnancy.gestational_control",
        severity=MUST_RESOLVE,
        source="I.C.15.i",
        message="{code} and {other} give one gestational diabetes two kinds of control.",
        mend="Keep insulin ahead of tablets and tablets ahead of diet.",
    )
    found = _GESTATIONAL.among(case.codes)
    return (ruling.on(*found),) if len(found) > 1 else ()


def known_hypertension_names_its_kind(case: Case) -> Findings:
    """O10.1-, O10.2- and O10.3- add the heart or kidney disease from I11-I13."""
    ruling = Ruling(
        rule="pregnancy.known_hypertension",
        severity=MUST_RESOLVE,
        source="I.C.15.d",
        message="{code} stands without the hypertensive heart or kidney disease.",
        mend="Add the code from I11-I13.",
    )
    heart = partnered(case, family("O10.1"), family("I11"), ruling)
    kidney = partnered(case, family("O10.2"), family("I12"), ruling)
    return (*heart, *kidney, *partnered(case, family("O10.3"), family("I13"), ruling))


def essential_hypertension_is_in_the_code(case: Case) -> Findings:
    """O10.0- carries essential hypertension."""
    ruling = Ruling(
        rule="pregnancy.essential_hypertension",
        severity=REJECT,
        source="I.C.15.d",
        message="{code} is held by {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("I10"), family("O10-O11"), ruling)


def puerperal_sepsis_names_the_germ(case: Case) -> Findings:
    """O85 goes with B95 or B96, not with A40 or A41, and is not for sepsis after a procedure."""
    ruling = Ruling(
        rule="pregnancy.puerperal_sepsis",
        severity=REJECT,
        source="I.C.15.k",
        message="{code} is not reported with {other}.",
        mend="Report the germ from B95-B96 behind {other}.",
    )
    procedure = ruling._replace(
        rule="pregnancy.sepsis_after_procedure",
        severity=MUST_RESOLVE,
        message="{code} is not for sepsis after an obstetric procedure ({other}).",
        mend="Leave {code} out.",
    )
    germ = apart(case, family("A40-A41"), family("O85"), ruling)
    return (*germ, *apart(case, family("O85"), family("O86.04"), procedure))


def bleeding_after_abortion(case: Case) -> Findings:
    """O72 means bleeding after birth of a child."""
    ruling = Ruling(
        rule="pregnancy.bleeding_after_abortion",
        severity=REJECT,
        source="I.C.15.q.4",
        message="{code} is bleeding after a birth, and {other} is an abortion.",
        mend="Leave {code} out; O04.6 is bleeding after an elective abortion.",
    )
    return apart(case, family("O72"), family("O03-O08"), ruling)


def late_effect_behind(case: Case) -> Findings:
    """O94 stands behind what was left."""
    first = case.codes[0] if case.codes else ""
    ruling = Ruling(
        rule="pregnancy.late_effect_behind",
        severity=MUST_RESOLVE,
        source="I.C.15.p.1, I.C.15.p.3",
        message="{code} is a late effect and never comes first.",
        mend="Put the condition that was left ahead of {code}.",
    )
    return (ruling.on(first),) if first.startswith("O94") else ()


def _without(case: Case, row: _InPregnancy, ruling: Ruling) -> Findings:
    says = ruling._replace(source=row.source, mend=f"Put a code from {row.shown} ahead of {{code}}.")
    return partnered(case, row.disease, row.obstetric, says)[:1]


RULES: Final[tuple[Rule, ...]] = (
    disease_has_its_obstetric_code,
    other_disease_has_its_obstetric_code,
    disease_behind_its_obstetric_code,
    known_diabetes_names_its_type,
    gestational_diabetes_alone,
    gestational_diabetes_holds_drugs,
    one_control_of_gestational_diabetes,
    known_hypertension_names_its_kind,
    essential_hypertension_is_in_the_code,
    puerperal_sepsis_names_the_germ,
    bleeding_after_abortion,
    late_effect_behind,
)
