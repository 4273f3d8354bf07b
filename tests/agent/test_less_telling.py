from __future__ import annotations

import pytest

from agent.less_telling import drop_less_telling
from medcoding.codebook import Codebook
from tests.agent.settled_sets import TABLE, code_set, record


def _left(book: Codebook, *given: str) -> list[str]:
    chart = record(*(f"word {n}." for n in range(len(given))))
    settled = code_set(chart, *((f"word {n}", code) for n, code in enumerate(given)))
    drop_less_telling(settled, book, TABLE)
    return sorted(settled.lines)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (("D57.1", "D57.01"), ["D57.01"]),
        (("K65.9", "K35.33"), ["K35.33"]),
        (("K81.0", "K80.00"), ["K80.00"]),
        (("E78.5", "E78.2"), ["E78.2"]),
        (("J18.9", "J15.1"), ["J15.1"]),
        (("N18.9", "I12.9"), ["I12.9", "N18.9"]),
        (("I50.9", "I11.0"), ["I11.0", "I50.9"]),
        (("Z94.0", "T86.11"), ["T86.11"]),
        (("Z79.4", "O24.414"), ["O24.414"]),
        (("N18.5", "N18.6"), ["N18.6"]),
        (("Z95.810", "Z45.02"), ["Z45.02"]),
        (("J45.901", "R06.02"), ["J45.901", "R06.02"]),
        (("I10",), ["I10"]),
    ],
)
def test_what_says_nothing_beside_another_code_goes(given: tuple[str, ...], left: list[str], fy2027: Codebook) -> None:
    """`Without` beside `with`, the part beside the whole, the status beside its complication (I.B.2, I.C.21.c.3)."""
    assert _left(fy2027, *given) == left


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("G47.00", "G47.33"),
        ("M54.50", "M54.2"),
        ("E11.40", "E11.65"),
        ("E11.319", "E11.22"),
        ("I25.119", "I25.5"),
        ("K29.70", "K29.81"),
        ("C50.912", "C50.411"),
        ("L89.159", "L89.613"),
    ],
)
def test_two_diagnoses_of_one_category_both_stay(one: str, other: str, fy2027: Codebook) -> None:
    """An unspecified code gives way to its own condition said in full, never to a neighbour's (guideline I.B.18)."""
    assert _left(fy2027, one, other) == sorted((one, other))


@pytest.mark.parametrize(
    ("broad", "fine"),
    [("E11.9", "E11.22"), ("E11.8", "E11.22"), ("E11.40", "E11.42"), ("M54.50", "M54.51"), ("C50.919", "C50.411")],
)
def test_the_condition_said_in_full_takes_the_place_and_the_other_is_named(
    broad: str, fine: str, fy2027: Codebook
) -> None:
    """What is left out stands in `not_coded` (guideline I.B.2)."""
    settled = code_set(record("word 0.", "word 1."), ("word 0", broad), ("word 1", fine))
    drop_less_telling(settled, fy2027, TABLE)
    assert list(settled.lines) == [fine]
    assert [n.code for n in settled.not_coded] == [broad]
