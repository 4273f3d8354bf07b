"""External causes, abuse and neglect (I.C.20, I.C.19.f, I.B.19)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.drugs import SAYS_UNDETERMINED
from guardrails.chapters.families import Family, family, seventh
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    at_most_one,
    in_order,
    never_first,
    partnered,
    worded,
)
from medcoding.encounter import Setting

CAUSES: Final = family("V W X Y", but="Y62 Y63 Y64 Y65 Y66 Y69 Y7 Y8 Y90 Y95")
_ALL: Final = family("V W X Y")
_MAIN: Final = family("V W X Y00-Y38")
_PLACE: Final = family("Y92")
_ACTIVITY: Final = family("Y93")
_STATUS: Final = family("Y99")
_BESIDE: Final = family("Y92 Y93 Y99")
_INJURED: Final = family("S T M80 M84 O9A.2 O9A.3 O9A.4 O9A.5")
_ASSAULT: Final = family("X92-X99 Y00-Y09")
_PHASES: Final = {"A": "A", "B": "A", "C": "A", "S": "S"}
_RANKS: Final = (family("Y38"), family("X30-X39"), family("V00-V99"))
_SAYS_TERRORISM: Final = re.compile(r"terror")


def external_cause_never_first(case: Case) -> Findings:
    """No V, W, X or Y code stands first on any record."""
    ruling = Ruling(
        rule="external.never_first",
        severity=MUST_RESOLVE,
        source="I.C.20.a.6, I.B.3, IV.B",
        message="{code} is an external cause and never comes first.",
        mend="Put the injury or disease first.",
    )
    return never_first(case, _ALL, ruling)


def external_cause_needs_a_condition(case: Case) -> Findings:
    """An external cause goes with a condition that has one."""
    ruling = Ruling(
        rule="external.needs_a_condition",
        severity=MUST_RESOLVE,
        source="I.C.20.a.1, I.B.19.a",
        message="{code} stands without any condition that it could explain.",
        mend="Add the injury or condition, or leave {code} out.",
    )
    return partnered(case, CAUSES, family("A B C D E F G H I J K L M N O P Q R S T U"), ruling)[:1]


def storm_needs_an_injury(case: Case) -> Findings:
    """A storm victim treated for an illness alone has no external cause."""
    ruling = Ruling(
        rule="external.storm_needs_an_injury",
        severity=MUST_RESOLVE,
        source="I.B.19.a, I.B.19.c",
        message="{code} is a cataclysm, and no injury, poisoning or adverse effect is reported.",
        mend="Leave {code} out.",
    )
    return partnered(case, family("X34-X38"), family("S T"), ruling)


def place_once(case: Case) -> Findings:
    """Place of occurrence is given once; only a fresh injury in hospital adds another."""
    ruling = Ruling(
        rule="external.place_once",
        severity=ADVISE if case.setting is Setting.INPATIENT else MUST_RESOLVE,
        source="I.C.20.b, I.C.20.d",
        message="{code} and {other} are two places of one event.",
        mend="Keep the place of the injury that brought the patient.",
    )
    return at_most_one(case, _PLACE, ruling)


def activity_and_status_once(case: Case) -> Findings:
    """One activity and one status an encounter."""
    ruling = Ruling(
        rule="external.activity_and_status_once",
        severity=MUST_RESOLVE,
        source="I.C.20.c, I.C.20.d, I.C.20.k",
        message="{code} and {other} are given once an encounter.",
        mend="Keep one of them.",
    )
    return (*at_most_one(case, _ACTIVITY, ruling), *at_most_one(case, _STATUS, ruling))


def unstated_is_left_out(case: Case) -> Findings:
    """Place, activity and status that nobody stated are left out."""
    ruling = Ruling(
        rule="external.unstated",
        severity=REJECT,
        source="I.C.20.b, I.C.20.c, I.C.20.k",
        message="{code} says that nothing is stated, and is then left out.",
        mend="Leave {code} out.",
    )
    return tuple(ruling.on(code) for code in family("Y92.9 Y93.9 Y99.9").among(case.codes))


def place_behind_cause(case: Case) -> Findings:
    """Place, activity and status follow the cause."""
    ruling = Ruling(
        rule="external.place_behind_cause",
        severity=MUST_RESOLVE,
        source="I.C.20.d, I.C.20.b",
        message="{code} stands ahead of the cause {other}.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, _MAIN, _BESIDE, ruling)


def place_at_the_first_visit(case: Case) -> Findings:
    """Place, activity and status are given at the first encounter alone."""
    told = [seventh(code) for code in _INJURED.among(case.codes) if seventh(code)]
    if not told or any(_PHASES.get(phase) == "A" for phase in told):
        return ()
    ruling = Ruling(
        rule="external.place_at_the_first_visit",
        severity=REJECT,
        source="I.C.20.b, I.C.20.c, I.C.20.k",
        message="{code} is given at the first encounter alone, and this one comes later.",
        mend="Leave {code} out.",
    )
    return tuple(ruling.on(code) for code in _BESIDE.among(case.codes))


def phase_follows_the_injury(case: Case) -> Findings:
    """The seventh character of the cause is that of the injury: active, healing or late effect."""
    told = {_PHASES.get(seventh(code), "D") for code in _INJURED.among(case.codes) if seventh(code)}
    if not told:
        return ()
    ruling = Ruling(
        rule="external.phase_follows_the_injury",
        severity=MUST_RESOLVE,
        source="I.C.20.a.2, I.C.20.i.2, I.C.20.i.3",
        message="{code} has a seventh character that no injury of this encounter has.",
        mend="Use A in active treatment, D in healing, S for a late effect.",
    )
    causes = (code for code in _MAIN.among(case.codes) if seventh(code) in ("A", "D", "S"))
    return tuple(ruling.on(code) for code in causes if seventh(code) not in told)


def graver_event_first(case: Case) -> Findings:
    """Terrorism, then cataclysm, then transport, then the rest."""
    ruling = Ruling(
        rule="external.graver_event_first",
        severity=MUST_RESOLVE,
        source="I.C.20.f, I.B.19.b",
        message="{code} stands ahead of {other}, which outranks it.",
        mend="Put {other} ahead of {code}, unless it belongs to another injury.",
    )
    cataclysm = in_order(case, _RANKS[1], family("V W X00-X29 X50-X58"), ruling)
    terrorism = in_order(case, _RANKS[0], family("V W X"), ruling)
    return (*terrorism, *cataclysm)


def undetermined_event_is_stated(case: Case) -> Findings:
    """Undetermined intent needs a statement; silence means accident."""
    ruling = Ruling(
        rule="external.undetermined_stated",
        severity=MUST_RESOLVE,
        source="I.C.20.h, I.C.20.h.1",
        message="{code} says that the intent cannot be determined, and the record does not.",
        mend="Report an accident where the record is silent on intent.",
    )
    return worded(case, family("Y20-Y33"), SAYS_UNDETERMINED, ruling)


def terrorism_is_confirmed(case: Case) -> Findings:
    """Terrorism is found by the federal government; a suspicion is coded as assault."""
    ruling = Ruling(
        rule="external.terrorism",
        severity=MUST_RESOLVE,
        source="I.C.20.j.1, I.C.20.j.2",
        message="{code} is terrorism that the record does not confirm, or that is coded as assault too.",
        mend="Report an assault while terrorism is only suspected.",
    )
    named = worded(case, family("Y38"), _SAYS_TERRORISM, ruling)
    return named or apart(case, _ASSAULT, family("Y38"), ruling)


def suspected_abuse_names_nobody(case: Case) -> Findings:
    """With mere suspicion neither assault nor perpetrator is coded."""
    if case.coded("T74", "O9A.3", "O9A.4", "O9A.5"):
        return ()
    ruling = Ruling(
        rule="external.suspected_abuse",
        severity=REJECT,
        source="I.C.19.f, I.C.20.g",
        message="{code} is for confirmed abuse, and {other} is only suspected.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Y07"), family("T76"), ruling)


def perpetrator_needs_abuse(case: Case) -> Findings:
    """A perpetrator goes with confirmed abuse."""
    ruling = Ruling(
        rule="external.perpetrator",
        severity=MUST_RESOLVE,
        source="I.C.20.g",
        message="{code} stands without confirmed abuse or assault.",
        mend="Leave {code} out, or add the abuse.",
    )
    confirmed = family("T74 O9A.3 O9A.4 O9A.5 X92-X99 Y00-Y06 Y08-Y09")
    return () if case.coded("T76") else partnered(case, family("Y07"), confirmed, ruling)


def suspected_or_confirmed(case: Case) -> Findings:
    """Abuse is suspected, confirmed or ruled out."""
    ruling = Ruling(
        rule="external.suspected_or_confirmed",
        severity=MUST_RESOLVE,
        source="I.C.19.f",
        message="{code} and {other} contradict each other.",
        mend="Keep T74 for confirmed, T76 for suspected, Z04 for abuse ruled out.",
    )
    same = (apart(case, family(f"T76.{kind}"), family(f"T74.{kind}"), ruling) for kind in "0123569")
    ruled_out = apart(case, family("Z04.4 Z04.7 Z04.81 Z04.82"), family("T74 T76"), ruling)
    return (*(finding for found in same for finding in found), *ruled_out)


def abuse_leads(case: Case) -> Findings:
    """Abuse stands ahead of the injuries and mental conditions that it brought."""
    ruling = Ruling(
        rule="external.abuse_leads",
        severity=MUST_RESOLVE,
        source="I.C.19.f, I.C.15.r",
        message="{code} stands ahead of the abuse {other}.",
        mend="Put {other} first.",
    )
    found = in_order(case, family("T74 T76"), family("S F"), ruling)
    return found if found and case.codes[0] == found[0].codes[0] else ()


def assault_of_confirmed_abuse(case: Case) -> Findings:
    """Confirmed abuse goes with how the injury came about."""
    ruling = Ruling(
        rule="external.assault_of_abuse",
        severity=ADVISE,
        source="I.C.19.f, I.C.20.g",
        message="{code} is confirmed abuse without the assault or the perpetrator.",
        mend="Add the assault code, and Y07.- where the perpetrator is known.",
    )
    confirmed = Family(tuple(c for c in case.coded("T74.1", "T74.2", "T74.4") if seventh(c) == "A"))
    return partnered(case, confirmed, family("X92-X99 Y00-Y09"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    external_cause_never_first,
    external_cause_needs_a_condition,
    storm_needs_an_injury,
    place_once,
    activity_and_status_once,
    unstated_is_left_out,
    place_behind_cause,
    place_at_the_first_visit,
    phase_follows_the_injury,
    graver_event_first,
    undetermined_event_is_stated,
    terrorism_is_confirmed,
    suspected_abuse_names_nobody,
    perpetrator_needs_abuse,
    suspected_or_confirmed,
    abuse_leads,
    assault_of_confirmed_abuse,
)
