from __future__ import annotations

import pytest

from agent.organisms import Organisms
from agent.tables import rows
from medcoding.codebook import Codebook
from tests.agent.settled_sets import codes, reconciled, record

ORGANISMS = Organisms()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("UTI, culture >100k E. coli.", {"E. coli": "B96.20"}),
        ("Wound grew MRSA.", {"MRSA": "B95.62"}),
        ("Staph aureus and Klebsiella pneumoniae", {"Staph aureus": "B95.61", "Klebsiella pneumoniae": "B96.1"}),
        ("MRSA screen negative, GBS carrier", {}),
        ("pneumococcal vaccine", {}),
    ],
)
def test_organisms_are_found_by_name(text: str, found: dict[str, str]) -> None:
    """Longest names first; a screen, a carrier or a vaccine is no finding (guideline I.C.1.b)."""
    assert {text[m.start : m.end]: m.code for m in ORGANISMS.find(text)} == found


def test_every_organism_has_a_code_of_the_book(fy2026: Codebook) -> None:
    """B95 to B97, billable."""
    listed = [row["code"] for row in rows("organisms.tsv")]
    assert all(fy2026.is_billable(code) and code.startswith(("B95", "B96", "B97")) for code in listed)


def test_an_organism_stands_only_where_a_note_asks_for_it(fy2027: Codebook) -> None:
    """N39.0 asks for it; J15.1 names it already."""
    chart = record("Infection.", "E. coli.")
    assert codes(reconciled(fy2027, chart, ("Infection", "N39.0"), ("E. coli", "B96.20"))) == {"N39.0", "B96.20"}
    assert codes(reconciled(fy2027, chart, ("Infection", "J15.5"), ("E. coli", "B96.20"))) == {"J15.5"}
