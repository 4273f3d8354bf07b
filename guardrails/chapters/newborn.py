"""The newborn and congenital anomalies (I.C.16, I.C.17)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    in_order,
    quoting,
    worded,
)
from medcoding.encounter import Setting

_BIRTH: Final = family("Z38")
_NEWBORN: Final = re.compile(
    r"newborn|neonat|day of life|\bdol\b|\bday[- ]old|days old|\bweek[- ]old|\bnicu\b|born (?:at|to|by|via)|\bnsvd\b"
)
_AFTER_BIRTH: Final = re.compile(
    r"transfer(?:red)? (?:in )?from|readmi|born (?:at|in) (?:another|an outside|outside|the referring)|outborn"
)
_PRETERM: Final = re.compile(r"pre-?\s?term|prematur|immatur|\bga\b|weeks")
_REPAIRED: Final = re.compile(
    r"\brepaired\b|\bcorrected\b|s/p (?:\w+ ){0,3}(?:repair|closure)|after (?:surgical )?(?:repair|closure)"
)
_NOT_REPAIRED: Final = re.compile(
    r"\bun-?repaired|uncorrected|not (?:yet )?(?:repaired|corrected)|partial|residual|awaiting|planned"
)

_TABLE: Final[tuple[tuple[Family, tuple[str, ...]], ...]] = (
    (family("J96"), ("P28.5",)),
    (family("R50.9"), ("P81.9",)),
    (family("R17"), ("P59.9",)),
    (family("R63.3"), ("P92.9",)),
    (family("R56"), ("P90",)),
    (family("E16.2"), ("P70.4",)),
    (family("R06.81"), ("P28.4",)),
)
"""What a newborn has its own code for."""

_NAMED_GERM: Final = (
    (family("B95.1"), family("P36.0")),
    (family("B95.6"), family("P36.2 P36.3")),
    (family("B96.2"), family("P36.4")),
)
_BUILT_IN: Final = (
    (family("Q35 Q36"), family("Q37")),
    (family("Q21.0 Q25.6 Q22.1"), family("Q21.3")),
    (family("Q66.0"), family("Q05")),
)
_INFANT: Final = 1


def birth_first(case: Case) -> Findings:
    """On the birth record Z38 is principal, ahead of observation codes and anomalies."""
    found = _BIRTH.among(case.codes)
    if not found or case.codes[0] in _BIRTH:
        return ()
    ruling = Ruling(
        rule="newborn.birth_first",
        severity=MUST_RESOLVE,
        source="I.C.16.a.2, I.C.16.b.3, I.C.16.h, I.C.17",
        message="{code} is principal on the birth record and stands behind {other}.",
        mend="Put {code} first.",
    )
    return (ruling.on(found[0], case.codes[0], mend_codes=(found[0], case.codes[0])),)


def birth_is_of_this_stay(case: Case) -> Findings:
    """Z38 is for the stay of the birth: no visit, no older child."""
    age = case.chart.encounter.patient.age
    late = case.setting is not Setting.INPATIENT or (age is not None and age >= _INFANT)
    if not late:
        return ()
    ruling = Ruling(
        rule="newborn.birth_of_this_stay",
        severity=REJECT,
        source="I.C.16.a.2, I.C.16.b.2, I.C.21.c.12",
        message="{code} is for the birth stay, and this is none.",
        mend="Leave {code} out.",
    )
    return tuple(ruling.on(code) for code in _BIRTH.among(case.codes))


def birth_not_after_transfer(case: Case) -> Findings:
    """The receiving hospital and a readmission do not report the birth."""
    births = _BIRTH.among(case.codes)
    if not births or not _AFTER_BIRTH.search(case.record):
        return ()
    ruling = Ruling(
        rule="newborn.birth_after_transfer",
        severity=MUST_RESOLVE,
        source="I.C.16.a.2",
        message="{code} is for the hospital of birth, and the record speaks of a transfer or readmission.",
        mend="Leave {code} out where the child was not born in this stay.",
    )
    return tuple(map(ruling.on, births))


def newborn_condition_in_chapter_16(case: Case) -> Findings:
    """A newborn's condition is coded in chapter 16 where that has it."""
    age = case.chart.encounter.patient.age
    if age is None or age >= _INFANT or not (_BIRTH.among(case.codes) or _NEWBORN.search(case.record)):
        return ()
    ruling = Ruling(
        rule="newborn.condition_in_chapter_16",
        severity=MUST_RESOLVE,
        source="I.C.16, I.C.16.a.3, I.C.16.a.5",
        message="{code} has a code of its own for the newborn.",
        mend="Report the perinatal code, unless the condition began after the 28th day or was caught outside.",
    )
    return tuple(ruling.on(c, mend_codes=right) for wrong, right in _TABLE for c in wrong.among(case.codes))


