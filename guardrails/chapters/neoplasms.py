"""Neoplasms: primary and spread, present and past, what they bring with them (I.C.2)."""

from __future__ import annotations

from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    Findings,
    Ruling,
    apart,
    in_order,
    partnered,
)

MALIGNANT: Final = family("C00-C96")
NEOPLASM: Final = family("C00-C96 D00-D49")
SECONDARY: Final = family("C77-C79 C7B")
_PRIMARY: Final = family("C00-C96", but="C77 C78 C79 C7B C80")
_LYMPHOMA: Final = family("C81-C88")

FORMER_AND_PRESENT: Final[tuple[tuple[Family, Family], ...]] = (
    (family("Z85.00 Z85.01"), family("C15")),
    (family("Z85.02"), family("C16")),
    (family("Z85.03"), family("C18")),
    (family("Z85.04"), family("C19-C21")),
    (family("Z85.05"), family("C22")),
    (family("Z85.07"), family("C25")),
    (family("Z85.11"), family("C34")),
    (family("Z85.21"), family("C32")),
    (family("Z85.3"), family("C50")),
    (family("Z85.41"), family("C53")),
    (family("Z85.42"), family("C54-C55")),
    (family("Z85.43"), family("C56")),
    (family("Z85.46"), family("C61")),
    (family("Z85.47"), family("C62")),
    (family("Z85.51"), family("C67")),
    (family("Z85.52"), family("C64-C65")),
    (family("Z85.6"), family("C91-C95")),
    (family("Z85.71"), family("C81")),
    (family("Z85.72"), family("C82-C85")),
    (family("Z85.820"), family("C43")),
    (family("Z85.841"), family("C71")),
    (family("Z85.850"), family("C73")),
)
"""Where a cancer was, and the codes of a cancer that is there now."""


