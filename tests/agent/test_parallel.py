"""The same encounters answered in two ways, and what differs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agent.answerers import answering_as
from agent.parallel import EncounterDifference, Side, compared, difference, in_total, under_edition
from agent.pipeline import Pipeline
from agent.routine import FastPathMode
from agent.settings import Settings
from agent.show_parallel import parallel_page
from medcoding.codes import CodeRole
from medcoding.errors import InputError
from medcoding.finding import Finding, Severity
from medcoding.result import CodingResult
from tests.agent.test_why import RESULT, line
from tests.flow.notes import encounter


def answer(*codes: str, **changes: Any) -> CodingResult:
    """An answer with these codes."""
    lines = tuple(line(code).model_copy(update={"sequence": n}) for n, code in enumerate(codes, start=1))
    return RESULT.model_copy(update={"codes": lines, "findings": ()} | changes)


FOUND = Finding(rule="r", severity=Severity.ADVISE, codes=("I10",), message="m", source="s", mend="m")


def test_two_equal_answers_do_not_differ() -> None:
    """Cost and stamp apart, which are never the same."""
    assert difference(answer("I10"), answer("I10")).is_alike


def test_codes_of_one_side_roles_confidences_and_findings_differ() -> None:
    """Each with both values, the left one first."""
    moved = line("I10").model_copy(update={"role": CodeRole.SECONDARY, "confidence": 0.9})
    right = answer("E11.9").model_copy(update={"codes": (moved, line("E11.9")), "findings": (FOUND,)})
    found = difference(answer("I10", "N18.32"), right)
    assert [side.code for side in found.only_left] == ["N18.32"]
    assert [side.code for side in found.only_right] == ["E11.9"]
    (change,) = found.changed
    assert change.roles == (CodeRole.FIRST_LISTED, CodeRole.SECONDARY)
    assert change.confidences == (0.7, 0.9)
    assert [finding.rule for finding in found.findings_right] == ["r"]
    assert not found.findings_left


def test_a_confidence_that_moves_little_counts_as_the_same() -> None:
    """Two hundredths are no change that a person would look at."""
    near = answer("I10").codes[0].model_copy(update={"confidence": 0.72})
    assert difference(answer("I10"), answer("I10").model_copy(update={"codes": (near,)})).is_alike


def test_turning_the_sides_turns_the_difference() -> None:
    """What was only left is only right."""
    one, other = answer("I10", "N18.32"), answer("I10", "E11.9")
    there, back = difference(one, other), difference(other, one)
    assert (there.only_left, there.only_right) == (back.only_right, back.only_left)


def test_answers_to_two_encounters_are_not_compared() -> None:
    """Their difference would say nothing."""
    with pytest.raises(InputError, match="two encounters"):
        difference(answer("I10"), answer("I10", case_id="c2"))


def test_two_editions_at_once(pipeline: Pipeline) -> None:
    """A header of the new edition is complete in the old one, and neither side complains about the date."""
    left, right = (Side(name, under_edition(pipeline, name)) for name in ("FY2026", "FY2027"))
    note = encounter("Assessment: Dilated cardiomyopathy. Hypertension.")
    found = asyncio.run(compared(note, left, right))
    assert isinstance(found, EncounterDifference)
    assert found.editions == ("FY2026", "FY2027")
    rules = {finding.rule for finding in (*found.findings_left, *found.findings_right)}
    assert "existence.edition_loaded" not in rules
    report = in_total(("FY2026", "FY2027"), [found])
    assert (report.encounters, report.alike) == (1, int(found.is_alike))
    assert "FY2026" in parallel_page(report)


def test_an_edition_that_is_not_loaded_is_named(pipeline: Pipeline) -> None:
    """With those that are."""
    with pytest.raises(InputError, match="FY2026, FY2027"):
        under_edition(pipeline, "FY1999")


def test_one_answerer_alone(settings: Settings) -> None:
    """Rules without model and encoder, the encoder always, a model without the encoder in its way."""
    rules, encoder, mini = (answering_as(settings, name) for name in ("rules", "encoder", "mini"))
    assert (rules.llm.model, rules.fast_path.mode) == (None, FastPathMode.OFF)
    assert (encoder.llm.model, encoder.fast_path.mode) == (None, FastPathMode.ALWAYS)
    assert (mini.llm.model, mini.fast_path.mode) == ("mini", FastPathMode.OFF)
