"""Sepsis, severe sepsis, septic shock, SIRS (I.C.1.d, I.C.18.g)."""

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
    in_order,
    never_first,
    partnered,
    quoting,
)

SEPSIS: Final = family("A40-A41")
SEVERE: Final = family("R65.2")
SYSTEMIC: Final = family(
    "A40-A41 A02.1 A20.7 A21.7 A22.7 A24.1 A26.7 A28.2 A32.7 A39.2 A39.3 A39.4 A42.7 A48.3 A54.86 B00.7 B37.7 P36 P37 "
    "O03.37 O03.87 O04.87 O07.37 O08.82 O75.3 O85 O86.04 O98.8 T80.2 T81.44 T88.0 U07.1"
)
"""Infections of the whole body, behind which severe sepsis may stand."""

ORGAN_FAILURES: Final = family(
    "N17 J96.0 J96.2 J80 K72.0 K76.2 D65 D69.5 D69.6 D68.8 E87.2 E27.4 G92 G93.4 G62.81 G72.81 I46 I50 I51.81 R40.2 "
    "R57 P28.5 P91.6 N19 O90.4 I21 K76.7 R41.0 F05 R34"
)
_LOCAL: Final = family(
    "J09-J18 J20-J22 J69 J85-J86 K35 K57 K61 K63.0 K65 K81 K83.0 L00-L08 M00 M86 N10-N12 N30 N39.0 N41 N73"
)
_SITE_OF_PROCEDURE: Final = family("T81.40 T81.41 T81.42 T81.43 T81.49 O86.00 O86.01 O86.02 O86.03 O86.09 T80.2 T88.0")
_UROSEPSIS: Final = re.compile(r"\burosepsis\b")


def severe_sepsis_never_first(case: Case) -> Findings:
    """Severe sepsis and septic shock stand behind the infection on every record."""
    ruling = Ruling(
        rule="sepsis.severe_never_first",
        severity=MUST_RESOLVE,
        source="I.C.1.d.2, I.C.1.d.3",
        message="{code} is never the first or principal code.",
        mend="Put the systemic infection first and {code} behind it.",
    )
    return never_first(case, SEVERE, ruling)


def severe_sepsis_behind_infection(case: Case) -> Findings:
    """The systemic infection stands ahead of R65.2-."""
    ruling = Ruling(
        rule="sepsis.severe_behind_infection",
        severity=MUST_RESOLVE,
        source="I.C.1.d.1.b",
        message="{code} stands ahead of {other}, the infection behind the severe sepsis.",
        mend="Put {other} ahead of {code}.",
    )
    leads = case.first is not None and case.first.code in SEVERE
    return () if leads else in_order(case, SYSTEMIC, SEVERE, ruling)


def severe_sepsis_needs_infection(case: Case) -> Findings:
    """At least two codes: R65.2- never stands without the systemic infection."""
    ruling = Ruling(
        rule="sepsis.severe_needs_infection",
        severity=MUST_RESOLVE,
        source="I.C.1.d.1.b",
        message="{code} stands without a systemic infection.",
        mend="Report the infection first, A41.9 where the germ is not known, or leave {code} out.",
    )
    return partnered(case, SEVERE, SYSTEMIC, ruling, "A41.9")


def severe_sepsis_needs_organ(case: Case) -> Findings:
    """R65.20 means that an organ fails; the organ is reported too."""
    ruling = Ruling(
        rule="sepsis.severe_needs_organ",
        severity=MUST_RESOLVE,
        source="I.C.1.d.1.a, I.C.1.d.1.a.iii, I.C.1.d.1.b",
        message="{code} is reported and no failing organ is.",
        mend="Add the acute organ failure that the provider ties to the sepsis, or leave {code} out.",
    )
    return partnered(case, family("R65.20"), ORGAN_FAILURES, ruling)


def shock_replaces_severe_sepsis(case: Case) -> Findings:
    """One code of R65.2: with shock it is R65.21 alone."""
    ruling = Ruling(
        rule="sepsis.shock_replaces_severe",
        severity=REJECT,
        source="I.C.1.d.2",
        message="{code} is severe sepsis without shock and {other} is septic shock.",
        mend="Keep {other} and leave {code} out.",
    )
    return apart(case, family("R65.20"), family("R65.21"), ruling)


