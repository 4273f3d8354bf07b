"""Infections of chapter 1: HIV, organisms and resistance, carriers, exposure (I.C.1.a to I.C.1.f, I.C.21.c.1)."""

from __future__ import annotations

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
    never_first,
    partnered,
)
from medcoding.mention import Assertion

_HIV_DISEASE: Final = family("B20")
_HIV_STATUS: Final = family("Z21")
_HIV_ILLNESSES: Final = family("B59 C46 A07.2 B45.1 B58.2 A81.2 A31.2 F02")
_ORGANISMS: Final = family("B95-B97")
_RESISTANCE: Final = family("Z16")
_MRSA_NAMED: Final = family("A41.02 J15.212 A49.02 B95.62")

_NAMES_ORGANISM: Final = (
    (family("B95.62"), family("A41.02 J15.212 A49.02")),
    (family("B95.61"), family("A41.01 J15.211 A49.01")),
    (family("B95.0"), family("A40.0 J02.0 A38")),
    (family("B95.1"), family("A40.1 P36.0 J15.3")),
    (family("B95.3"), family("A40.3 J13")),
    (family("B96.1"), family("J15.0")),
    (family("B96.2"), family("A41.51 J15.5 P36.4 A04.0 A04.1 A04.2 A04.3 A04.4")),
    (family("B96.3"), family("A41.3 J14")),
    (family("B96.5"), family("A41.52 J15.1")),
    (family("B97.2 B97.29 B97.21"), family("U07.1 J12.81 J12.82")),
    (family("B97.4"), family("J12.1 J20.5 J21.0")),
)
_EXPOSED_THEN_ILL: Final = (
    (family("Z20.6"), family("B20 Z21")),
    (family("Z20.3"), family("A82")),
    (family("Z20.821"), family("A92.5")),
    (family("Z20.1"), family("A15-A19")),
    (family("Z20.2"), family("A50-A64")),
    (family("Z20.5"), family("B15-B19")),
    (family("Z20.7"), family("B85-B89")),
)


def hiv_status_beside_disease(case: Case) -> Findings:
    """Once there is HIV disease, neither the symptomless status nor an inconclusive test is reported."""
    ruling = Ruling(
        rule="infections.hiv_status_beside_disease",
        severity=REJECT,
        source="I.C.1.a.2.d, I.C.1.a.2.f",
        message="{code} is not reported beside {other}: HIV disease, once present, stays HIV disease.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Z21 R75"), _HIV_DISEASE, ruling)


def inconclusive_hiv_test(case: Case) -> Findings:
    """An inconclusive test does not fit a patient whose infection is established."""
    ruling = Ruling(
        rule="infections.inconclusive_hiv_test",
        severity=REJECT,
        source="I.C.1.a.2.e",
        message="{code} means an inconclusive test, and {other} says that the infection is established.",
        mend="Leave {code} out.",
    )
    return apart(case, family("R75"), _HIV_STATUS, ruling)


def once_hiv_disease(case: Case) -> Findings:
    """A record that speaks of AIDS or of an illness due to HIV, now or earlier, is coded B20 for good."""
    spoken = case.mentioned("B20", "B59", said=frozenset({Assertion.PRESENT, Assertion.HISTORICAL}))
    told = [m for m in spoken if "aids" in m.text.lower() or m.concept == "B59"]
    if not told or not (held := _HIV_STATUS.among(case.codes)):
        return ()
    ruling = Ruling(
        rule="infections.once_hiv_disease",
        severity=MUST_RESOLVE,
        source="I.C.1.a.2.f",
        message="The record speaks of AIDS or an illness due to HIV, so {code} is no longer right.",
        mend="Report B20, or show that the patient never had an illness due to HIV.",
    )
    return (ruling.on(held[0], mend_codes=("B20",)),)


