from __future__ import annotations

from agent.unasked import wholes_restored
from medcoding.codebook import Codebook
from medcoding.proposal import Source
from tests.agent.settled_sets import choice, codes, reconciled, record, said


def test_a_term_that_joins_two_conditions_keeps_its_own_code(fy2027: Codebook) -> None:
    """`HTN with CKD 3b` is I12.9 and N18.32, whichever of them the search found first (guideline I.C.9.a.2)."""
    chart = record("HTN with CKD 3b.")
    whole = said(chart, 1, "HTN with CKD", stems=("I12.9",), term="htn with ckd")
    part = said(chart, 2, "CKD 3b", stems=("N18.32",), part_of=1)
    restored = wholes_restored([choice(1, "N18.32"), choice(2, "N18.32")], [whole, part], fy2027)
    assert [c.code for c in restored] == ["I12.9", "N18.32"]


def test_what_a_model_chose_is_left_as_it_is(fy2027: Codebook) -> None:
    """It saw the note and both candidates."""
    chart = record("HTN with CKD 3b.")
    whole = said(chart, 1, "HTN with CKD", stems=("I12.9",))
    part = said(chart, 2, "CKD 3b", stems=("N18.32",), part_of=1)
    choices = [choice(n, "N18.32").model_copy(update={"source": Source.LLM}) for n in (1, 2)]
    assert list(wholes_restored(choices, [whole, part], fy2027)) == choices


def test_a_part_that_nothing_asks_for_goes(fy2027: Codebook) -> None:
    """The bleeding of `diverticulosis with bleeding` is in K57.31 (guideline I.B.9)."""
    chart = record("Diverticulosis with bleeding.")
    pairs = (("Diverticulosis with bleeding", "K57.31"), ("bleeding", "K92.2"))
    assert codes(reconciled(fy2027, chart, *pairs)) == {"K57.31"}
