"""Status, history, long-term drugs, living alone (I.C.21.c.3, I.C.21.c.4, I.C.21.c.17)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    Findings,
    Ruling,
    apart,
    never_first,
    partnered,
    quoted,
)

_DETAIL: Final = family("Z16 Z66 Z67 Z78 Z79 Z91.1 Z91.A Z99.11 Z99.3 Z99.8 Z18 Z97")
_BACKGROUND: Final = family("Z80-Z87 Z88-Z90 Z92-Z95 Z96 Z98")
_LONG_TERM: Final = family("Z79")
_SHORT_COURSE: Final = re.compile(
    r"\b\d{1,2}[- ]days?\b(?! (?:supply|refill))|\bx\s?\d{1,2}\s?d(?:ays)?\b|short(?:-term)? course|\btaper\b|\bburst\b"
    r"|(?:single|one|loading) dose|(?:just|newly) started|started today|to be started|will start|discontinued|stopped"
)
_HISTORY: Final[tuple[tuple[Family, Family], ...]] = (
    (family("Z86.718"), family("I82.4 I82.6")),
    (family("Z86.711"), family("I26")),
    (family("Z86.14"), family("B95.62 A49.02 A41.02 J15.212")),
    (family("Z87.11"), family("K25-K28")),
    (family("Z87.01"), family("J12-J18")),
    (family("Z87.440"), family("N39.0 N30 N10")),
    (family("Z87.442"), family("N20")),
    (family("Z86.010"), family("K63.5 D12")),
    (family("Z86.32"), family("O24.4")),
    (family("Z87.51"), family("O60")),
    (family("Z86.15 Z86.11"), family("A15-A19")),
    (family("Z86.19"), family("B17 B18 A04.7")),
    (family("Z86.61"), family("G00-G03")),
    (family("Z87.74"), family("Q20-Q28")),
    (family("Z87.310"), family("M80")),
)
"""History codes, and the present diseases they may contradict."""

_LIVING_ALONE: Final = re.compile(
    r"\b(?:unmet|unable|cannot|can't|risk|needs?|help|support|isolat|lonel|no one|nobody|unsafe|assist)"
)


def living_alone_is_no_problem(case: Case) -> Findings:
    """Living alone is coded only with an unmet need or a risk."""
    ruling = Ruling(
        rule="status.living_alone",
        severity=MUST_RESOLVE,
        source="I.C.21.c.17",
        message="{code} needs a problem or risk, and its evidence names none.",
        mend="Leave {code} out.",
    )
    lines = [line for line in case.diagnoses if line.code == "Z60.2"]
    return tuple(ruling.on(line.code) for line in lines if not _LIVING_ALONE.search(case.words_of(line)))


def detail_never_first(case: Case) -> Findings:
    """Drugs in use, noncompliance, blood group and the like are details of something else."""
    ruling = Ruling(
        rule="status.detail_never_first",
        severity=MUST_RESOLVE,
        source="I.C.21.c.3, I.C.21.c.14",
        message="{code} is a detail of another condition and never comes first.",
        mend="Put the reason for the encounter first.",
    )
    return never_first(case, _DETAIL, ruling)


def background_seldom_first(case: Case) -> Findings:
    """History, absence and presence of organs give background to the reason for the visit."""
    if all(code in _BACKGROUND for code in case.codes):
        return ()
    ruling = Ruling(
        rule="status.background_seldom_first",
        severity=ADVISE,
        source="I.C.21.c.3, I.C.21.c.4",
        message="{code} is background and stands first.",
        mend="Put the reason for the encounter first.",
    )
    return never_first(case, _BACKGROUND, ruling)


def short_course_is_not_long_term(case: Case) -> Findings:
    """Z79 is for lasting or preventive use, not for a short course."""
    ruling = Ruling(
        rule="status.short_course",
        severity=MUST_RESOLVE,
        source="I.C.21.c.3",
        message="{code} is long-term use, and its evidence speaks of a short course or a drug just begun or stopped.",
        mend="Leave {code} out, unless the drug is taken for good.",
    )
    lines = [line for line in case.diagnoses if line.code in _LONG_TERM]
    return tuple(ruling.on(line.code) for line in lines if _SHORT_COURSE.search(quoted(line)))


def past_or_present(case: Case) -> Findings:
    """A disease still present or under treatment is no history."""
    ruling = Ruling(
        rule="status.past_or_present",
        severity=MUST_RESOLVE,
        source="I.C.21.c.4, IV.J, III.A",
        message="{code} says that the disease is past and {other} that it is present.",
        mend="Keep {other} while it is present, unless {code} tells of an earlier episode that matters now.",
    )
    return tuple(f for history, disease in _HISTORY for f in apart(case, history, disease, ruling))


def level_monitoring_names_the_drug(case: Case) -> Findings:
    """Monitoring of a drug level goes with the drug."""
    ruling = Ruling(
        rule="status.level_monitoring",
        severity=ADVISE,
        source="I.C.21.c.3",
        message="{code} is monitoring of a drug, and the drug is not reported.",
        mend="Add the Z79 code of the drug.",
    )
    return partnered(case, family("Z51.81"), _LONG_TERM, ruling)


def removed_at_this_encounter(case: Case) -> Findings:
    """Absence of an organ is not reported at the encounter that removes it."""
    ruling = Ruling(
        rule="status.removed_at_this_encounter",
        severity=MUST_RESOLVE,
        source="I.C.21.c.14, I.C.21.c.3",
        message="{code} says that the organ is gone, and {other} that it is removed at this encounter.",
        mend="Leave {code} out, unless the other side was removed before.",
    )
    breast = apart(case, family("Z90.1"), family("Z40.01"), ruling)
    return (*breast, *apart(case, family("Z90.72"), family("Z40.02"), ruling))


def oxygen_of_a_failure(case: Case) -> Findings:
    """Dependence on a ventilator or oxygen goes with the disease behind it."""
    ruling = Ruling(
        rule="status.dependence_names_disease",
        severity=ADVISE,
        source="I.C.21.c.3",
        message="{code} stands without the disease that makes it necessary.",
        mend="Add the disease.",
    )
    return partnered(case, family("Z99.0 Z99.1 Z99.81"), family("A C D E G I J P Q R S T"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    living_alone_is_no_problem,
    detail_never_first,
    background_seldom_first,
    short_course_is_not_long_term,
    past_or_present,
    level_monitoring_names_the_drug,
    removed_at_this_encounter,
    oxygen_of_a_failure,
)