def sirs_beside_severe_sepsis(case: Case) -> Findings:
    """Only one code of R65: the noninfectious one goes as soon as severe sepsis is coded."""
    ruling = Ruling(
        rule="sepsis.sirs_beside_severe",
        severity=REJECT,
        source="I.C.1.d.6",
        message="{code} is not reported beside {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("R65.1"), SEVERE, ruling)


def sirs_is_not_infectious(case: Case) -> Findings:
    """R65.1- is SIRS without infection; an infection of the whole body contradicts it."""
    ruling = Ruling(
        rule="sepsis.sirs_not_infectious",
        severity=MUST_RESOLVE,
        source="I.C.18.g",
        message="{code} is SIRS without infection and {other} is sepsis.",
        mend="Keep the one that the provider documents.",
    )
    return apart(case, family("R65.1"), SEPSIS, ruling)


def sirs_never_first(case: Case) -> Findings:
    """The injury or disease behind SIRS goes first."""
    ruling = Ruling(
        rule="sepsis.sirs_never_first",
        severity=MUST_RESOLVE,
        source="I.C.18.g",
        message="{code} stands behind the disease that led to it.",
        mend="Put the trauma, pancreatitis or other cause first.",
    )
    return never_first(case, family("R65.1"), ruling)


def sirs_organ(case: Case) -> Findings:
    """R65.11 says that an organ fails; the organ is reported too."""
    ruling = Ruling(
        rule="sepsis.sirs_organ",
        severity=MUST_RESOLVE,
        source="I.C.18.g",
        message="{code} says that an organ fails and no failing organ is reported.",
        mend="Add the organ failure, or report R65.10.",
    )
    return partnered(case, family("R65.11"), ORGAN_FAILURES, ruling, "R65.10")


def sepsis_before_local_infection(case: Case) -> Findings:
    """With both at admission, sepsis goes ahead of pneumonia, cellulitis and the like."""
    present = {line.code for line in case.diagnoses if line.poa == "Y"}
    late = {line.code for line in case.diagnoses if line.poa == "N"}
    sepsis = SEPSIS.among(case.codes)
    if not sepsis or sepsis[0] in late or case.codes[0] not in _LOCAL:
        return ()
    ruling = Ruling(
        rule="sepsis.before_local_infection",
        severity=MUST_RESOLVE if sepsis[0] in present else ADVISE,
        source="I.C.1.d.4",
        message="{code} stands ahead of {other}, which leads where both were there at admission.",
        mend="Put {other} first, unless the sepsis arose after admission.",
    )
    return in_order(case, SEPSIS, _LOCAL, ruling)


def postprocedural_shock(case: Case) -> Findings:
    """Septic shock after a procedure is T81.12-, never R65.21."""
    ruling = Ruling(
        rule="sepsis.postprocedural_shock",
        severity=REJECT,
        source="I.C.1.d.5.c",
        message="{code} is not reported beside {other}, the shock after a procedure.",
        mend="Keep {other} and leave {code} out.",
    )
    return apart(case, family("R65.21"), family("T81.12"), ruling)


def postprocedural_infection_first(case: Case) -> Findings:
    """The infected site, or the infusion that brought the germ, stands ahead of the sepsis."""
    ruling = Ruling(
        rule="sepsis.postprocedural_infection_first",
        severity=MUST_RESOLVE,
        source="I.C.1.d.5.b",
        message="{code} stands ahead of {other}, the infection after the procedure.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, _SITE_OF_PROCEDURE, SEPSIS, ruling)


def postprocedural_sepsis(case: Case) -> Findings:
    """Sepsis from an infected surgical site adds T81.44."""
    sites = family("T81.40 T81.41 T81.42 T81.43 T81.49").among(case.codes)
    if not sites or not SEPSIS.among(case.codes) or case.coded("T81.44"):
        return ()
    ruling = Ruling(
        rule="sepsis.postprocedural_sepsis",
        severity=ADVISE,
        source="I.C.1.d.5.b, I.C.1.d.5.a",
        message="{code} and sepsis are reported without the code for sepsis after a procedure.",
        mend="Add T81.44XA where the provider ties the sepsis to the procedure.",
    )
    return (ruling.on(sites[0], mend_codes=("T81.44XA",)),)


def hemolytic_uremic_syndrome_first(case: Case) -> Findings:
    """Hemolytic-uremic syndrome linked to sepsis leads."""
    ruling = Ruling(
        rule="sepsis.hemolytic_uremic_syndrome_first",
        severity=MUST_RESOLVE,
        source="I.C.1.d.9",
        message="{code} stands ahead of {other}.",
        mend="Put {other} first where the syndrome caused the admission.",
    )
    return in_order(case, family("D59.31"), SYSTEMIC, ruling)


def urosepsis_is_no_diagnosis(case: Case) -> Findings:
    """The word says neither sepsis nor a urinary infection; the provider is asked."""
    ruling = Ruling(
        rule="sepsis.urosepsis",
        severity=MUST_RESOLVE,
        source="I.C.1.d.1.a.ii",
        message="{code} rests on the word urosepsis, which has no code.",
        mend="Ask the provider whether sepsis, a urinary infection or something else is meant.",
    )
    return quoting(case, SEPSIS, _UROSEPSIS, ruling)


RULES: Final[tuple[Rule, ...]] = (
    severe_sepsis_never_first,
    severe_sepsis_behind_infection,
    severe_sepsis_needs_infection,
    severe_sepsis_needs_organ,
    shock_replaces_severe_sepsis,
    sirs_beside_severe_sepsis,
    sirs_is_not_infectious,
    sirs_never_first,
    sirs_organ,
    sepsis_before_local_infection,
    postprocedural_shock,
    postprocedural_infection_first,
    postprocedural_sepsis,
    hemolytic_uremic_syndrome_first,
    urosepsis_is_no_diagnosis,
)
