"""Routine, defined: every bound decides, and the answer names the one that did."""

from __future__ import annotations

from typing import Any

import pytest

from agent.familiarity import Familiarity
from agent.routine import RoutineSettings, routine
from medcoding.chart import Chart
from medcoding.encounter import Setting
from tests.charts import chart, mention

KNOWN = Familiarity(known=1.0, distance=0.2, rarity=0.4)
GOUT = mention(1, "Gout", 2, concept="M10.9")


def _chart(**changes: Any) -> Chart:
    told = chart()
    return told.model_copy(update={"encounter": told.encounter.model_copy(update=changes)})


def test_a_short_familiar_visit_is_routine() -> None:
    """An outpatient visit for gout, and the answer says what made it routine."""
    found = routine(_chart(), [GOUT], KNOWN, RoutineSettings())
    assert found.is_routine
    assert "outpatient" in found.why
    assert "1 problem," in found.why


@pytest.mark.parametrize(
    ("bounds", "changes", "familiar", "named"),
    [
        ({}, {"setting": Setting.INPATIENT}, KNOWN, "setting is inpatient"),
        ({"visit_types": ("follow-up",)}, {"visit_type": "new patient"}, KNOWN, "visit type is new patient"),
        ({"visit_types": ("follow-up",)}, {}, KNOWN, "names no visit type"),
        ({"specialties": ("dermatology",)}, {"specialty": "Oncology"}, KNOWN, "specialty is Oncology"),
        ({"most_words": 5}, {}, KNOWN, "words, more than 5"),
        ({}, {}, KNOWN.model_copy(update={"known": 0.5}), "knows 50%"),
        ({}, {}, KNOWN.model_copy(update={"rarity": 1.0}), "farther from the training notes"),
    ],
)
def test_each_bound_decides_and_is_named(
    bounds: dict[str, Any], changes: dict[str, Any], familiar: Familiarity, named: str
) -> None:
    """One bound crossed is enough, and the reason is the crossed one."""
    told = _chart(**changes)
    found = routine(told, [GOUT], familiar, RoutineSettings.model_validate(bounds))
    assert not found.is_routine
    assert found.why.startswith("not routine because")
    assert named in found.why


def test_many_problems_are_not_routine() -> None:
    """The same problem said twice is one."""
    many = [mention(n, f"problem {n}", 1, concept=f"R{n:02d}") for n in range(1, 10)]
    assert not routine(_chart(), many, KNOWN, RoutineSettings()).is_routine
    said_again = [GOUT, GOUT.model_copy(update={"id": 2})] * 6
    assert routine(_chart(), said_again, KNOWN, RoutineSettings()).is_routine


def test_a_named_specialty_may_be_routine() -> None:
    """However it is capitalised on the encounter."""
    found = routine(_chart(specialty="Dermatology"), [GOUT], KNOWN, RoutineSettings(specialties=("dermatology",)))
    assert found.is_routine
