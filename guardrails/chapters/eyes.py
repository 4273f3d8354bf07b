"""Glaucoma by type, eye and stage, and blindness (I.C.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from guardrails.chapters.families import family, undotted
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    Findings,
    Ruling,
    apart,
)

_RIGHT, _LEFT, _BOTH = "1", "2", "3"
_SIDED: Final = family("H40.11 H40.12 H40.13 H40.14 H40.15 H40.22 H40.23 H40.24 H40.3 H40.4 H40.5 H40.6")
_STAGES: Final = {
    "1": re.compile(r"\bmild|\bearly"),
    "2": re.compile(r"\bmoderate"),
    "3": re.compile(r"\bsevere|\badvanced|end[- ]stage"),
    "4": re.compile(
        r"indeterminate|(?:cannot|can't|could not|unable|not possible)[^.]{0,40}(?:determin|stag|assess)|un-?stage?able"
    ),
}


class _Glaucoma(NamedTuple):
    """A glaucoma code taken apart."""

    code: str
    kind: str
    eye: str
    stage: str


def stage_is_documented(case: Case) -> Findings:
    """The stage is the clinician's; indeterminate means that it could not be determined, not that nobody wrote it."""
    ruling = Ruling(
        rule="eyes.stage_documented",
        severity=MUST_RESOLVE,
        source="I.C.7.a.1, I.C.7.a.5",
        message="{code} gives the glaucoma a stage that the record nowhere states.",
        mend="Report the unspecified stage (seventh character 0), or ask the provider.",
    )
    return tuple(
        ruling.on(one.code, mend_codes=(f"{one.code[:-1]}0",))
        for one in _glaucomas(case)
        if one.stage in _STAGES and not _STAGES[one.stage].search(case.record)
    )


def both_eyes_alike(case: Case) -> Findings:
    """Both eyes with the same type and stage take one bilateral code."""
    ruling = Ruling(
        rule="eyes.both_eyes_alike",
        severity=MUST_RESOLVE,
        source="I.C.7.a.2",
        message="{code} and {other} are the same glaucoma of both eyes at one stage.",
        mend="Report the bilateral code.",
    )
    return tuple(
        ruling.on(one.code, two.code, mend_codes=(f"{one.code[:-2]}{_BOTH}{one.stage}",))
        for one, two in _pairs(case)
        if {one.eye, two.eye} == {_RIGHT, _LEFT} and one.stage == two.stage
    )


def bilateral_beside_one_eye(case: Case) -> Findings:
    """Eyes that differ are coded each by itself, without the bilateral code."""
    ruling = Ruling(
        rule="eyes.bilateral_beside_one_eye",
        severity=MUST_RESOLVE,
        source="I.C.7.a.3",
        message="{code} and {other} tell of the same eye twice.",
        mend="Code each eye with its own stage, or both with the bilateral code.",
    )
    return tuple(
        ruling.on(one.code, two.code) for one, two in _pairs(case) if (one.eye == _BOTH) is not (two.eye == _BOTH)
    )


def highest_stage(case: Case) -> Findings:
    """One eye has one stage; if it gets worse in the stay, the highest one."""
    ruling = Ruling(
        rule="eyes.highest_stage",
        severity=MUST_RESOLVE,
        source="I.C.7.a.4",
        message="{code} and {other} give one eye two stages.",
        mend="Keep the highest stage documented.",
    )
    same = ((one, two) for one, two in _pairs(case) if one.eye == two.eye)
    return tuple(ruling.on(*sorted((one.code, two.code)), mend_codes=(max(one.code, two.code),)) for one, two in same)


def blindness_has_a_category(case: Case) -> Findings:
    """Blindness without a category gives way where the categories are coded."""
    ruling = Ruling(
        rule="eyes.blindness_category",
        severity=MUST_RESOLVE,
        source="I.C.7.b",
        message="{code} leaves open the category that {other} gives.",
        mend="Leave {code} out.",
    )
    return apart(case, family("H54.3 H54.6 H54.7 H54.8"), family("H54.0 H54.1 H54.2 H54.4 H54.5"), ruling)


def _glaucomas(case: Case) -> Iterator[_Glaucoma]:
    for code in case.coded("H40"):
        bare = undotted(code)
        if len(bare) == 7:
            yield _Glaucoma(code, bare[:5], bare[5] if code in _SIDED else "", bare[6])


def _pairs(case: Case) -> Iterator[tuple[_Glaucoma, _Glaucoma]]:
    """Two codes of one type whose eye is told."""
    told = [one for one in _glaucomas(case) if one.eye in (_RIGHT, _LEFT, _BOTH)]
    return ((one, two) for one, two in combinations(told, 2) if one.kind == two.kind)


RULES: Final[tuple[Rule, ...]] = (
    stage_is_documented,
    both_eyes_alike,
    bilateral_beside_one_eye,
    highest_stage,
    blindness_has_a_category,
)
