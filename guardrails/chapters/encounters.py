"""Reasons for an encounter: screening, follow-up, observation, examination, preoperative clearance (I.C.21.c, IV)."""

from __future__ import annotations

from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    never_first,
    only_first,
    partnered,
)
from medcoding.encounter import Setting

_LEADING: Final = family(
    "Z00-Z02 Z04 Z31.81 Z31.82 Z31.83 Z31.84 Z33.2 Z34 Z39 Z40 Z42 Z52 Z76.1 Z76.2 Z99.12", but="Z00.6 Z01.84 Z01.89"
)
"""Those that may only lead. Z38 and Z51.0, Z51.1- have rules of their own."""

_BESIDE_LEADING: Final = family("O Z38 Z51.0 Z51.1 Z03.7")
_SCREENED: Final[tuple[tuple[Family, Family], ...]] = (
    (family("Z12.1"), family("K63.5 D12 K57 K64 K62.1 C18-C20")),
    (family("Z12.3"), family("R92 D05 D24 N60")),
    (family("Z12.4"), family("R87.6 N87 D06")),
    (family("Z12.5"), family("R97.2")),
    (family("Z13.82"), family("M81 M85")),
)
"""A screening and what is found at it."""

_TESTED_FOR: Final[tuple[tuple[Family, Family], ...]] = (
    (family("Z12.1"), family("K62.5 K92.1 K92.2 R19.4 R19.5 R10")),
    (family("Z12.3"), family("N63 N64.4 N64.5")),
    (family("Z12.5"), family("R97.2")),
    (family("Z11.3"), family("R36 N34 A54 A56")),
    (family("Z13.1"), family("E08-E13")),
    (family("Z13.220"), family("E78")),
    (family("Z13.6"), family("I10-I15")),
    (family("Z13.820"), family("M80-M81")),
)
"""A screening, and the sign or disease that makes it a diagnostic test."""

_ABNORMAL: Final[tuple[tuple[Family, str], ...]] = (
    (family("Z00.00"), "Z00.01"),
    (family("Z00.129"), "Z00.121"),
    (family("Z01.419"), "Z01.411"),
    (family("Z00.110"), ""),
)
_FINDINGS: Final = family("R70-R94 R03 R01 N63 R59 R16 R19.0 R22")
_WITH_FINDING: Final = family("Z00.01 Z00.121 Z01.411 Z01.01 Z01.110 Z01.118")
_VAGUE: Final = family("Z02.9 Z04.9 Z13.9 Z41.9 Z52.9 Z86.59 Z88.9 Z92.0")
_OBSTACLE: Final = family("Z53")


def leading_code_leads(case: Case) -> Findings:
    """A listed group of Z codes may only stand first."""
    ruling = Ruling(
        rule="encounters.leading",
        severity=MUST_RESOLVE,
        source="I.C.21.c.16, I.C.21.a",
        message="{code} may only come first and stands behind {other}.",
        mend="Put {code} first where it is the reason for the encounter, else leave it out.",
    )
    if not case.codes or case.codes[0] in _BESIDE_LEADING:
        return ()
    return only_first(case, _LEADING, ruling)


def screening_leads(case: Case) -> Findings:
    """Screening leads if it is the reason for the visit, even when something is found."""
    ruling = Ruling(
        rule="encounters.screening_leads",
        severity=MUST_RESOLVE,
        source="I.C.21.c.5, IV.Q",
        message="{code} stands ahead of the screening {other}.",
        mend="Put {other} first and what was found behind it.",
    )
    first = case.codes[0] if case.codes else ""
    screened = (screening.among(case.codes) for screening, found in _SCREENED if first in found)
    return tuple(ruling.on(first, codes[0], mend_codes=(codes[0], first)) for codes in screened if codes)


def screening_without_symptom(case: Case) -> Findings:
    """A test for a sign, a symptom or a known disease is no screening."""
    ruling = Ruling(
        rule="encounters.screening_without_symptom",
        severity=MUST_RESOLVE,
        source="I.C.21.c.5, IV.Q, I.C.1.a.2.h",
        message="{code} is screening, and {other} is a reason to test.",
        mend="Leave {code} out and report {other}.",
    )
    return tuple(f for screening, sign in _TESTED_FOR for f in apart(case, screening, sign, ruling))


def screening_in_the_examination(case: Case) -> Findings:
    """The Pap test is part of the gynecological examination."""
    ruling = Ruling(
        rule="encounters.screening_in_examination",
        severity=REJECT,
        source="I.C.21.c.5",
        message="{code} is part of {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Z12.4"), family("Z01.41"), ruling)


def follow_up_names_history(case: Case) -> Findings:
    """Follow-up after a disease that is gone is followed by its history."""
    ruling = Ruling(
        rule="encounters.follow_up_history",
        severity=MUST_RESOLVE,
        source="I.C.21.c.8, I.C.2.p",
        message="{code} is follow-up after a disease that is gone, and its history is not reported.",
        mend="Add the history code.",
    )
    cancer = partnered(case, family("Z08"), family("Z85 Z86.0"), ruling)
    return (*cancer, *partnered(case, family("Z09"), family("Z86-Z87 Z85 Z98"), ruling))