def anemia_behind_cancer(case: Case) -> Findings:
    """Anemia due to a tumor stands behind the tumor, even if only the anemia is treated."""
    ruling = Ruling(
        rule="neoplasms.anemia_behind_cancer",
        severity=MUST_RESOLVE,
        source="I.C.2.c.1, I.C.2.l.4",
        message="{code} stands ahead of {other}, the tumor that causes the anemia.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, NEOPLASM, family("D63.0"), ruling)


def anemia_needs_cancer(case: Case) -> Findings:
    """D63.0 never stands without the tumor."""
    ruling = Ruling(
        rule="neoplasms.anemia_needs_cancer",
        severity=MUST_RESOLVE,
        source="I.C.2.c.1",
        message="{code} is anemia due to a tumor and no tumor is reported.",
        mend="Put the tumor ahead of it, or choose another anemia.",
    )
    return partnered(case, family("D63.0"), NEOPLASM, ruling)


def one_cause_of_anemia(case: Case) -> Findings:
    """Anemia comes from the tumor or from its treatment."""
    ruling = Ruling(
        rule="neoplasms.one_cause_of_anemia",
        severity=MUST_RESOLVE,
        source="I.C.2.c.1, I.C.2.c.2",
        message="{code} lays the anemia to the tumor and {other} to its treatment.",
        mend="Keep the cause that the provider documents.",
    )
    return apart(case, family("D63.0"), family("D64.81"), ruling)


def anemia_from_chemotherapy(case: Case) -> Findings:
    """Anemia from chemotherapy is an adverse effect; the drug is named."""
    ruling = Ruling(
        rule="neoplasms.anemia_from_chemotherapy",
        severity=ADVISE,
        source="I.C.2.c.2",
        message="{code} stands without the adverse effect code of the drug.",
        mend="Add T45.1X5A behind the anemia and the cancer.",
    )
    return partnered(case, family("D64.81"), family("T45.1X5"), ruling, "T45.1X5A")


def widespread_without_sites(case: Case) -> Findings:
    """C80.0 is for cancer of which no site is named."""
    ruling = Ruling(
        rule="neoplasms.widespread_without_sites",
        severity=MUST_RESOLVE,
        source="I.C.2.j",
        message="{code} means that no site is named, and {other} names one.",
        mend="Leave {code} out and report each known site.",
    )
    return apart(case, family("C80.0"), family("C00-C79 C7A C7B"), ruling)


def unknown_primary(case: Case) -> Findings:
    """C80.1 means that the primary cannot be determined."""
    ruling = Ruling(
        rule="neoplasms.unknown_primary",
        severity=MUST_RESOLVE,
        source="I.C.2.k",
        message="{code} means that the primary is unknown, and {other} is one.",
        mend="Leave {code} out.",
    )
    return apart(case, family("C80.1"), family("C00-C76 C7A C80.0"), ruling)


def spread_names_its_primary(case: Case) -> Findings:
    """A metastasis has a primary: present, unknown or past."""
    ruling = Ruling(
        rule="neoplasms.spread_names_its_primary",
        severity=ADVISE,
        source="I.C.2.b, I.C.2.d, I.C.2.l.2",
        message="{code} is a metastasis, and the primary is reported neither as present nor as past.",
        mend="Add the primary, its Z85 code where it is gone, or C80.1 where it is unknown.",
    )
    return partnered(case, SECONDARY, family("C00-C76 C80-C96 C7A C4A Z85"), ruling, "C80.1")


def former_beside_present(case: Case) -> Findings:
    """A cancer of one organ is present or past."""
    ruling = Ruling(
        rule="neoplasms.former_beside_present",
        severity=MUST_RESOLVE,
        source="I.C.2.m, I.C.2.n, I.C.21.c.4",
        message="{code} says that the cancer is past and {other} that it is present.",
        mend="Keep {other} while treatment aims at it or it is there, else {code}.",
    )
    return tuple(f for former, present in FORMER_AND_PRESENT for f in apart(case, former, present, ruling))


def symptom_ahead_of_cancer(case: Case) -> Findings:
    """A symptom of a known cancer does not take its place as the lead."""
    ruling = Ruling(
        rule="neoplasms.symptom_ahead_of_cancer",
        severity=ADVISE,
        source="I.C.2.g",
        message="{code} is a symptom and stands ahead of the known cancer {other}.",
        mend="Put {other} first where the symptom comes from it.",
    )
    if not case.codes or not case.codes[0].startswith("R"):
        return ()
    return in_order(case, MALIGNANT, family("R"), ruling)


def cancer_in_transplant(case: Case) -> Findings:
    """Three codes: the transplant complication, C80.2, the cancer."""
    ruling = Ruling(
        rule="neoplasms.cancer_in_transplant",
        severity=MUST_RESOLVE,
        source="I.C.2.r",
        message="{code} stands without the transplant complication ahead of it.",
        mend="Put the T86 code ahead of {code} and the specific cancer behind it.",
    )
    late = in_order(case, family("T86"), family("C80.2"), ruling)
    return late or partnered(case, family("C80.2"), family("T86"), ruling)


def implant_lymphoma_is_no_complication(case: Case) -> Findings:
    """Lymphoma around a breast implant stays in chapter 2."""
    ruling = Ruling(
        rule="neoplasms.implant_lymphoma",
        severity=MUST_RESOLVE,
        source="I.C.2.s",
        message="{code} is a complication code, and {other} already tells of the implant.",
        mend="Leave {code} out, unless the implant has another complication.",
    )
    return apart(case, family("T85.4 T85.79 T85.89"), family("C84.7A C84.7B"), ruling)


def lymphoma_beyond_nodes(case: Case) -> Findings:
    """A lymphoma in an organ keeps to its own category."""
    if any(code in _PRIMARY and code not in _LYMPHOMA for code in case.codes) or case.coded("Z85", "C80"):
        return ()
    ruling = Ruling(
        rule="neoplasms.lymphoma_beyond_nodes",
        severity=MUST_RESOLVE,
        source="I.C.2.t",
        message="{code} is a secondary cancer, and the only tumor is the lymphoma {other}.",
        mend="Leave {code} out and choose the lymphoma code for extranodal sites.",
    )
    return apart(case, SECONDARY, family("C81-C85"), ruling)


def cancer_in_pregnancy(case: Case) -> Findings:
    """O9A.1- leads, the tumor follows."""
    if not any(code.startswith("O") for code in case.codes) or case.coded("O9A.1", "O01", "O94"):
        return ()
    ruling = Ruling(
        rule="neoplasms.cancer_in_pregnancy",
        severity=MUST_RESOLVE,
        source="I.C.2.l.3",
        message="{code} is a cancer in pregnancy and stands without the obstetric code.",
        mend="Put a code from O9A.1- ahead of {code}.",
    )
    return apart(case, MALIGNANT, family("O"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    anemia_behind_cancer,
    anemia_needs_cancer,
    one_cause_of_anemia,
    anemia_from_chemotherapy,
    widespread_without_sites,
    unknown_primary,
    spread_names_its_primary,
    former_beside_present,
    symptom_ahead_of_cancer,
    cancer_in_transplant,
    implant_lymphoma_is_no_complication,
    lymphoma_beyond_nodes,
    cancer_in_pregnancy,
)
