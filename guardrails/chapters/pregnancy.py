"""Pregnancy: chapter 15 first, weeks, trimester, fetus, supervision (I.C.15.a, I.C.15.b, I.C.21.c.11)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family, seventh
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    never_first,
    partnered,
    worded,
)

OBSTETRIC: Final = family("O", but="O94")
"""Chapter 15 but for late effects, which stand behind what they left."""

ABORTION: Final = family("O00-O08 Z33.2")
POSTPARTUM: Final = family("O85-O92")
_WEEKS: Final = family("Z3A")
_LEADS_TOO: Final = family("Z03.7 Z33.2 Z34 Z36 Z39 Z40 O94")
_INCIDENTAL: Final = family("Z33.1")
_NORMAL: Final = family("Z34")
_MULTIPLE: Final = family("O30 O31 Z37.2 Z37.3 Z37.4 Z37.5 Z37.6 Z37.7")
_FETUS_SEVENTH: Final = family("O31-O32 O33.3 O33.4 O33.5 O33.6 O33.7 O35-O36 O40-O41 O60.1 O60.2 O64 O69")
_SAYS_INCIDENTAL: Final = re.compile(
    r"incidental|unrelated to (?:the |her )?pregnan|pregnan\w* (?:is |was )?(?:not|un)\s?-?affected"
)
_ANY_WEEKS: Final = re.compile(r"\b(\d{1,2})\s?-?(?:w(?:ee)?ks?\b|w\s?\d|w\b)|\b(\d\d)\s?\+\s?\d\b|\b(\d{1,2})\s\d/7")
_GESTATION: Final = re.compile(
    r"\d\s?w\s?\d|\d\s\d/7|\b\d\d\s?\+\s?\d\b|\d\s?-?(?:weeks?|wks?)[^.\n]{0,25}(?:gestation|pregnan|\bega|\biup|\bga\b)"
    r"|(?:gestation\w*|pregnan\w*|\bega|\biup|\bga)\b[^.\n]{0,25}?\d\s?(?:w|weeks?|wks?)\b"
)
"""Words that give the weeks of a pregnancy and no other span."""

_TRIMESTERS: Final = (("first", 0, 13), ("second", 14, 27), ("third", 28, 42))


def obstetric_codes_first(case: Case) -> Findings:
    """Chapter 15 goes ahead of every other chapter: infections, diabetes, tumors and injuries too."""
    found = OBSTETRIC.among(case.codes)
    if not found or case.codes[0] in OBSTETRIC or case.codes[0] in _LEADS_TOO:
        return ()
    ruling = Ruling(
        rule="pregnancy.obstetric_first",
        severity=MUST_RESOLVE,
        source="I.C.15.a.1, I.C.1.a.2.g, I.C.1.d.7, I.C.4.a.4, I.C.15.f, I.C.15.g, I.C.15.j, I.C.15.m, I.C.15.s",
        message="{code} stands ahead of {other}, and obstetric codes come first.",
        mend="Put {other} first.",
    )
    return (ruling.on(case.codes[0], found[0], mend_codes=(found[0], case.codes[0])),)


def incidental_or_not(case: Case) -> Findings:
    """Z33.1 replaces chapter 15 and never stands beside it."""
    ruling = Ruling(
        rule="pregnancy.incidental_or_not",
        severity=REJECT,
        source="I.C.15.a.1",
        message="{code} says that the pregnancy is incidental and {other} that it is not.",
        mend="Leave {code} out.",
    )
    return apart(case, _INCIDENTAL, OBSTETRIC, ruling)


def incidental_is_documented(case: Case) -> Findings:
    """It is the provider who states that the pregnancy is unaffected."""
    ruling = Ruling(
        rule="pregnancy.incidental_documented",
        severity=MUST_RESOLVE,
        source="I.C.15.a.1",
        message="{code} needs the provider's word that the pregnancy is incidental.",
        mend="Report the condition with chapter 15, or ask the provider.",
    )
    stated = worded(case, _INCIDENTAL, _SAYS_INCIDENTAL, ruling)
    first = ruling._replace(
        rule="pregnancy.incidental_never_first",
        message="{code} is a status and never comes first.",
        mend="Put the reason for the encounter first.",
    )
    return (*stated, *never_first(case, _INCIDENTAL, first))


def no_weeks_beside_incidental(case: Case) -> Findings:
    """Weeks go with obstetric codes alone."""
    ruling = Ruling(
        rule="pregnancy.weeks_beside_incidental",
        severity=REJECT,
        source="I.C.21.c.11",
        message="{code} goes with obstetric codes and not with {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, _WEEKS, _INCIDENTAL, ruling)


def normal_supervision_stands_alone(case: Case) -> Findings:
    """Z34 is dropped as soon as a chapter 15 code is needed."""
    ruling = Ruling(
        rule="pregnancy.normal_supervision",
        severity=REJECT,
        source="I.C.15.b.1, IV.O, I.C.21.c.11",
        message="{code} is a normal pregnancy and {other} says that it is not.",
        mend="Leave {code} out.",
    )
    return apart(case, _NORMAL, OBSTETRIC, ruling)


def high_risk_supervision_is_prenatal(case: Case) -> Findings:
    """O09 is not used for the delivery."""
    ruling = Ruling(
        rule="pregnancy.high_risk_prenatal",
        severity=REJECT,
        source="I.C.15.b.2",
        message="{code} is prenatal supervision and {other} is a delivery.",
        mend="Leave {code} out; report the complications, or O80 where there are none.",
    )
    return apart(case, family("O09"), family("Z37 O80 O82"), ruling)


def weeks_end_with_pregnancy(case: Case) -> Findings:
    """Weeks are not given with abortion, termination or after birth."""
    ruling = Ruling(
        rule="pregnancy.weeks_end",
        severity=REJECT,
        source="I.C.21.c.11",
        message="{code} is not reported with {other}.",
        mend="Leave {code} out.",
    )
    ended = family("O00-O08 Z33.2 Z39", but="")
    going_on = [c for c in OBSTETRIC.among(case.codes) if c not in ABORTION and c not in POSTPARTUM]
    return () if going_on else apart(case, _WEEKS, ended, ruling)


def weeks_need_pregnancy(case: Case) -> Findings:
    """Weeks stand behind an obstetric code."""
    ruling = Ruling(
        rule="pregnancy.weeks_need_pregnancy",
        severity=MUST_RESOLVE,
        source="I.C.21.c.11",
        message="{code} stands without an obstetric code ahead of it.",
        mend="Put the obstetric code ahead of {code}, or leave it out.",
    )
    alone = partnered(case, _WEEKS, family("O Z34 Z36 Z03.7"), ruling)
    return alone or never_first(case, _WEEKS, ruling)


def completed_weeks(case: Case) -> Findings:
    """Full weeks only: 39 weeks and 6 days is 39."""
    counted = [(code, int(code[4:])) for code in _WEEKS.among(case.codes) if code[4:].isdigit()]
    if not counted or not _GESTATION.search(case.record):
        return ()
    spoken = {int(next(filter(None, m.groups()))) for m in _ANY_WEEKS.finditer(case.record)}
    ruling = Ruling(
        rule="pregnancy.completed_weeks",
        severity=MUST_RESOLVE,
        source="I.C.15.a.7",
        message="{code} is a count of weeks that the record does not give.",
        mend="Count completed weeks and never round up.",
    )
    wrong = [code for code, weeks in counted if 8 <= weeks <= 42 and weeks not in spoken]
    return tuple(map(ruling.on, wrong)) if spoken else ()


def trimester_fits_weeks(case: Case) -> Findings:
    """The trimester follows from the weeks, which also rule out the unspecified trimester."""
    weeks = next((int(c[4:]) for c in _WEEKS.among(case.codes) if c[4:].isdigit() and 8 <= int(c[4:]) <= 42), None)
    if weeks is None:
        return ()
    ruling = Ruling(
        rule="pregnancy.trimester_fits_weeks",
        severity=MUST_RESOLVE,
        source="I.C.15.a.3, I.C.15.a.5",
        message="{code} does not fit the weeks that {other} gives.",
        mend="Choose the trimester of those weeks, unless the condition arose earlier in the stay.",
    )
    right = next(name for name, first, last in _TRIMESTERS if first <= weeks <= last)
    counted = _WEEKS.among(case.codes)[0]
    return tuple(
        ruling.on(code, counted, mend_codes=_sibling(case, code, f"{right} trimester"))
        for code in OBSTETRIC.among(case.codes)
        if (title := case.codebook.title(code)) and " trimester" in title and f"{right} trimester" not in title
    )


def fetus_of_a_single_pregnancy(case: Case) -> Findings:
    """A single fetus has no number; the seventh character is 0."""
    ruling = Ruling(
        rule="pregnancy.fetus_number",
        severity=MUST_RESOLVE,
        source="I.C.15.a.6",
        message="{code} numbers the fetus, and no multiple pregnancy is reported.",
        mend="Use 0 for a single fetus, or add the multiple pregnancy.",
    )
    if _MULTIPLE.among(case.codes):
        return ()
    return tuple(
        ruling.on(code, mend_codes=(f"{code[:-1]}0",))
        for code in _FETUS_SEVENTH.among(case.codes)
        if seventh(code) not in ("", "0")
    )


def mother_or_child(case: Case) -> Findings:
    """Codes of the child do not stand on the mother's record."""
    if not case.codes or case.codes[0] not in OBSTETRIC:
        return ()
    ruling = Ruling(
        rule="pregnancy.child_on_mothers_record",
        severity=REJECT,
        source="I.C.16.a.1, I.C.15.e.2, I.C.15.a.2",
        message="{code} belongs to the child's record, and {other} to the mother's.",
        mend="Leave {code} out.",
    )
    return apart(case, family("P Z38"), OBSTETRIC, ruling)


