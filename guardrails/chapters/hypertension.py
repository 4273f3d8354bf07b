"""Hypertension, its presumed links with heart and kidney (I.C.9.a)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    in_order,
    never_first,
    partnered,
    worded,
)

HYPERTENSION: Final = family("I10-I15")
_PLAIN: Final = family("I10")
_HEART_FAILURE: Final = family("I50")
_LATE_STAGES: Final = family("N18.5 N18.6")
_EARLY_STAGES: Final = family("N18.1 N18.2 N18.3 N18.4 N18.9")
_SAYS_HYPERTENSION: Final = re.compile(r"hypertens|\bhtn\b|\bhbp\b|high blood pressure")
_SAYS_CRISIS: Final = re.compile(r"urgen|emergen|crisis|crises|malignant|accelerated")
_SAYS_UNRELATED: Final = re.compile(
    r"(?:\bnot|\bun|\bnon)\W{0,3}(?:\w+\W+){0,5}?(?:related|due|caused|hypertensive|attribut\w*|secondary|because|from)"
    r"|(?:related|due|secondary|attribut\w*)\W+(?:\w+\W+){0,6}?(?:and\s+|,\s*)?not\b"
)

_MERGED: Final = (
    (_PLAIN, _HEART_FAILURE, ("I11.0",)),
    (_PLAIN, family("I51.4 I51.5 I51.7 I51.89 I51.9"), ("I11.9",)),
    (_PLAIN, _EARLY_STAGES, ("I12.9",)),
    (_PLAIN, _LATE_STAGES, ("I12.0",)),
    (family("I11.0"), _EARLY_STAGES, ("I13.0",)),
    (family("I11.0"), _LATE_STAGES, ("I13.2",)),
    (family("I11.9"), _HEART_FAILURE, ("I11.0",)),
    (family("I11.9"), _EARLY_STAGES, ("I13.10",)),
    (family("I11.9"), _LATE_STAGES, ("I13.11",)),
    (family("I12.9"), _HEART_FAILURE, ("I13.0",)),
    (family("I12.0"), _HEART_FAILURE, ("I13.2",)),
    (family("I13.10"), _HEART_FAILURE, ("I13.0",)),
    (family("I13.11"), _HEART_FAILURE, ("I13.2",)),
)
_HELD_BY: Final = ((_PLAIN, family("I11-I13")), (family("I11-I12"), family("I13")))
"""What a hypertensive disease of the set holds is rejected for that alone; where it should go is no second question."""

_STAGED: Final = (
    (family("I12.9"), _LATE_STAGES, ("I12.0",)),
    (family("I12.0"), _EARLY_STAGES, ("I12.9",)),
    (family("I13.0"), _LATE_STAGES, ("I13.2",)),
    (family("I13.2"), _EARLY_STAGES, ("I13.0",)),
    (family("I13.10"), _LATE_STAGES, ("I13.11",)),
    (family("I13.11"), _EARLY_STAGES, ("I13.10",)),
)


def plain_beside_hypertensive_disease(case: Case) -> Findings:
    """I10 is not reported beside hypertensive heart or kidney disease."""
    ruling = Ruling(
        rule="hypertension.plain_beside_disease",
        severity=REJECT,
        source="I.C.9.a.1, I.C.9.a.2, I.C.9.a.3",
        message="{code} is held by {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, _PLAIN, family("I11-I13"), ruling)


def heart_and_kidney_are_one_code(case: Case) -> Findings:
    """Hypertension with heart disease and kidney disease is I13, without I11 or I12 beside it."""
    ruling = Ruling(
        rule="hypertension.heart_and_kidney",
        severity=REJECT,
        source="I.C.9.a.3",
        message="{code} is held by {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("I11-I12"), family("I13"), ruling)


def presumed_link(case: Case) -> Findings:
    """Heart failure and kidney disease are taken to come from the hypertension unless the provider says otherwise.

    Nothing is apart where the combination stands: then only the code that it holds is too many.
    """
    ruling = Ruling(
        rule="hypertension.presumed_link",
        severity=MUST_RESOLVE,
        source="I.C.9.a, I.C.9.a.1, I.C.9.a.2, I.A.15",
        message="{code} is reported apart from {other}, and the two are presumed to be one disease.",
        mend="Report the combination, or show that the provider calls them unrelated.",
    )
    found = _each(case, _MERGED, ruling)
    if found and _SAYS_UNRELATED.search(case.record):
        return _each(case, _MERGED, ruling._replace(severity=ADVISE))
    return found


def stage_fits(case: Case) -> Findings:
    """The hypertensive kidney code fits the stage of the kidney disease."""
    ruling = Ruling(
        rule="hypertension.stage_fits",
        severity=MUST_RESOLVE,
        source="I.C.9.a.2, I.C.9.a.3",
        message="{code} does not fit the stage {other}.",
        mend="Choose the code for that stage.",
    )
    return _each(case, _STAGED, ruling)


def stage_is_reported(case: Case) -> Findings:
    """Hypertensive kidney disease is followed by the stage."""
    ruling = Ruling(
        rule="hypertension.stage_reported",
        severity=MUST_RESOLVE,
        source="I.C.9.a.2, I.C.9.a.3",
        message="{code} stands without the stage of the kidney disease.",
        mend="Add the N18 code of the stage, N18.9 where none is documented.",
    )
    return partnered(case, family("I12-I13"), family("N18 N19"), ruling, "N18.9")


def heart_failure_is_reported(case: Case) -> Findings:
    """Hypertension with heart failure is followed by the type of heart failure."""
    ruling = Ruling(
        rule="hypertension.heart_failure_reported",
        severity=MUST_RESOLVE,
        source="I.C.9.a.1, I.C.9.a.3",
        message="{code} says heart failure and its type is not reported.",
        mend="Add the I50 code of the type, I50.9 where none is documented.",
    )
    return partnered(case, family("I11.0 I13.0 I13.2"), _HEART_FAILURE, ruling, "I50.9")


def brain_before_pressure(case: Case) -> Findings:
    """Disease of the brain vessels stands ahead of the hypertension."""
    if not case.codes or case.codes[0] not in HYPERTENSION:
        return ()
    ruling = Ruling(
        rule="hypertension.brain_before_pressure",
        severity=ADVISE,
        source="I.C.9.a.4",
        message="{code} stands ahead of {other}.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, family("I60-I69"), HYPERTENSION, ruling)


def retinopathy_needs_hypertension(case: Case) -> Findings:
    """Hypertensive retinopathy is reported with the hypertension."""
    ruling = Ruling(
        rule="hypertension.retinopathy",
        severity=MUST_RESOLVE,
        source="I.C.9.a.5",
        message="{code} stands without the systemic hypertension.",
        mend="Add the hypertension from I10-I15.",
    )
    return partnered(case, family("H35.03"), HYPERTENSION, ruling, "I10")


def secondary_needs_cause(case: Case) -> Findings:
    """Secondary hypertension is reported with the disease that causes it."""
    ruling = Ruling(
        rule="hypertension.secondary_cause",
        severity=MUST_RESOLVE,
        source="I.C.9.a.6",
        message="{code} stands without the disease that causes the hypertension.",
        mend="Add the cause.",
    )
    return partnered(case, family("I15.0 I15.1 I15.2"), family("C D E G I70-I79 N O Q T36-T50"), ruling)


def reading_is_no_hypertension(case: Case) -> Findings:
    """A raised reading is not reported beside the disease, and does not make the disease."""
    ruling = Ruling(
        rule="hypertension.reading_beside_disease",
        severity=REJECT,
        source="I.C.9.a.7",
        message="{code} is a reading, and {other} is the disease.",
        mend="Leave {code} out.",
    )
    return apart(case, family("R03.0"), family("I10-I13 I15 I16 O10 O11 O13 O14"), ruling)


def hypertension_is_documented(case: Case) -> Findings:
    """I10 needs the diagnosis, not numbers."""
    ruling = Ruling(
        rule="hypertension.documented",
        severity=MUST_RESOLVE,
        source="I.C.9.a.7",
        message="{code} is reported and the record nowhere calls it hypertension.",
        mend="Report R03.0 for a raised reading.",
    )
    return worded(case, _PLAIN, _SAYS_HYPERTENSION, ruling, "R03.0")


def pulmonary_is_another_disease(case: Case) -> Findings:
    """Pulmonary hypertension belongs to I27."""
    ruling = Ruling(
        rule="hypertension.pulmonary",
        severity=MUST_RESOLVE,
        source="I.C.9.a.11",
        message="{code} rests on words about pulmonary hypertension.",
        mend="Report I27.- instead.",
    )
    lines = [line for line in case.diagnoses if line.code in HYPERTENSION and line.evidence]
    only = [line for line in lines if all(_pulmonary(quote.text) for quote in line.evidence)]
    return tuple(ruling.on(line.code) for line in only)


def crisis_needs_its_word(case: Case) -> Findings:
    """“Uncontrolled” is no crisis."""
    ruling = Ruling(
        rule="hypertension.crisis_word",
        severity=MUST_RESOLVE,
        source="I.C.9.a.9, I.C.9.a.10",
        message="{code} is a crisis, and the record names neither crisis nor urgency nor emergency.",
        mend="Report the hypertension without {code}.",
    )
    return worded(case, family("I16"), _SAYS_CRISIS, ruling)


def crisis_needs_hypertension(case: Case) -> Findings:
    """A crisis is reported with the hypertensive disease."""
    ruling = Ruling(
        rule="hypertension.crisis_disease",
        severity=MUST_RESOLVE,
        source="I.C.9.a.10",
        message="{code} stands without the hypertensive disease.",
        mend="Add the code from I10-I15.",
    )
    return partnered(case, family("I16"), family("I10-I15 O10 O11 O13-O16"), ruling, "I10")


def resistant_names_the_kind(case: Case) -> Findings:
    """I1A.0 stands behind the kind of hypertension."""
    ruling = Ruling(
        rule="hypertension.resistant",
        severity=MUST_RESOLVE,
        source="I.C.9.a.12",
        message="{code} stands without the kind of hypertension ahead of it.",
        mend="Put the hypertension from I10-I15 ahead of {code}.",
    )
    alone = partnered(case, family("I1A"), HYPERTENSION, ruling, "I10")
    return alone or never_first(case, family("I1A"), ruling)


def _each(case: Case, table: tuple[tuple[Family, Family, tuple[str, ...]], ...], ruling: Ruling) -> Findings:
    held = tuple(code for part, whole in _HELD_BY if whole.among(case.codes) for code in part.among(case.codes))
    found = (f for wrong, beside, right in table for f in apart(case, wrong, beside, ruling, *right))
    return tuple(finding for finding in found if finding.codes[0] not in held)


def _pulmonary(words: str) -> bool:
    """True when every hypertension in the words is one of the lung."""
    said = words.lower()
    return "hypertens" in said and not re.search(
        r"(?<!pulmonary )(?<!pulmonary arterial )(?<!arterial )hypertens", said
    )


RULES: Final[tuple[Rule, ...]] = (
    plain_beside_hypertensive_disease,
    heart_and_kidney_are_one_code,
    presumed_link,
    stage_fits,
    stage_is_reported,
    heart_failure_is_reported,
    brain_before_pressure,
    retinopathy_needs_hypertension,
    secondary_needs_cause,
    reading_is_no_hypertension,
    hypertension_is_documented,
    pulmonary_is_another_disease,
    crisis_needs_its_word,
    crisis_needs_hypertension,
    resistant_names_the_kind,
)
