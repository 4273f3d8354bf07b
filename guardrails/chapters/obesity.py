"""Body mass index and what it stands beside (I.B.14, I.C.21.c.3)."""

from __future__ import annotations

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
    partnered,
)

_INDEX: Final = family("Z68")
_ADULT: Final = family("Z68.1 Z68.2 Z68.3 Z68.4")
_CHILD: Final = family("Z68.5")
_WEIGHT: Final = family("E40-E46 E64.0 E65-E66 E68 E88.A F50 F98.2 R62.5 R63 R64 O26.0 O99.21 P92.6 Z71.3")
_ADULT_AGE: Final = 20
_CLASSES: Final = (
    (family("E66.811"), family("Z68.1 Z68.2 Z68.35 Z68.36 Z68.37 Z68.38 Z68.39 Z68.4")),
    (family("E66.812"), family("Z68.1 Z68.2 Z68.30 Z68.31 Z68.32 Z68.33 Z68.34 Z68.4")),
    (family("E66.813"), family("Z68.1 Z68.2 Z68.30 Z68.31 Z68.32 Z68.33 Z68.34 Z68.35 Z68.36 Z68.37 Z68.38 Z68.39")),
)
"""Classes of obesity, and the indexes outside them (class 1 from 30, class 2 from 35, class 3 from 40 kg/m²)."""


def index_needs_a_diagnosis(case: Case) -> Findings:
    """The index may be anybody's note, the weight diagnosis is the provider's."""
    ruling = Ruling(
        rule="obesity.index_needs_a_diagnosis",
        severity=MUST_RESOLVE,
        source="I.B.14, I.C.21.c.3",
        message="{code} stands without a diagnosis of weight or nutrition.",
        mend="Leave {code} out, unless the provider documents such a diagnosis.",
    )
    return partnered(case, _INDEX, _WEIGHT, ruling)


def no_index_in_pregnancy(case: Case) -> Findings:
    """Body mass index is not reported in pregnancy."""
    ruling = Ruling(
        rule="obesity.no_index_in_pregnancy",
        severity=REJECT,
        source="I.C.21.c.3",
        message="{code} is not reported in pregnancy ({other}).",
        mend="Leave {code} out.",
    )
    return apart(case, _INDEX, family("O Z34 Z33.1 Z3A", but="O94"), ruling)


def index_fits_the_age(case: Case) -> Findings:
    """Adult indexes are for 20 years and older, percentiles for 2 to 19."""
    age = case.chart.encounter.patient.age
    if age is None:
        return ()
    ruling = Ruling(
        rule="obesity.index_fits_the_age",
        severity=MUST_RESOLVE,
        source="Note at Z68",
        message="{code} does not fit the age: adult indexes begin at 20 years, percentiles end there.",
        mend="Report the index for the age, or correct the age.",
    )
    wrong = _CHILD if age >= _ADULT_AGE else _ADULT
    return tuple(ruling.on(code) for code in wrong.among(case.codes))


def class_fits_the_index(case: Case) -> Findings:
    """The class is the provider's; an index outside it is worth a question."""
    ruling = Ruling(
        rule="obesity.class_fits_the_index",
        severity=ADVISE,
        source="I.B.14",
        message="{code} and {other} do not belong together.",
        mend="Ask the provider which of the two is right.",
    )
    return tuple(f for obesity, outside in _CLASSES for f in apart(case, obesity, outside, ruling))


RULES: Final[tuple[Rule, ...]] = (
    index_needs_a_diagnosis,
    no_index_in_pregnancy,
    index_fits_the_age,
    class_fits_the_index,
)
