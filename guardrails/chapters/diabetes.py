"""Diabetes and its drugs (I.C.4.a)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family, intent
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    in_order,
    partnered,
    worded,
)
from medcoding.mention import Assertion

DIABETES: Final = family("E08-E13")
_TYPES: Final = ("E08", "E09", "E10", "E11", "E13")
_DRUGS: Final = ("Z79.4", "Z79.84", "Z79.85")
_TYPE_1: Final = re.compile(
    r"type\s?-?(?:1|i|one)\b|\bt1d|\bdm\s?-?1\b|\bt1\s?dm|\biddm\b|juvenile|\blada\b|autoimmune"
)
_BRIEFLY: Final = re.compile(
    r"sliding[- ]scale|temporar|\bssi\b|(?:during|while|for) (?:the|this) (?:stay|admission|hospital)|in-?house only"
    r"|while (?:an )?inpatient|perioperative|one dose|single dose"
)
_PUMP: Final = family("T85.614 T85.624 T85.633 T85.694")
_SAID_UNRELATED: Final = re.compile(
    r"\b(?:not|un)\W{0,3}(?:\w+\W+){0,3}?(?:related|due|caused|diabetic|attribut\w+|secondary|because)"
)
_OTHER_CAUSE: Final = family("T86.1 Z94.0 Q61 N00-N08 L89")
_LINKED: Final = (
    (family("N18"), "2"),
    (family("K31.84"), "4"),
    (family("G62.9"), "4"),
    (family("M86"), "6"),
    (family("L97"), "6"),
)
"""What the index joins with diabetes, and the fourth character of the combination (I.A.15)."""


def type_must_be_stated(case: Case) -> Findings:
    """Type 1 is coded only when the record says so; insulin and age do not make it type 1."""
    ruling = Ruling(
        rule="diabetes.type_stated",
        severity=MUST_RESOLVE,
        source="I.C.4.a.1, I.C.4.a.2, I.C.4.a.3",
        message="{code} is type 1, and the record nowhere says type 1.",
        mend="Report type 2, the default, unless the provider documents type 1.",
    )
    return worded(case, family("E10"), _TYPE_1, ruling)


def plain_beside_complication(case: Case) -> Findings:
    """Diabetes without complications is not reported beside a complication of the same type."""
    ruling = Ruling(
        rule="diabetes.plain_beside_complication",
        severity=REJECT,
        source="I.C.4.a",
        message="{code} says without complications and {other} is a complication of the same diabetes.",
        mend="Leave {code} out.",
    )
    return tuple(f for kind in _TYPES for f in apart(case, family(f"{kind}.9"), family(kind, but=f"{kind}.9"), ruling))


def presumed_link(case: Case) -> Findings:
    """What the index joins by “with” is a complication of the diabetes unless the provider says otherwise."""
    diabetes = DIABETES.among(case.codes)
    if not diabetes or _OTHER_CAUSE.among(case.codes) or _SAID_UNRELATED.search(case.record):
        return ()
    ruling = Ruling(
        rule="diabetes.presumed_link",
        severity=MUST_RESOLVE,
        source="I.A.15, I.C.4.a",
        message="{code} is reported apart from {other}, and the index joins the two.",
        mend="Report the diabetes with that complication, or show that the provider calls them unrelated.",
    )
    return tuple(
        ruling.on(code, diabetes[0], mend_codes=_with_complication(case, diabetes[0], place))
        for linked, place in _LINKED
        if not any(code[4:5] == place for code in diabetes)
        for code in linked.among(case.codes)[:1]
    )


def _with_complication(case: Case, diabetes: str, place: str) -> tuple[str, ...]:
    """The billable diabetes codes of that complication, where there are few."""
    found = case.codebook.billable_under(f"{diabetes[:3]}.{place}")
    named = {"2": f"{diabetes[:3]}.22", "6": f"{diabetes[:3]}.621"}.get(place)
    return (named,) if named in found else found[:3]


def briefly_given_insulin(case: Case) -> Findings:
    """Insulin given only to bring the sugar down during the encounter is no long-term use."""
    ruling = Ruling(
        rule="diabetes.briefly_given_insulin",
        severity=MUST_RESOLVE,
        source="I.C.4.a.3, I.C.4.a.6.a",
        message="{code} is long-term insulin, and its evidence speaks of a passing need.",
        mend="Leave {code} out, unless the insulin goes on after the encounter.",
    )
    lines = [line for line in case.diagnoses if line.code == "Z79.4"]
    return tuple(ruling.on(line.code) for line in lines if _BRIEFLY.search(case.words_of(line)))


def drug_needs_diabetes(case: Case) -> Findings:
    """A drug for diabetes stands beside the diabetes, or the obesity, it is for."""
    ruling = Ruling(
        rule="diabetes.drug_needs_diabetes",
        severity=MUST_RESOLVE,
        source="I.C.4.a.3",
        message="{code} is reported, and no condition is that it could be for.",
        mend="Add the diabetes, or leave {code} out where the drug is for another disease.",
    )
    insulin = partnered(case, family("Z79.4"), family("E08-E13 O24 E89.1 P70.2"), ruling)
    others = family("E08-E13 O24 E66 E28.2 E88 R73")
    return (*insulin, *partnered(case, family("Z79.84 Z79.85"), others, ruling))


def drugs_of_diabetes(case: Case) -> Findings:
    """Each group of drugs in regular use has a code of its own."""
    treated = family("E08 E09 E11 E13").among(case.codes)
    if not treated or case.coded("O24.4"):
        return ()
    ruling = Ruling(
        rule="diabetes.drugs",
        severity=ADVISE,
        source="I.C.4.a.3, I.C.4.a.6.a",
        message="The record speaks of a drug for {code} that no code of long-term use tells.",
        mend="Add the code of long-term use where the drug is taken regularly.",
    )
    taken = {stem for m in case.mentioned(*_DRUGS, said=frozenset({Assertion.PRESENT})) for stem in (m.concept or "",)}
    missing = tuple(code for code in _DRUGS if code in taken and not case.coded(code))
    return (ruling.on(treated[0], mend_codes=missing),) if missing else ()


def hypoglycemia_is_in_the_code(case: Case) -> Findings:
    """Low sugar in diabetes is a combination code; only the level is added."""
    ruling = Ruling(
        rule="diabetes.hypoglycemia",
        severity=MUST_RESOLVE,
        source="I.C.4.a, I.B.9",
        message="{code} is low sugar without diabetes, and {other} is diabetes.",
        mend="Report the diabetes with hypoglycemia and leave {code} out.",
    )
    return apart(case, family("E16.0 E16.1 E16.2"), DIABETES, ruling)


def high_sugar_is_in_the_code(case: Case) -> Findings:
    """A raised sugar reading belongs to diabetes."""
    ruling = Ruling(
        rule="diabetes.high_sugar",
        severity=REJECT,
        source="I.B.5",
        message="{code} belongs to the diabetes {other}.",
        mend="Leave {code} out; out-of-control or poorly controlled diabetes has codes of its own.",
    )
    return apart(case, family("R73"), DIABETES, ruling)


def remission_without_drugs(case: Case) -> Findings:
    """Diabetes in remission with drugs for diabetes needs a second look."""
    ruling = Ruling(
        rule="diabetes.remission_without_drugs",
        severity=ADVISE,
        source="I.C.4.a",
        message="{code} says remission and {other} a drug for diabetes.",
        mend="Ask whether the drug is for the diabetes.",
    )
    return apart(case, family("E11.A"), family("Z79.4 Z79.84"), ruling)


def presymptomatic_beside_disease(case: Case) -> Findings:
    """Presymptomatic type 1 ends when the disease shows itself."""
    ruling = Ruling(
        rule="diabetes.presymptomatic",
        severity=MUST_RESOLVE,
        source="I.C.4.a.1.a",
        message="{code} is diabetes before any symptom and {other} is symptomatic diabetes.",
        mend="Keep {other} where the disease has shown itself.",
    )
    return apart(case, family("E10.A"), family("E10", but="E10.A"), ruling)


def pump_failure_first(case: Case) -> Findings:
    """The failed pump leads, then the drug, then the diabetes."""
    ruling = Ruling(
        rule="diabetes.pump_failure_first",
        severity=MUST_RESOLVE,
        source="I.C.4.a.5.a, I.C.4.a.5.b",
        message="{code} stands ahead of the pump failure {other}.",
        mend="Put {other} first, then the insulin code, then the diabetes.",
    )
    drug = in_order(case, _PUMP, family("T38.3X6 T38.3X1"), ruling)
    return (*drug, *in_order(case, _PUMP, DIABETES, ruling))


def pump_failure_names_dose(case: Case) -> Findings:
    """A pump gives too little insulin or too much; the code says which."""
    ruling = Ruling(
        rule="diabetes.pump_failure_dose",
        severity=ADVISE,
        source="I.C.4.a.5.a, I.C.4.a.5.b",
        message="{code} stands without the code for too little or too much insulin.",
        mend="Add T38.3X6A for too little or T38.3X1A for too much.",
    )
    if not DIABETES.among(case.codes):
        return ()
    return partnered(case, _PUMP, family("T38.3X"), ruling, "T38.3X6A", "T38.3X1A")


def removed_pancreas(case: Case) -> Findings:
    """Diabetes after removal of the pancreas is E13, beside E89.1."""
    ruling = Ruling(
        rule="diabetes.removed_pancreas",
        severity=MUST_RESOLVE,
        source="I.C.4.a.6.b.i, I.C.4.a.6",
        message="{code} is not the diabetes that follows removal of the pancreas ({other}).",
        mend="Report E13.- with {other} and a code from Z90.41-.",
    )
    return apart(case, family("E08 E10 E11"), family("E89.1"), ruling)


def drug_induced_names_the_drug(case: Case) -> Findings:
    """Diabetes brought on by a drug needs the code of the drug."""
    ruling = Ruling(
        rule="diabetes.drug_induced",
        severity=MUST_RESOLVE,
        source="I.C.4.a.6.b.ii",
        message="{code} is diabetes brought on by a drug, and no drug is reported.",
        mend="Add the adverse effect or poisoning code of the drug.",
    )
    return partnered(case, family("E09"), family("T36-T65"), ruling)


def drug_behind_its_diabetes(case: Case) -> Findings:
    """A drug rightly taken stands behind the diabetes it brought on, like every adverse effect."""
    adverse = tuple(code for code in family("T36-T50").among(case.codes) if intent(code) == "5")
    if not adverse:
        return ()
    ruling = Ruling(
        rule="diabetes.drug_behind",
        severity=MUST_RESOLVE,
        source="I.C.4.a.6.b, I.C.4.a.6.b.ii",
        message="{code} stands ahead of {other}, the diabetes it brought on.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, family("E09"), Family(adverse), ruling)


RULES: Final[tuple[Rule, ...]] = (
    type_must_be_stated,
    plain_beside_complication,
    presumed_link,
    briefly_given_insulin,
    drug_needs_diabetes,
    drugs_of_diabetes,
    hypoglycemia_is_in_the_code,
    high_sugar_is_in_the_code,
    remission_without_drugs,
    presymptomatic_beside_disease,
    pump_failure_first,
    pump_failure_names_dose,
    removed_pancreas,
    drug_induced_names_the_drug,
    drug_behind_its_diabetes,
)
