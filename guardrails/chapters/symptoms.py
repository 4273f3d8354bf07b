"""Coma, falls, death on arrival and other signs of chapter 18 (I.C.18)."""

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
)

_SCORES: Final = family("R40.21 R40.22 R40.23")
_TOTAL: Final = family("R40.24")
_COMA: Final = family("R40.2")
_PARTS: Final = ("R40.21", "R40.22", "R40.23")
_SEDATED: Final = re.compile(r"sedat(?:ed|ion)|medically induced|induced coma|propofol|paraly[sz]ed for")


def scores_or_total(case: Case) -> Findings:
    """The total is for records without the three scores; unspecified coma for those without any."""
    ruling = Ruling(
        rule="symptoms.scores_or_total",
        severity=REJECT,
        source="I.C.18.e, I.C.18.e.1",
        message="{code} is not reported beside the scores ({other}).",
        mend="Leave {code} out.",
    )
    total = apart(case, _TOTAL, _SCORES, ruling)
    return (*total, *apart(case, family("R40.20"), family("R40.21 R40.22 R40.23 R40.24 R40.2A"), ruling))


def no_scores_beside_known_coma(case: Case) -> Findings:
    """R40.2A takes no scores beside it."""
    ruling = Ruling(
        rule="symptoms.no_scores_beside_known_coma",
        severity=REJECT,
        source="I.C.18.e.1",
        message="{code} is not reported with {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("R40.21 R40.22 R40.23 R40.24"), family("R40.2A"), ruling)


def three_scores_at_one_time(case: Case) -> Findings:
    """One score from each of the three parts, all taken at the same time."""
    found = _SCORES.among(case.codes)
    times = {seventh(code) for code in found}
    complete = all(case.coded(part) for part in _PARTS)
    if not found or (complete and any(_at(case, time) for time in times)):
        return ()
    ruling = Ruling(
        rule="symptoms.three_scores",
        severity=MUST_RESOLVE,
        source="I.C.18.e.1",
        message="{code} is one of three scores of the same time, and they are not all there.",
        mend="Report eyes, words and movement of one time, or the total from R40.24-.",
    )
    return (ruling.on(*found),)


def no_coma_under_sedation(case: Case) -> Findings:
    """Coma is not coded in a sedated patient or an induced coma."""
    ruling = Ruling(
        rule="symptoms.no_coma_under_sedation",
        severity=MUST_RESOLVE,
        source="I.C.18.e",
        message="{code} is coma, and its evidence speaks of sedation.",
        mend="Leave {code} out.",
    )
    lines = [line for line in case.diagnoses if line.code in _COMA]
    return tuple(ruling.on(line.code) for line in lines if _SEDATED.search(case.words_of(line)))


def fall_or_its_injury(case: Case) -> Findings:
    """A fall that is an injury's cause is not also a symptom under investigation."""
    ruling = Ruling(
        rule="symptoms.fall_or_its_injury",
        severity=ADVISE,
        source="I.C.18.d",
        message="{code} is a fall whose cause is looked into, and {other} is the cause of an injury.",
        mend="Keep {code} only where repeated falls are worked up.",
    )
    return apart(case, family("R29.6"), family("W00-W19"), ruling)


def fall_needs_an_injury(case: Case) -> Findings:
    """A fall without an injury is R29.6 or Z91.81, not an external cause."""
    if family("S T M80 M84").among(case.codes):
        return ()
    ruling = Ruling(
        rule="symptoms.fall_needs_an_injury",
        severity=MUST_RESOLVE,
        source="I.C.18.d, I.C.20.a.1",
        message="{code} is the cause of an injury, and no injury is reported beside {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("W00-W19"), family("R29.6 Z91.81"), ruling)


def dead_on_arrival_alone(case: Case) -> Findings:
    """R99 is for a person brought in dead, and nothing else is known."""
    ruling = Ruling(
        rule="symptoms.dead_on_arrival",
        severity=MUST_RESOLVE,
        source="I.C.18.h",
        message="{code} is for a person already dead on arrival, and {other} tells of more.",
        mend="Leave {code} out where the patient was treated or the cause is known.",
    )
    return apart(case, family("R99"), family("A B C D E F G H I J K L M N O R S T", but="R99"), ruling)


def functional_or_neurologic(case: Case) -> Findings:
    """Functional quadriplegia is not the neurologic one."""
    ruling = Ruling(
        rule="symptoms.functional_quadriplegia",
        severity=MUST_RESOLVE,
        source="I.C.18",
        message="{code} is inability to move without a neurologic cause, and {other} is one.",
        mend="Keep the one that is documented.",
    )
    return apart(case, family("R53.2"), family("G82 G80 G83.5"), ruling)


def _at(case: Case, time: str) -> bool:
    """True when all three scores of that time are there."""
    return all(any(seventh(code) == time for code in case.coded(part)) for part in _PARTS)


RULES: Final[tuple[Rule, ...]] = (
    scores_or_total,
    no_scores_beside_known_coma,
    three_scores_at_one_time,
    no_coma_under_sedation,
    fall_or_its_injury,
    fall_needs_an_injury,
    dead_on_arrival_alone,
    functional_or_neurologic,
)
