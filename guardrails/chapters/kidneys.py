"""Chronic kidney disease: its stage, dialysis, anemia (I.C.14.a)."""

from __future__ import annotations

from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    in_order,
    partnered,
)

_KIDNEY_DISEASE: Final = family("N18")
_EARLY_STAGES: Final = family("N18.1 N18.2 N18.3 N18.4 N18.9")


def known_stage_replaces(case: Case) -> Findings:
    """End-stage replaces stage 5, and a known stage the unspecified one."""
    ruling = Ruling(
        rule="kidneys.known_stage_replaces",
        severity=REJECT,
        source="I.C.14.a.1",
        message="{code} gives way to {other}.",
        mend="Leave {code} out.",
    )
    later = apart(case, family("N18.5"), family("N18.6"), ruling)
    return (*later, *apart(case, family("N18.9"), _KIDNEY_DISEASE, ruling))


def dialysis_is_end_stage(case: Case) -> Findings:
    """Chronic kidney disease on lasting dialysis is end-stage."""
    ruling = Ruling(
        rule="kidneys.dialysis_stage",
        severity=MUST_RESOLVE,
        source="I.C.14.a.1",
        message="{code} is dialysis for good, and {other} is an earlier stage.",
        mend="Ask whether the disease is end-stage (N18.6).",
    )
    return apart(case, family("Z99.2"), _EARLY_STAGES, ruling, "N18.6")


def dialysis_names_its_disease(case: Case) -> Findings:
    """Dependence on dialysis stands beside the kidney failure."""
    ruling = Ruling(
        rule="kidneys.dialysis_disease",
        severity=MUST_RESOLVE,
        source="I.C.14.a.1, I.C.21.c.3",
        message="{code} stands without the kidney failure that makes it necessary.",
        mend="Add N18.6, or N17.- where the failure is acute.",
    )
    return partnered(case, family("Z99.2"), family("N17 N18 N19 I12 I13 T82 T85 Z49"), ruling, "N18.6")


def anemia_of_kidney_disease(case: Case) -> Findings:
    """Anemia in kidney disease stands behind the stage."""
    ruling = Ruling(
        rule="kidneys.anemia_of_kidney_disease",
        severity=MUST_RESOLVE,
        source="I.A.13, I.C.14.a.1",
        message="{code} stands without the stage of the kidney disease ahead of it.",
        mend="Put the N18 code ahead of {code}.",
    )
    alone = partnered(case, family("D63.1"), _KIDNEY_DISEASE, ruling, "N18.9")
    return alone or in_order(case, _KIDNEY_DISEASE, family("D63.1"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    known_stage_replaces,
    dialysis_is_end_stage,
    dialysis_names_its_disease,
    anemia_of_kidney_disease,
)