def child_of_the_mother(case: Case) -> Findings:
    """Obstetric codes do not stand on the child's record."""
    age = case.chart.encounter.patient.age
    ruling = Ruling(
        rule="pregnancy.mother_on_childs_record",
        severity=REJECT,
        source="I.C.15.a.2, I.C.16.a.1",
        message="{code} belongs to the mother's record, and this is the record of a child.",
        mend="Leave {code} out.",
    )
    if case.coded("Z38") and case.codes[0] not in OBSTETRIC:
        return tuple(ruling.on(code) for code in family("O Z37").among(case.codes))
    return tuple(ruling.on(code) for code in family("O Z37").among(case.codes)) if age is not None and age < 8 else ()


def weeks_are_reported(case: Case) -> Findings:
    """Known weeks are added to obstetric codes."""
    pregnant = [c for c in OBSTETRIC.among(case.codes) if c not in ABORTION and c not in POSTPARTUM]
    spoken = case.mentioned("Z3A")
    if not pregnant or not spoken or _WEEKS.among(case.codes):
        return ()
    ruling = Ruling(
        rule="pregnancy.weeks_reported",
        severity=ADVISE,
        source="I.C.21.c.11",
        message="{code} stands without the weeks that the record gives.",
        mend="Add the Z3A code of the completed weeks.",
    )
    return (ruling.on(pregnant[0], mend_codes=(spoken[0].concept,) if spoken[0].concept else ()),)


def _sibling(case: Case, code: str, words: str) -> tuple[str, ...]:
    """The codes beside this one whose title has the words, with the same fetus."""
    stem = code[:7] if seventh(code) else code
    found = case.codebook.billable_under(stem[:-1])
    return tuple(c for c in found if words in case.codebook.title(c) and seventh(c) == seventh(code))[:1]


RULES: Final[tuple[Rule, ...]] = (
    obstetric_codes_first,
    incidental_or_not,
    incidental_is_documented,
    no_weeks_beside_incidental,
    normal_supervision_stands_alone,
    high_risk_supervision_is_prenatal,
    weeks_end_with_pregnancy,
    weeks_need_pregnancy,
    completed_weeks,
    trimester_fits_weeks,
    fetus_of_a_single_pregnancy,
    mother_or_child,
    child_of_the_mother,
    weeks_are_reported,
)