def newborn_sepsis_in_chapter_16(case: Case) -> Findings:
    """Sepsis of a newborn is P36, without A40 or A41."""
    ruling = Ruling(
        rule="newborn.sepsis",
        severity=REJECT,
        source="I.C.1.d.8, I.C.16.f",
        message="{code} is not reported beside {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("A40-A41"), family("P36"), ruling)


def newborn_sepsis_names_the_germ(case: Case) -> Findings:
    """No germ is added to a P36 code that names it."""
    ruling = Ruling(
        rule="newborn.sepsis_germ",
        severity=REJECT,
        source="I.C.16.f",
        message="{code} is the germ that {other} already names.",
        mend="Leave {code} out.",
    )
    return tuple(f for germ, sepsis in _NAMED_GERM for f in apart(case, germ, sepsis, ruling))


def observation_of_the_healthy(case: Case) -> Findings:
    """Z05 is for a healthy newborn in whom nothing was found."""
    ruling = Ruling(
        rule="newborn.observation_of_the_healthy",
        severity=MUST_RESOLVE,
        source="I.C.16.b.1, I.C.16.b.2, I.C.21.c.6",
        message="{code} says that nothing was found, and {other} was.",
        mend="Leave {code} out where {other} is what the newborn was observed for.",
    )
    infection = apart(case, family("Z05.1"), family("P36 P35 P37 P38 P39 P81.9 A"), ruling)
    breathing = apart(case, family("Z05.3"), family("P22-P28 R06"), ruling)
    return (*infection, *breathing, *apart(case, family("Z05.0"), family("Q20-Q28 P29 R01"), ruling))


def weight_before_weeks(case: Case) -> Findings:
    """With both known, the code of the weight stands ahead of the code of the weeks."""
    ruling = Ruling(
        rule="newborn.weight_before_weeks",
        severity=MUST_RESOLVE,
        source="I.C.16.d",
        message="{code} gives the weeks and stands ahead of the weight ({other}).",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, family("P07.0 P07.1"), family("P07.2 P07.3"), ruling)


def prematurity_is_documented(case: Case) -> Findings:
    """Prematurity is coded if the provider documents it."""
    ruling = Ruling(
        rule="newborn.prematurity_documented",
        severity=MUST_RESOLVE,
        source="I.C.16.d",
        message="{code} is prematurity, and the record does not speak of it.",
        mend="Leave {code} out, or ask the provider.",
    )
    return worded(case, family("P07.2 P07.3"), _PRETERM, ruling)


def stillbirth_alone(case: Case) -> Findings:
    """P95 is the one code of its record."""
    ruling = Ruling(
        rule="newborn.stillbirth_alone",
        severity=REJECT,
        source="I.C.16.g",
        message="{code} is not reported beside {other}, which stands alone.",
        mend="Leave {code} out.",
    )
    return apart(case, family("P0 P1 P2 P3 P5 P6 P7 P8 P90 P91 P92 P93 P94 P96 Z37 Z38 Q"), family("P95"), ruling)


def corrected_anomaly_is_history(case: Case) -> Findings:
    """An anomaly that is fully corrected is history."""
    ruling = Ruling(
        rule="newborn.corrected_anomaly",
        severity=MUST_RESOLVE,
        source="I.C.17, I.C.21.c.4",
        message="{code} is an anomaly that is there, and its evidence says that it was corrected.",
        mend="Report the Z87.7 code where nothing of it is left.",
    )
    found = quoting(case, family("Q00-Q89"), _REPAIRED, ruling)
    return () if found and _NOT_REPAIRED.search(case.record) else found


def built_in_feature(case: Case) -> Findings:
    """What a named anomaly always holds is not coded beside it."""
    ruling = Ruling(
        rule="newborn.built_in_feature",
        severity=MUST_RESOLVE,
        source="I.C.17",
        message="{code} is held by {other}.",
        mend="Leave {code} out.",
    )
    return tuple(f for part, whole in _BUILT_IN for f in apart(case, part, whole, ruling))


RULES: Final[tuple[Rule, ...]] = (
    birth_first,
    birth_is_of_this_stay,
    birth_not_after_transfer,
    newborn_condition_in_chapter_16,
    newborn_sepsis_in_chapter_16,
    newborn_sepsis_names_the_germ,
    observation_of_the_healthy,
    weight_before_weeks,
    prematurity_is_documented,
    stillbirth_alone,
    corrected_anomaly_is_history,
    built_in_feature,
)
