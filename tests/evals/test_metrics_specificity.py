"""Specificity: under-specified is not simply wrong."""

from __future__ import annotations

import pytest

from evals.specificity import Detail, compare_detail, detail_pairs
from medcoding.codebook import Codebook


@pytest.mark.parametrize(
    ("gold", "answered", "detail"),
    [
        pytest.param("E11.22", "E11.22", Detail.EXACT, id="the same"),
        pytest.param("E11.22", "E11.9", Detail.UNDER, id="diabetes with kidney disease, coded without complications"),
        pytest.param("E11.22", "E11.8", Detail.UNDER, id="the complication is named"),
        pytest.param("E11.22", "E11.2", Detail.UNDER, id="a stem"),
        pytest.param("E11.22", "E11.21", Detail.OTHER, id="another kidney complication"),
        pytest.param("N18.31", "N18.9", Detail.UNDER, id="stage left out"),
        pytest.param("N18.31", "N18.30", Detail.UNDER, id="stage 3, a or b left open"),
        pytest.param("N18.32", "N18.31", Detail.OTHER, id="another stage"),
        pytest.param("M17.11", "M17.9", Detail.UNDER, id="side and cause left out"),
        pytest.param("M17.11", "M17.12", Detail.OTHER, id="the other knee"),
        pytest.param("S72.001A", "S72.009A", Detail.UNDER, id="side left open where the part is open too"),
        pytest.param("S72.001A", "S72.001D", Detail.OTHER, id="another encounter"),
        pytest.param("I50.22", "I50.20", Detail.UNDER, id="acuity left out"),
        pytest.param("I50.33", "I50.20", Detail.OTHER, id="the other kind of failure, its acuity open"),
        pytest.param("J45.41", "J45.909", Detail.UNDER, id="asthma unspecified"),
        pytest.param("J45.41", "J45.998", Detail.OTHER, id="other specified is not unspecified"),
        pytest.param("K21.00", "K21.9", Detail.UNDER, id="the default, which the book calls NOS"),
        pytest.param("G43.109", "G43.009", Detail.OTHER, id="migraine without aura is a diagnosis, not silence"),
        pytest.param("J18.1", "J18.9", Detail.UNDER, id="lobar left out, the organism open in both"),
        pytest.param("I48.91", "I48.92", Detail.OTHER, id="fibrillation and flutter"),
        pytest.param("I12.0", "I12.9", Detail.OTHER, id="a range of stages that includes the unspecified one"),
        pytest.param("E11.22", "E11.99", Detail.OTHER, id="a code that does not exist"),
    ],
)
def test_detail_of_an_answer(fy2027: Codebook, gold: str, answered: str, detail: Detail) -> None:
    """A coder's judgement of an answer in the right category; seen from the other side, under becomes over."""
    assert compare_detail(gold, answered, fy2027) is detail
    mirrored = {Detail.UNDER: Detail.OVER}.get(detail, detail)
    assert compare_detail(answered, gold, fy2027) is mirrored


def test_gold_and_answer_pair_one_to_one(fy2027: Codebook) -> None:
    """One unspecified answer stands for one gold code; the second complication is missed, not under-specified."""
    pairs = detail_pairs(["E11.22", "E11.40"], ["E11.9"], fy2027)
    assert [(p.gold, p.answered, p.detail) for p in pairs] == [("E11.22", "E11.9", Detail.UNDER)]


def test_codes_that_agree_pair_first(fy2027: Codebook) -> None:
    """A right code is not spent on a neighbour."""
    pairs = detail_pairs(["E11.22", "E11.21"], ["E11.9", "E11.21"], fy2027)
    assert {(p.gold, p.detail) for p in pairs} == {("E11.21", Detail.EXACT), ("E11.22", Detail.UNDER)}


def test_a_category_of_one_code_proves_no_specificity(fy2027: Codebook) -> None:
    """I10 has nothing to specify; other categories say nothing about it."""
    assert detail_pairs(["I10"], ["I10", "N18.9"], fy2027) == ()
