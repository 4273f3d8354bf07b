"""Coronary disease, angina, myocardial infarction by type and time (I.C.9.b, I.C.9.e)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    in_order,
    partnered,
    quoting,
    worded,
)

_ANGINA: Final = family("I20")
_WITH_ANGINA: Final = family("I25.11 I25.7")
_DEMAND_ISCHEMIA: Final = family("I24.8", but="I24.81")
"""I24.89, which editions before FY2024 print as I24.8; microvascular dysfunction is another disease."""

_STEMI: Final = family("I21.0 I21.1 I21.2 I21.3")
_NSTEMI: Final = family("I21.4")
_TYPE_1: Final = family("I21.0 I21.1 I21.2 I21.3 I21.4 I21.9")
_ACUTE: Final = family("I21-I22")
_TYPE_2: Final = re.compile(r"type\s?-?(?:2|ii)\b|demand ischemi|supply.{0,12}demand|demand infarct")
_TYPES_3_TO_5: Final = re.compile(
    r"type\s?-?(?:[345][abc]?|iii|iv|v)\s+(?:\w+\W+)?(?:mi\b|myocard|infarct|nstemi|stemi)"
)
_INFARCTION: Final = r"(?:\bmi\b|infarct\w*|n?stemi)"
_PAST: Final = re.compile(
    rf"\b(?:old|prior|previous|remote|healed|h/o|history of|hx of|s/p)\b[^.,;]{{0,20}}{_INFARCTION}"
    rf"|{_INFARCTION}[^.;]{{0,25}}(?:months?|years?|yrs?) ago|{_INFARCTION} (?:in|of) (?:19|20)\d\d"
)
_WITHIN_FOUR_WEEKS: Final = re.compile(
    r"\b(?:(?:[1-9]|1\d|2[0-8]|two|three|five|six|ten) days?|(?:[1-4]|one|two|three|four) (?:weeks?|wks?)"
    r"|(?:yester|to)day)\s*(?:ago|out|post|after|earlier|since|old)"
)
_SUBENDOCARDIAL: Final = re.compile(r"subendocardial|non-?\s?transmural")
_MICROVASCULAR: Final = re.compile(
    r"microvascular|microvessel|minoca|nonobstructive|non-obstructive|open (?:coronary )?arter"
)
_SAID_UNRELATED: Final = re.compile(r"\bnot (?:\w+ ){0,4}(?:coronary|cad|ischemic)|noncardiac|non-cardiac|vasospas")


def angina_is_in_the_code(case: Case) -> Findings:
    """A combination code of coronary disease with angina holds the angina."""
    ruling = Ruling(
        rule="heart.angina_in_the_code",
        severity=REJECT,
        source="I.C.9.b",
        message="{code} is held by {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, _ANGINA, _WITH_ANGINA, ruling)


def angina_is_presumed_coronary(case: Case) -> Findings:
    """Angina in coronary disease is presumed to come from it; nothing is apart where the combination stands."""
    ruling = Ruling(
        rule="heart.angina_presumed_coronary",
        severity=MUST_RESOLVE,
        source="I.C.9.b, I.A.15",
        message="{code} is reported apart from {other}, and angina is presumed to come from coronary disease.",
        mend="Report the combination from I25.11-, unless the provider names another cause of the angina.",
    )
    if not case.coded("I20") or not case.coded("I25.10") or _WITH_ANGINA.among(case.codes):
        return ()
    if _SAID_UNRELATED.search(case.record):
        ruling = ruling._replace(severity=ADVISE)
    unstable = apart(case, family("I20.0"), family("I25.10"), ruling, "I25.110")
    return (*unstable, *apart(case, family("I20", but="I20.0"), family("I25.10"), ruling, "I25.119"))


def plain_beside_angina(case: Case) -> Findings:
    """Coronary disease without angina is not reported beside coronary disease with angina of the same vessels."""
    ruling = Ruling(
        rule="heart.plain_beside_angina",
        severity=REJECT,
        source="I.C.9.b",
        message="{code} says without angina and {other} with angina.",
        mend="Leave {code} out.",
    )
    return apart(case, family("I25.10"), family("I25.11"), ruling)


def infarction_before_coronary_disease(case: Case) -> Findings:
    """For an admission with an acute infarction the infarction goes before the coronary disease."""
    ruling = Ruling(
        rule="heart.infarction_first",
        severity=MUST_RESOLVE,
        source="I.C.9.b",
        message="{code} stands ahead of the acute infarction {other}.",
        mend="Put {other} ahead of {code}.",
    )
    if not case.codes or not case.codes[0].startswith("I25.1"):
        return ()
    return in_order(case, _TYPE_1, family("I25.1"), ruling)


def second_infarction_needs_the_first(case: Case) -> Findings:
    """I22 always goes with an I21 code of type 1 or unspecified."""
    ruling = Ruling(
        rule="heart.second_infarction",
        severity=MUST_RESOLVE,
        source="I.C.9.e.4",
        message="{code} is a second infarction within four weeks and the first one is not reported.",
        mend="Add the first infarction from I21.0-I21.4 or I21.9, or report this one from I21.",
    )
    return partnered(case, family("I22"), _TYPE_1, ruling)


def demand_ischemia_is_in_type_2(case: Case) -> Findings:
    """The mismatch of supply and demand is held by a type 2 infarction."""
    ruling = Ruling(
        rule="heart.demand_ischemia",
        severity=REJECT,
        source="I.C.9.e.5",
        message="{code} is held by the type 2 infarction {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, _DEMAND_ISCHEMIA, family("I21.A1"), ruling)


def type_2_has_its_code(case: Case) -> Findings:
    """A type 2 infarction is I21.A1, whatever else it is called."""
    ruling = Ruling(
        rule="heart.type_2",
        severity=MUST_RESOLVE,
        source="I.C.9.e.5",
        message="{code} is for type 1, and its evidence speaks of type 2 or of demand.",
        mend="Report I21.A1.",
    )
    return quoting(case, _TYPE_1, _TYPE_2, ruling, "I21.A1")


def types_3_to_5_have_their_code(case: Case) -> Findings:
    """Types 3, 4 and 5 are I21.A9."""
    ruling = Ruling(
        rule="heart.types_3_to_5",
        severity=MUST_RESOLVE,
        source="I.C.9.e.5",
        message="{code} is for type 1, and its evidence names type 3, 4 or 5.",
        mend="Report I21.A9.",
    )
    return quoting(case, _TYPE_1, _TYPES_3_TO_5, ruling, "I21.A9")


def old_infarction_is_history(case: Case) -> Findings:
    """After four weeks a healed infarction is I25.2."""
    ruling = Ruling(
        rule="heart.old_infarction",
        severity=MUST_RESOLVE,
        source="I.C.9.e.1",
        message="{code} is an infarction of the last four weeks, and its evidence speaks of an old one.",
        mend="Report I25.2 where it is more than four weeks old and healed.",
    )
    return quoting(case, _ACUTE, _PAST, ruling, "I25.2")


def recent_infarction_is_acute(case: Case) -> Findings:
    """Within four weeks an infarction is still I21."""
    ruling = Ruling(
        rule="heart.recent_infarction",
        severity=MUST_RESOLVE,
        source="I.C.9.e.1",
        message="{code} is an old infarction, and its evidence counts days or weeks up to four.",
        mend="Report I21.- while the infarction is at most four weeks old.",
    )
    return quoting(case, family("I25.2"), _WITHIN_FOUR_WEEKS, ruling)


def one_kind_of_infarction(case: Case) -> Findings:
    """One infarction is with ST elevation or without; a second one is I22."""
    ruling = Ruling(
        rule="heart.one_kind_of_infarction",
        severity=MUST_RESOLVE,
        source="I.C.9.e.1, I.C.9.e.2",
        message="{code} and {other} name one infarction in two ways.",
        mend="Keep the one that the provider settles on; a second infarction within four weeks is I22.",
    )
    without = apart(case, _NSTEMI, _STEMI, ruling)
    return (*without, *apart(case, family("I21.9"), family("I21.0 I21.1 I21.2 I21.3 I21.4"), ruling))


def subendocardial_stays_nstemi(case: Case) -> Findings:
    """Subendocardial or nontransmural is I21.4, even when a wall is named."""
    ruling = Ruling(
        rule="heart.subendocardial",
        severity=MUST_RESOLVE,
        source="I.C.9.e.3",
        message="{code} is a transmural infarction, and its evidence says that it is not.",
        mend="Report I21.4.",
    )
    return quoting(case, _STEMI, _SUBENDOCARDIAL, ruling, "I21.4")


def microvascular_is_documented(case: Case) -> Findings:
    """I21.B needs microvascular disease in the provider's words."""
    ruling = Ruling(
        rule="heart.microvascular",
        severity=MUST_RESOLVE,
        source="I.C.9.e.6",
        message="{code} needs microvascular disease, and the record does not speak of it.",
        mend="Choose the infarction that is documented.",
    )
    return worded(case, family("I21.B"), _MICROVASCULAR, ruling)


RULES: Final[tuple[Rule, ...]] = (
    angina_is_in_the_code,
    angina_is_presumed_coronary,
    plain_beside_angina,
    infarction_before_coronary_disease,
    second_infarction_needs_the_first,
    demand_ischemia_is_in_type_2,
    type_2_has_its_code,
    types_3_to_5_have_their_code,
    old_infarction_is_history,
    recent_infarction_is_acute,
    one_kind_of_infarction,
    subendocardial_stays_nstemi,
    microvascular_is_documented,
)
