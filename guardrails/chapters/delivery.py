"""Delivery and its outcome (I.C.15.a.3, I.C.15.b.5, I.C.15.n, I.C.15.o)."""

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
    never_first,
    partnered,
)
from guardrails.chapters.pregnancy import OBSTETRIC

_OUTCOME: Final = family("Z37")
_NORMAL: Final = family("O80")
_DELIVERY: Final = family("O60.1 O60.2 O63-O70 O74 O76 O77 O80 O82")
_FULL_TERM: Final = 37


def delivery_names_its_outcome(case: Case) -> Findings:
    """Every maternal record with a delivery carries one outcome."""
    ruling = Ruling(
        rule="delivery.names_its_outcome",
        severity=MUST_RESOLVE,
        source="I.C.15.b.5, I.C.21.c.11",
        message="{code} is a delivery and its outcome is not reported.",
        mend="Add the Z37 code for the number of children and whether they live.",
    )
    missing = partnered(case, _DELIVERY, _OUTCOME, ruling)
    return missing[:1]


def outcome_needs_delivery(case: Case) -> Findings:
    """The outcome stands behind a delivery and never first."""
    ruling = Ruling(
        rule="delivery.outcome_needs_delivery",
        severity=MUST_RESOLVE,
        source="I.C.15.b.5",
        message="{code} stands without the delivery that it is the outcome of.",
        mend="Put the obstetric code ahead of {code}, or leave it out where the birth was earlier or elsewhere.",
    )
    alone = partnered(case, _OUTCOME, family("O Z33.2 Z33.3"), ruling)
    return alone or never_first(case, _OUTCOME, ruling)


def outcome_is_of_this_record(case: Case) -> Findings:
    """The outcome appears neither on later records nor on those of a mother who gave birth elsewhere."""
    ruling = Ruling(
        rule="delivery.outcome_of_this_record",
        severity=REJECT,
        source="I.C.15.b.5, I.C.15.o.4",
        message="{code} belongs to the record of the delivery, and {other} comes after it.",
        mend="Leave {code} out.",
    )
    return apart(case, _OUTCOME, family("Z39"), ruling)


def normal_delivery_alone(case: Case) -> Findings:
    """O80 excludes every other chapter 15 code for a current problem.

    Supervision in pregnancy ends with the delivery and is no problem of it (I.C.15.b.2): O09 goes, not O80.
    """
    ruling = Ruling(
        rule="delivery.normal_alone",
        severity=REJECT,
        source="I.C.15.n.1, I.C.15.b.2",
        message="{code} is a delivery without any complication, and {other} is one.",
        mend="Leave {code} out.",
    )
    return apart(case, _NORMAL, family("O", but="O09 O80 O94"), ruling)


def normal_delivery_first(case: Case) -> Findings:
    """O80 is always principal."""
    if not _NORMAL.among(case.codes) or case.codes[0] in _NORMAL or case.codes[0] in OBSTETRIC:
        return ()
    ruling = Ruling(
        rule="delivery.normal_first",
        severity=MUST_RESOLVE,
        source="I.C.15.n.1",
        message="{code} is always principal and stands behind {other}.",
        mend="Put {code} first.",
    )
    return (ruling.on("O80", case.codes[0], mend_codes=("O80", case.codes[0])),)


def normal_delivery_is_one_live_child(case: Case) -> Findings:
    """The one outcome of O80 is a single live birth."""
    ruling = Ruling(
        rule="delivery.normal_one_live_child",
        severity=REJECT,
        source="I.C.15.n.3",
        message="{code} is the birth of one healthy child, and {other} is another outcome.",
        mend="Leave {code} out and lead with the obstetric code that fits.",
    )
    return apart(case, _NORMAL, family("Z37", but="Z37.0"), ruling)


def normal_delivery_at_term(case: Case) -> Findings:
    """O80 is a full-term birth."""
    early = [c for c in case.coded("Z3A") if c[4:].isdigit() and int(c[4:]) < _FULL_TERM]
    if not early or not _NORMAL.among(case.codes):
        return ()
    ruling = Ruling(
        rule="delivery.normal_at_term",
        severity=MUST_RESOLVE,
        source="I.C.15.n.1",
        message="{code} is a full-term birth, and {other} is before 37 weeks.",
        mend="Report the preterm delivery, or correct the weeks.",
    )
    return (ruling.on("O80", early[0]),)


def complication_in_childbirth(case: Case) -> Findings:
    """With the delivery in this stay, “in childbirth” is chosen where the code offers it."""
    if not _OUTCOME.among(case.codes):
        return ()
    ruling = Ruling(
        rule="delivery.in_childbirth",
        severity=MUST_RESOLVE,
        source="I.C.15.a.3",
        message="{code} gives a trimester, and {other} says that the delivery was in this stay.",
        mend="Choose the code for childbirth.",
    )
    outcome = _OUTCOME.among(case.codes)[0]
    return tuple(
        ruling.on(code, outcome, mend_codes=right)
        for code in OBSTETRIC.among(case.codes)
        if " trimester" in case.codebook.title(code) and (right := _in_childbirth(case, code))
    )


def childbirth_needs_outcome(case: Case) -> Findings:
    """A code for childbirth is for the stay of the delivery."""
    if _OUTCOME.among(case.codes):
        return ()
    ruling = Ruling(
        rule="delivery.childbirth_needs_outcome",
        severity=MUST_RESOLVE,
        source="I.C.15.a.3, I.C.15.b.5",
        message="{code} is for childbirth, and no outcome of a delivery is reported.",
        mend="Add the Z37 code, or choose the trimester where she was not delivered in this stay.",
    )
    said = (" complicating childbirth", " in childbirth")
    return tuple(ruling.on(c) for c in OBSTETRIC.among(case.codes) if case.codebook.title(c).endswith(said))


def routine_care_after_birth(case: Case) -> Findings:
    """Care of a mother who gave birth before the admission is no delivery."""
    ruling = Ruling(
        rule="delivery.after_birth_elsewhere",
        severity=REJECT,
        source="I.C.15.o.4",
        message="{code} is a delivery in this stay, and {other} is care after a birth elsewhere or earlier.",
        mend="Leave {code} out.",
    )
    return apart(case, _NORMAL, family("Z39"), ruling)


def _in_childbirth(case: Case, code: str) -> tuple[str, ...]:
    """The code of the same condition for childbirth, looked for among its nearest relatives first."""
    for stem in (code[:6], code[:5]):
        for other in case.codebook.billable_under(stem):
            if "childbirth" in case.codebook.title(other) and "puerperium" not in case.codebook.title(other):
                return (other,)
    return ()


RULES: Final[tuple[Rule, ...]] = (
    delivery_names_its_outcome,
    outcome_needs_delivery,
    outcome_is_of_this_record,
    normal_delivery_alone,
    normal_delivery_first,
    normal_delivery_is_one_live_child,
    normal_delivery_at_term,
    complication_in_childbirth,
    childbirth_needs_outcome,
    routine_care_after_birth,
)
