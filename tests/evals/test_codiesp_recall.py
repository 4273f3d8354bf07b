"""Gold codes of CodiEsp among the candidates."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.pipeline import Pipeline
from evals.codiesp_recall import MOST, codiesp_recall
from evals.retrieval_suite import offered_codes
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from tests.evals.loaders.invented import coded, line


def offer(encounter: Encounter) -> Sequence[str]:
    """One right code and one of its category, then so many others that the last right one falls behind the cut."""
    assert not hasattr(encounter, "codes")
    return ("M10.9", "E11.65", *(f"S{n:05}" for n in range(MOST)), "I10")


def billable(encounter: Encounter, code: str) -> bool:
    """One of the codes has ended."""
    return code != "E11.9"


def test_recall_by_hand() -> None:
    """One of three codes, two of three categories; one more behind the cut; one is no longer billed."""
    case = coded(line("M10.9"), line("E11.9"), line("I10"))
    done: list[tuple[int, int]] = []
    report = codiesp_recall(offer, [case], billable, lambda n, of: done.append((n, of)))
    assert (report.cases, report.gold, report.cut, report.candidates_most) == (1, 3, 1, MOST + 3)
    assert report.code.value == pytest.approx(1 / 3)
    assert report.category.value == pytest.approx(2 / 3)
    assert report.billable_code.value == pytest.approx(1 / 2)
    assert report.uncut_code.value == pytest.approx(2 / 3)
    assert done == [(1, 1)]


def test_no_case_is_refused() -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="no case"):
        codiesp_recall(offer, [], billable)


def test_the_flow_offers_each_code_once(pipeline: Pipeline) -> None:
    """Those of all mentions of a note, first numbers first."""
    note = coded(line("M10.9"))
    codes = offered_codes(pipeline, note)
    assert {"M10.072", "E11.9"} <= set(codes)
    assert len(set(codes)) == len(codes)