def hiv_before_its_illness(case: Case) -> Findings:
    """B20 stands ahead of the illnesses that it brings; hemolytic-uremic syndrome is the exception."""
    ruling = Ruling(
        rule="infections.hiv_before_its_illness",
        severity=MUST_RESOLVE,
        source="I.C.1.a.2.a",
        message="{code} stands ahead of {other}, the HIV disease that it comes from.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, _HIV_DISEASE, _HIV_ILLNESSES, ruling)


def hiv_prophylaxis_or_screening(case: Case) -> Findings:
    """Prophylaxis and screening are for people who are not known to be infected."""
    ruling = Ruling(
        rule="infections.hiv_prophylaxis_or_screening",
        severity=MUST_RESOLVE,
        source="I.C.1.a.2.h, I.C.1.a.2.j",
        message="{code} is for a person who is not known to be infected, and {other} says the opposite.",
        mend="Keep {other} where the infection is confirmed, else {code}.",
    )
    return apart(case, family("Z11.4 Z29.81"), family("B20 Z21"), ruling)


def organism_never_first(case: Case) -> Findings:
    """A code for the germ of an infection stands behind the infection."""
    ruling = Ruling(
        rule="infections.organism_never_first",
        severity=MUST_RESOLVE,
        source="I.C.1.b, I.B.7",
        message="{code} names only the germ of an infection and never comes first.",
        mend="Put the infection ahead of it.",
    )
    return never_first(case, _ORGANISMS, ruling)


def organism_named_already(case: Case) -> Findings:
    """No organism code where the infection's own code names the germ and no other infection asks for it."""
    ruling = Ruling(
        rule="infections.organism_named_already",
        severity=REJECT,
        source="I.C.1.b, I.C.1.e.1.a",
        message="{code} repeats the germ that {other} already names.",
        mend="Leave {code} out.",
    )
    found = []
    for organism, naming in _NAMES_ORGANISM:
        others = naming.among(case.codes)
        found += [
            ruling.on(code, others[0])
            for code in organism.among(case.codes)
            if others and not _asked_for(case, code, naming)
        ]
    return tuple(found)


def _asked_for(case: Case, organism: str, naming: Family) -> bool:
    """True when some other infection of the set has a note that asks for the germ."""
    others = (code for code in case.codes if code not in naming and code != organism)
    return any(case.codebook.asks_for(code, organism) for code in others)


def resistance_never_first(case: Case) -> Findings:
    """A resistance code stands behind the infection that it describes."""
    ruling = Ruling(
        rule="infections.resistance_never_first",
        severity=MUST_RESOLVE,
        source="I.C.1.c",
        message="{code} tells the resistance of an infection and never comes first.",
        mend="Put the resistant infection ahead of it.",
    )
    return never_first(case, _RESISTANCE, ruling)


def resistance_needs_infection(case: Case) -> Findings:
    """Resistance without an infection is no diagnosis."""
    ruling = Ruling(
        rule="infections.resistance_needs_infection",
        severity=MUST_RESOLVE,
        source="I.C.1.c",
        message="{code} stands without the infection that is resistant.",
        mend="Add the infection, or leave {code} out.",
    )
    return partnered(case, _RESISTANCE, family("A B E G H I J K L M N O P T U Z22"), ruling)


def mrsa_holds_its_resistance(case: Case) -> Findings:
    """MRSA says that penicillin does not work; it is not said twice."""
    ruling = Ruling(
        rule="infections.mrsa_holds_its_resistance",
        severity=REJECT,
        source="I.C.1.e.1.a, I.C.1.e.1.b",
        message="{code} is already said by {other}, which names MRSA.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Z16.11"), _MRSA_NAMED, ruling)


def infection_of_unknown_site(case: Case) -> Findings:
    """A germ without a site gives way where the infection has one."""
    ruling = Ruling(
        rule="infections.infection_of_unknown_site",
        severity=MUST_RESOLVE,
        source="I.C.1.b",
        message="{code} is an infection without a site, and {other} names the site.",
        mend="Report the germ with a code from B95-B97 behind {other}, and leave {code} out.",
    )
    return apart(case, family("A49"), family("L00-L08 N39.0 M86 T81.4 J15 A41"), ruling)


def exposure_beside_infection(case: Case) -> Findings:
    """Contact is not reported once the infection itself is confirmed."""
    ruling = Ruling(
        rule="infections.exposure_beside_infection",
        severity=MUST_RESOLVE,
        source="I.C.21.c.1",
        message="{code} is mere contact, and {other} says that the infection is established.",
        mend="Leave {code} out, unless the contact was with another infection.",
    )
    return tuple(f for exposure, illness in _EXPOSED_THEN_ILL for f in apart(case, exposure, illness, ruling))


RULES: Final[tuple[Rule, ...]] = (
    hiv_status_beside_disease,
    inconclusive_hiv_test,
    once_hiv_disease,
    hiv_before_its_illness,
    hiv_prophylaxis_or_screening,
    organism_never_first,
    organism_named_already,
    resistance_never_first,
    resistance_needs_infection,
    mrsa_holds_its_resistance,
    infection_of_unknown_site,
    exposure_beside_infection,
)