def follow_up_or_aftercare(case: Case) -> Findings:
    """Follow-up is after the treatment, aftercare is part of it."""
    ruling = Ruling(
        rule="encounters.follow_up_or_aftercare",
        severity=MUST_RESOLVE,
        source="I.C.21.c.7, I.C.21.c.8",
        message="{code} says that treatment is complete and {other} that it is not.",
        mend="Keep {other} while healing or treatment goes on.",
    )
    return apart(case, family("Z08 Z09"), family("Z47 Z48 Z51.0 Z51.1"), ruling)


def observation_found_nothing(case: Case) -> Findings:
    """Observation codes are for a suspicion ruled out, without injury, sign or symptom of it."""
    ruling = Ruling(
        rule="encounters.observation_found_nothing",
        severity=MUST_RESOLVE,
        source="I.C.21.c.6",
        message="{code} says that nothing was found, and {other} was.",
        mend="Report {other} and leave {code} out where it belongs to the suspicion.",
    )
    poison = apart(case, family("Z03.6"), family("T36-T65 R"), ruling)
    return (*poison, *apart(case, family("Z04.1 Z04.2 Z04.3"), family("S T07 T14 T20-T32 T51-T65"), ruling))


def examination_with_findings(case: Case) -> Findings:
    """A new abnormal finding makes the examination one with abnormal findings."""
    ruling = Ruling(
        rule="encounters.examination_with_findings",
        severity=MUST_RESOLVE,
        source="IV.P, I.C.21.c.13",
        message="{code} says that nothing abnormal was found, and {other} is a finding.",
        mend="Report the examination with abnormal findings, unless {other} was known and stable.",
    )
    return tuple(
        f for plain, right in _ABNORMAL for f in apart(case, plain, _FINDINGS, ruling, *filter(None, (right,)))
    )


def findings_are_reported(case: Case) -> Findings:
    """An examination with abnormal findings is followed by them."""
    ruling = Ruling(
        rule="encounters.findings_reported",
        severity=MUST_RESOLVE,
        source="IV.P, I.C.21.c.13",
        message="{code} says that something abnormal was found, and nothing is reported.",
        mend="Add the finding, or report the examination without abnormal findings.",
    )
    return partnered(case, _WITH_FINDING, family("A B C D E F G H I J K L M N O P Q R S T U"), ruling)


def with_or_without_findings(case: Case) -> Findings:
    """One examination is with or without abnormal findings."""
    ruling = Ruling(
        rule="encounters.with_or_without_findings",
        severity=MUST_RESOLVE,
        source="IV.P",
        message="{code} and {other} contradict each other.",
        mend="Keep the one that is right when the visit is coded.",
    )
    general = apart(case, family("Z00.00"), family("Z00.01"), ruling)
    child = apart(case, family("Z00.129"), family("Z00.121"), ruling)
    return (*general, *child, *apart(case, family("Z01.419"), family("Z01.411"), ruling))


def preoperative_names_the_reason(case: Case) -> Findings:
    """Clearance for an operation is followed by what is operated on."""
    ruling = Ruling(
        rule="encounters.preoperative_reason",
        severity=MUST_RESOLVE,
        source="IV.M, I.C.21.c.13",
        message="{code} stands without the reason for the operation.",
        mend="Add the condition to be operated on behind {code}.",
    )
    return partnered(case, family("Z01.81"), family("A C D E F G H I J K L M N O Q R S T Z4 Z3 Z85 Z90"), ruling)


def obstacle_never_first(case: Case) -> Findings:
    """A treatment that fell through is not the reason for the encounter."""
    ruling = Ruling(
        rule="encounters.obstacle_never_first",
        severity=MUST_RESOLVE,
        source="II.F, IV.A.1",
        message="{code} tells why a treatment was not given and never comes first.",
        mend="Put the condition that was to be treated first.",
    )
    return never_first(case, _OBSTACLE, ruling)


def vague_reason(case: Case) -> Findings:
    """Some Z codes say too little for a stay and little enough for a visit."""
    ruling = Ruling(
        rule="encounters.vague",
        severity=MUST_RESOLVE if case.setting is Setting.INPATIENT else ADVISE,
        source="I.C.21.c.15",
        message="{code} says so little that it is hardly ever justified.",
        mend="Report the specific reason, allergy or history.",
    )
    return tuple(ruling.on(code) for code in _VAGUE.among(case.codes))


def usual_talk_before_a_shot(case: Case) -> Findings:
    """Counseling on vaccine safety is not the usual talk that goes with a shot."""
    ruling = Ruling(
        rule="encounters.vaccine_counseling",
        severity=MUST_RESOLVE,
        source="I.C.21.c.10",
        message="{code} is for concerns over vaccine safety, and a vaccine was given ({other}).",
        mend="Leave {code} out where it was the usual talk before the shot.",
    )
    return apart(case, family("Z71.85"), family("Z23"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    leading_code_leads,
    screening_leads,
    screening_without_symptom,
    screening_in_the_examination,
    follow_up_names_history,
    follow_up_or_aftercare,
    observation_found_nothing,
    examination_with_findings,
    findings_are_reported,
    with_or_without_findings,
    preoperative_names_the_reason,
    obstacle_never_first,
    vague_reason,
    usual_talk_before_a_shot,
)
