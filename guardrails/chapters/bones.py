"""Bones and joints: osteoporosis, pathological fractures, fresh injury or old trouble (I.C.13)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family, seventh
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    partnered,
    quoting,
)
from guardrails.chapters.neoplasms import NEOPLASM

TRAUMATIC_FRACTURE: Final = family("S02 S12 S22 S32 S42 S49.0 S49.1 S52 S59.0 S59.1 S59.2 S62 S72 S79 S82 S89 S92 S99")
_OSTEOPOROSIS: Final = family("M81")
_WITH_FRACTURE: Final = family("M80")
_PATHOLOGICAL: Final = re.compile(r"patholog|fragility|insufficiency fracture|stress fracture|osteoporo")
_OLD: Final = re.compile(r"\b(?:old|chronic|recurrent|degenerative|longstanding|habitual)\b")

_REPLACED: Final[tuple[tuple[Family, Family], ...]] = (
    (family("M16.11"), family("Z96.641")),
    (family("M16.12"), family("Z96.642")),
    (family("M16.0"), family("Z96.64")),
    (family("M17.11"), family("Z96.651")),
    (family("M17.12"), family("Z96.652")),
    (family("M17.0"), family("Z96.65")),
    (family("M19.011"), family("Z96.611")),
    (family("M19.012"), family("Z96.612")),
)


def osteoporosis_with_fracture_is_one_code(case: Case) -> Findings:
    """M80 carries the osteoporosis."""
    ruling = Ruling(
        rule="bones.osteoporosis_in_the_fracture",
        severity=REJECT,
        source="I.C.13.d, I.C.13.d.1, I.C.13.d.2",
        message="{code} says without a current fracture and {other} is one.",
        mend="Leave {code} out.",
    )
    return apart(case, _OSTEOPOROSIS, _WITH_FRACTURE, ruling)


def fracture_in_osteoporosis(case: Case) -> Findings:
    """With known osteoporosis a fracture that would not break a normal bone is M80."""
    ruling = Ruling(
        rule="bones.fracture_in_osteoporosis",
        severity=MUST_RESOLVE,
        source="I.C.13.d.2, I.C.19.c.1",
        message="{code} is a traumatic fracture in a patient with osteoporosis ({other}).",
        mend="Report M80.- where the fall was minor; keep {code} where the force would break a healthy bone.",
    )
    current = Family(tuple(c for c in TRAUMATIC_FRACTURE.among(case.codes) if seventh(c) != "S"))
    return apart(case, current, family("M80 M81"), ruling)


def pathological_is_no_injury(case: Case) -> Findings:
    """A fracture that the disease of the bone caused is not coded as an injury."""
    ruling = Ruling(
        rule="bones.pathological_no_injury",
        severity=MUST_RESOLVE,
        source="I.C.13.c, I.C.2.l.6",
        message="{code} is a traumatic fracture, and its evidence speaks of a diseased bone.",
        mend="Report M80.- in osteoporosis, M84.3- for stress, M84.5- in a tumor, else M84.4- or M84.6-.",
    )
    return quoting(case, TRAUMATIC_FRACTURE, _PATHOLOGICAL, ruling)


def fracture_through_tumor_names_it(case: Case) -> Findings:
    """A fracture through a tumor is reported with the tumor."""
    ruling = Ruling(
        rule="bones.fracture_through_tumor",
        severity=MUST_RESOLVE,
        source="I.C.2.l.6",
        message="{code} is a fracture through a tumor and no tumor is reported.",
        mend="Add the tumor.",
    )
    return partnered(case, family("M84.5"), NEOPLASM, ruling)


def old_trouble_is_no_injury(case: Case) -> Findings:
    """What keeps recurring, or was left by a healed injury, is coded in chapter 13."""
    ruling = Ruling(
        rule="bones.old_trouble_no_injury",
        severity=MUST_RESOLVE,
        source="I.C.13.b",
        message="{code} is a fresh injury, and its evidence speaks of an old or recurrent one.",
        mend="Choose the code of chapter 13.",
    )
    joints = family("S43 S46 S53 S56 S63 S66 S73 S76 S83 S86 S93 S96")
    fresh = Family(tuple(c for c in joints.among(case.codes) if seventh(c) == "A"))
    return quoting(case, fresh, _OLD, ruling)


def replaced_joint_has_no_arthritis(case: Case) -> Findings:
    """Arthritis of a joint that has been replaced is over."""
    ruling = Ruling(
        rule="bones.replaced_joint",
        severity=MUST_RESOLVE,
        source="I.C.21.c.3, III.A",
        message="{code} is arthritis of a joint that {other} says is replaced.",
        mend="Leave {code} out, or {other} where the joint was replaced at this encounter.",
    )
    return tuple(f for arthritis, status in _REPLACED for f in apart(case, arthritis, status, ruling))


RULES: Final[tuple[Rule, ...]] = (
    osteoporosis_with_fracture_is_one_code,
    fracture_in_osteoporosis,
    pathological_is_no_injury,
    fracture_through_tumor_names_it,
    old_trouble_is_no_injury,
    replaced_joint_has_no_arthritis,
)
