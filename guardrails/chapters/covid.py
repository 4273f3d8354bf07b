"""COVID-19, what follows it, and the other codes of chapter 22 (I.C.1.g, I.C.22)."""

from __future__ import annotations

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
    in_order,
    never_first,
    partnered,
)

_INFECTION: Final = family("U07.1")
_AFTERMATH: Final = family("U09.9")
_MAY_LEAD: Final = family("O A40-A41 T86 P Z38")
"""Obstetric, sepsis, transplant and newborn rules put their own code ahead of U07.1."""


def pneumonia_behind_covid(case: Case) -> Findings:
    """J12.82 stands behind U07.1."""
    ruling = Ruling(
        rule="covid.pneumonia_behind",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.c, I.C.1.g.1.c.i",
        message="{code} stands ahead of {other}.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, _INFECTION, family("J12.82"), ruling)


def pneumonia_needs_covid(case: Case) -> Findings:
    """J12.82 never stands without the infection."""
    ruling = Ruling(
        rule="covid.pneumonia_needs_infection",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.c.i",
        message="{code} is pneumonia due to COVID-19 and the infection is not reported.",
        mend="Put U07.1 ahead of it, or choose another pneumonia.",
    )
    return partnered(case, family("J12.82"), family("U07.1 U09.9"), ruling, "U07.1")


def manifestation_behind_covid(case: Case) -> Findings:
    """Lung disease and other manifestations follow U07.1 where COVID-19 is the reason for care."""
    if case.codes and case.codes[0] in _MAY_LEAD:
        return ()
    ruling = Ruling(
        rule="covid.manifestation_behind",
        severity=ADVISE,
        source="I.C.1.g.1.b, I.C.1.g.1.c, I.C.1.g.1.d",
        message="{code} stands ahead of {other}.",
        mend="Put {other} first where {code} is due to COVID-19.",
    )
    return in_order(case, _INFECTION, family("J20.8 J22 J40 J80 J96.0 J98.8 A08.39 M35.81 R05 R06 R50"), ruling)


def covid_leads_in_inflammatory_syndrome(case: Case) -> Findings:
    """The multisystem inflammatory syndrome names what it comes from: infection, aftermath or exposure."""
    ruling = Ruling(
        rule="covid.inflammatory_syndrome",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.l",
        message="{code} stands without a code for the infection, its aftermath or the exposure.",
        mend="Add U07.1 for a current infection, U09.9 for a past one, Z20.822 for mere exposure.",
    )
    return partnered(case, family("M35.81"), family("U07.1 U09.9 Z20.822"), ruling, "U07.1", "U09.9", "Z20.822")


def exposure_beside_covid(case: Case) -> Findings:
    """A confirmed infection replaces exposure and screening, with or without symptoms."""
    ruling = Ruling(
        rule="covid.exposure_beside_infection",
        severity=REJECT,
        source="I.C.1.g.1.e, I.C.1.g.1.h",
        message="{code} is not reported beside the confirmed infection {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Z20.822 Z11.52"), _INFECTION, ruling)


def covid_screening_without_cause(case: Case) -> Findings:
    """Screening is for people with neither symptoms nor known exposure."""
    ruling = Ruling(
        rule="covid.screening_without_cause",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.f, I.C.1.g.1.g",
        message="{code} is screening, and {other} is a reason to test.",
        mend="Leave {code} out; report the symptoms, and Z20.822 for an exposure.",
    )
    return apart(case, family("Z11.52"), family("Z20.822 R05 R06.0 R50.9 R43"), ruling)


def covid_twice_in_time(case: Case) -> Findings:
    """A past infection and a present one on one record need an explanation."""
    ruling = Ruling(
        rule="covid.past_and_present",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.i",
        message="{code} says that the infection is over and {other} that it is present.",
        mend="Keep the one that the record supports.",
    )
    return apart(case, family("Z86.16"), _INFECTION, ruling)


def aftermath_replaces_history(case: Case) -> Findings:
    """What COVID-19 leaves behind is U09.9 and not history."""
    ruling = Ruling(
        rule="covid.aftermath_replaces_history",
        severity=REJECT,
        source="I.C.1.g.1.m, I.C.1.g.1.i",
        message="{code} is not reported beside {other}: effects that last are no mere history.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Z86.16"), _AFTERMATH, ruling)


def aftermath_behind_its_condition(case: Case) -> Findings:
    """The lasting symptom or disease goes first and U09.9 behind it."""
    if len(case.codes) < 2:
        return ()
    ruling = Ruling(
        rule="covid.aftermath_never_first",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.m",
        message="{code} stands ahead of the condition that COVID-19 left behind.",
        mend="Put the lasting symptom or disease ahead of {code}.",
    )
    return never_first(case, _AFTERMATH, ruling)


def recovered_check_up(case: Case) -> Findings:
    """Z09 is for a recovered person; complaints that remain are coded with U09.9."""
    ruling = Ruling(
        rule="covid.recovered_check_up",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.j",
        message="{code} is a check-up after recovery and {other} says that effects remain.",
        mend="Leave {code} out, or drop {other} where nothing remains.",
    )
    return apart(case, family("Z09"), _AFTERMATH, ruling)


def antibody_test(case: Case) -> Findings:
    """An antibody test is neither a test for the present infection nor a check of recovery."""
    ruling = Ruling(
        rule="covid.antibody_test",
        severity=MUST_RESOLVE,
        source="I.C.1.g.1.k",
        message="{code} is an antibody test and {other} says that the test was for something else.",
        mend="Keep {code} only where neither a present infection nor recovery from one was looked for.",
    )
    return apart(case, family("Z01.84"), family("U07.1 Z11.52 Z20.822"), ruling)


def vaping_disorder_first(case: Case) -> Findings:
    """U07.0 leads for any condition due to vaping."""
    ruling = Ruling(
        rule="covid.vaping_disorder_first",
        severity=MUST_RESOLVE,
        source="I.C.10.e, I.C.22",
        message="{code} stands ahead of {other}.",
        mend="Put {other} first.",
    )
    return in_order(case, family("U07.0"), family("J68 J69 J80 J82 J84 J96 R09 R11"), ruling)


def vaping_disorder_holds_cough(case: Case) -> Findings:
    """Cough and breathlessness belong to the lung injury."""
    ruling = Ruling(
        rule="covid.vaping_disorder_holds_cough",
        severity=REJECT,
        source="I.C.10.e",
        message="{code} belongs to the vaping disorder {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("R05 R06.0 R06.2 R07.1"), family("U07.0"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    pneumonia_behind_covid,
    pneumonia_needs_covid,
    manifestation_behind_covid,
    covid_leads_in_inflammatory_syndrome,
    exposure_beside_covid,
    covid_screening_without_cause,
    covid_twice_in_time,
    aftermath_replaces_history,
    aftermath_behind_its_condition,
    recovered_check_up,
    antibody_test,
    vaping_disorder_first,
    vaping_disorder_holds_cough,
)
