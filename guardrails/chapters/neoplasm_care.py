"""Encounters for a neoplasm: therapy, follow-up, prevention, receptor status (I.C.2.e, I.C.2.p, I.C.2.q, I.C.21.c)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    never_first,
    only_first,
    partnered,
)

_THERAPY: Final = family("Z51.0 Z51.1")
_BRACHYTHERAPY: Final = re.compile(r"brachytherap|radioactive (?:seed|implant|element|source)|seed implant|i-?125 seed")


def therapy_first(case: Case) -> Findings:
    """A visit mainly for chemotherapy, immunotherapy or radiation leads with Z51."""
    ruling = Ruling(
        rule="neoplasms.therapy_first",
        severity=MUST_RESOLVE,
        source="I.C.2.e.2, I.C.2.a, IV.L, I.C.21.c.16",
        message="{code} stands behind {other}, and it is only for encounters made chiefly for that therapy.",
        mend="Put {code} first, or leave it out where the therapy was not the purpose of the encounter.",
    )
    if case.codes and case.codes[0].startswith("O"):
        return ()
    return only_first(case, _THERAPY, ruling)


def therapy_needs_cancer(case: Case) -> Findings:
    """The disease that is treated follows the Z51 code."""
    ruling = Ruling(
        rule="neoplasms.therapy_needs_cancer",
        severity=MUST_RESOLVE,
        source="I.C.2.e.2",
        message="{code} stands without the disease that is treated.",
        mend="Add the neoplasm behind {code}.",
    )
    return partnered(case, _THERAPY, family("C D H K L M E N"), ruling)


def brachytherapy_is_no_z51(case: Case) -> Findings:
    """With implanted sources the cancer leads and Z51.0 is not used."""
    ruling = Ruling(
        rule="neoplasms.brachytherapy",
        severity=MUST_RESOLVE,
        source="I.C.2.e.2, I.C.2.e.3",
        message="{code} is for external radiation, and the record speaks of implanted sources.",
        mend="Put the cancer first and leave {code} out.",
    )
    lines = [line for line in case.diagnoses if line.code.startswith("Z51.0")]
    return tuple(ruling.on(line.code) for line in lines if _BRACHYTHERAPY.search(case.words_of(line)))


def follow_up_of_present_cancer(case: Case) -> Findings:
    """Z08 is surveillance after all treatment; a cancer that is back or treated takes its place."""
    ruling = Ruling(
        rule="neoplasms.follow_up_of_present_cancer",
        severity=MUST_RESOLVE,
        source="I.C.2.p, I.C.21.c.8",
        message="{code} is follow-up after completed treatment, and {other} is a cancer that is present.",
        mend="Leave {code} out where {other} is the same cancer.",
    )
    return apart(case, family("Z08"), family("C00-C96", but="C44"), ruling)


def preventive_removal_has_no_cancer(case: Case) -> Findings:
    """Z40.0- is not for an organ that is removed because of its own cancer."""
    ruling = Ruling(
        rule="neoplasms.preventive_removal",
        severity=MUST_RESOLVE,
        source="I.C.2.q, I.C.21.c.14",
        message="{code} is preventive removal, and {other} is a cancer of that organ.",
        mend="Report {other} and leave {code} out, unless the other side is meant.",
    )
    breast = apart(case, family("Z40.01"), family("C50 D05"), ruling)
    return (*breast, *apart(case, family("Z40.02"), family("C56 D07.3"), ruling))


def cancer_status_never_first(case: Case) -> Findings:
    """Receptor status describes a cancer and never comes first."""
    ruling = Ruling(
        rule="neoplasms.status_never_first",
        severity=MUST_RESOLVE,
        source="I.C.21.c.3",
        message="{code} describes a disease and never comes first.",
        mend="Put the disease ahead of {code}.",
    )
    return never_first(case, family("Z15 Z17 Z19"), ruling)


def one_receptor_status(case: Case) -> Findings:
    """A combined receptor status holds the single one."""
    ruling = Ruling(
        rule="neoplasms.one_receptor_status",
        severity=MUST_RESOLVE,
        source="I.B.2, I.C.21.c.3",
        message="{code} is held by {other}, which names more receptors.",
        mend="Leave {code} out, unless there are two tumors.",
    )
    return apart(case, family("Z17.0 Z17.1 Z17.2"), family("Z17.3 Z17.4"), ruling)


def radiation_ends_with_history(case: Case) -> Findings:
    """Past radiation is not reported while radiation is given."""
    ruling = Ruling(
        rule="neoplasms.radiation_present_and_past",
        severity=REJECT,
        source="I.C.21.c.4",
        message="{code} says that radiation is over and {other} that it is given now.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Z92.3"), family("Z51.0"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    therapy_first,
    therapy_needs_cancer,
    brachytherapy_is_no_z51,
    follow_up_of_present_cancer,
    preventive_removal_has_no_cancer,
    cancer_status_never_first,
    one_receptor_status,
    radiation_ends_with_history,
)
