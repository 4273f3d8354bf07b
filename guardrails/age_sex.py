"""Age and sex: what a code's own title or chapter says about its patient, held against the encounter. Advisory.

The lists of the Medicare Code Editor are dated; its sex edits were deactivated on 2024-10-01. So the facts are read
from titles and chapters, and nothing here blocks a code.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from medcoding.encounter import Sex
from medcoding.finding import Finding, Severity

_AGE_SOURCE: Final = "Medicare Code Editor, age conflict (compared with v37, FY2020); advisory"
_SEX_SOURCE: Final = "Medicare Code Editor, sex conflict (deactivated 2024-10-01); advisory"


class AgeGroup(NamedTuple):
    """Codes that belong to an age."""

    words: str
    youngest: int
    """In completed years."""
    oldest: int
    stems: tuple[str, ...]
    title: re.Pattern[str] | None = None
    """Also codes whose title holds this …"""
    title_in: tuple[str, ...] = ()
    """… and that begin with one of these."""


_GROUPS: Final = (
    AgeGroup(
        "newborns",
        0,
        0,
        ("Z38", "Z05", "Z00.11", "A33"),
        re.compile(r"\b(?:neonatal|newborn)\b"),
        ("E84", "G", "H", "K", "N"),
    ),
    AgeGroup(
        "children",
        0,
        17,
        (
            "Z00.12",
            "Z00.2",
            "Z00.3",
            "Z68.5",
            "F84.3",
            "H26.0",
            "R62.51",
            "E30.1",
            "T74.02",
            "Z62.2",
            "B08.2",
            "L20.83",
        ),
        re.compile(r"\b(?:child|childhood|infantile|infants?|pediatric|adolescent|juvenile|neglected)\b"),
        ("C93.3", "R", "T74", "T76", "Z02", "Z71"),
    ),
    AgeGroup("pregnancy and childbirth", 9, 64, ("O", "A34", "F53", "Z33", "Z34", "Z36", "Z37", "Z39", "Z3A")),
    AgeGroup(
        "adults",
        15,
        130,
        (
            *(
                "F03",
                "G30.0",
                "G30.1",
                "H25",
                "H35.3",
                "I23",
                "I25.1",
                "I25.7",
                "I70",
                "I83",
                "J60",
                "J61",
                "K70",
                "M80",
            ),
            *(
                "M81",
                "N40",
                "N41",
                "N42",
                "N46",
                "N52",
                "R54",
                "R97.2",
                "T74.01",
                "T74.11",
                "T74.21",
                "T76.01",
                "T76.11",
            ),
            *("T76.21", "Z00.0", "Z68.1", "Z68.2", "Z68.3", "Z68.4"),
        ),
        re.compile(r"\b(?:adult|senile|age-related|presenile|menopaus\w+|postmenopausal|climacteric)\b"),
        ("C91", "E28", "G", "H", "I", "K31", "M", "N", "R"),
    ),
)

_FEMALE: Final = re.compile(
    r"\b(?:female|ovar(?:y|ies|ian)|uter(?:us|ine|i)|vagin(?:a|al|itis)|vulv(?:a|al|ar|itis)|fallopian|endometri\w+"
    r"|myometri\w+|menopaus\w+|postmenopausal|menstru\w+|\w*menorrh\w+|dysmenorrhea|premenstrual|pregnan\w+|labia"
    r"|cervix|cervicitis|puerperal|obstetric\w*)\b"
)
_MALE: Final = re.compile(
    r"\b(?:male|penis|penile|prostat\w+|test(?:is|es|icular|icle)|scrot(?:um|al)|sperm\w*|epididym\w+|prepuce"
    r"|phimosis|seminal|vas deferens|erectile|balanitis|balanoposthitis|hydrocele|hypospadias|undescended)\b"
)
_OF_ANY_SEX: Final = ("Z80", "Z81", "Z82", "Z83", "Z84", "P", "Z12", "Z13", "Z20", "V", "W", "X", "Y", "Z3", "F6")
"""Stems whose titles speak of others, of screening or of the unborn."""

_FEMALE_STEMS: Final = ("O", "Z33", "Z34", "Z36", "Z37", "Z39", "Z3A")


def age_fits(case: Case) -> tuple[Finding, ...]:
    """A code of an age group on a patient of another age is probably a slip in the one or in the other."""
    age = case.chart.encounter.patient.age
    if age is None:
        return ()
    return tuple(
        Finding(
            rule="age.conflict",
            severity=Severity.ADVISE,
            codes=(code,),
            message=f"{code} is for {group.words}; the patient is {age} years old.",
            source=_AGE_SOURCE,
            mend="Check the code and the patient's age.",
        )
        for code in case.codes
        for group in _groups(code, case.codebook.title(code).lower())
        if not group.youngest <= age <= group.oldest
    )


def sex_fits(case: Case) -> tuple[Finding, ...]:
    """A code of one sex on a patient registered with the other is looked at, never removed."""
    sex = case.chart.encounter.patient.sex
    if sex is None:
        return ()
    return tuple(
        Finding(
            rule="sex.conflict",
            severity=Severity.ADVISE,
            codes=(code,),
            message=f"{code} speaks of the other sex than the one registered.",
            source=_SEX_SOURCE,
            mend="Check the code and the registration; keep the code where both are right.",
        )
        for code in case.codes
        if (named := sex_of(code, case.codebook.title(code).lower())) and named is not sex
    )


def sex_of(code: str, title: str) -> Sex | None:
    """The sex that a code's title or chapter names; None where it names none or both."""
    if code.startswith(_FEMALE_STEMS):
        return Sex.F
    if code.startswith(_OF_ANY_SEX):
        return None
    female, male = bool(_FEMALE.search(title)), bool(_MALE.search(title))
    if female == male:
        return None
    return Sex.F if female else Sex.M


def _groups(code: str, title: str) -> tuple[AgeGroup, ...]:
    return tuple(group for group in _GROUPS if _is_of(group, code, title))


def _is_of(group: AgeGroup, code: str, title: str) -> bool:
    if code.startswith(group.stems):
        return True
    return bool(group.title and code.startswith(group.title_in) and group.title.search(title))


RULES: Final[tuple[Rule, ...]] = (age_fits, sex_fits)
