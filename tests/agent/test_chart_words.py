"""Words of charts that no code set names."""

from __future__ import annotations

import pytest

from agent.chart_words import ChartWords
from agent.tables import rows
from medcoding.chart import SectionKind
from medcoding.codebook import Codebook
from retrieval.wording import tokens

WORDS = ChartWords()


def found(text: str, section: SectionKind = SectionKind.PHYSICAL_EXAM, *, eventful: bool = False) -> list[str]:
    """The terms found in a text."""
    return [match.term.text for match in WORDS.find(tokens(text), section, eventful=eventful)]


def test_some_words_mean_something_only_in_their_section() -> None:
    """A gallop is heard in an examination, penicillin is an allergy in the list of allergies."""
    assert found("no gallop") == ["gallop"]
    assert not found("gallop along the beach", SectionKind.SOCIAL_HISTORY)
    assert found("penicillin", SectionKind.ALLERGIES) == ["penicillin"]
    assert not found("penicillin", SectionKind.MEDICATIONS)


def test_accidents_bring_their_own_words() -> None:
    """A knife in the kitchen, soccer, the sidewalk: only where an accident is told."""
    assert found("sidewalk", SectionKind.HISTORY_PRESENT_ILLNESS, eventful=True) == ["sidewalk"]
    assert not found("sidewalk", SectionKind.HISTORY_PRESENT_ILLNESS)


def test_an_organism_waits_for_its_infection() -> None:
    """Guideline I.C.1.b: B95–B97 stand beside the infection they caused."""
    (match,) = WORDS.find(tokens("grew Proteus mirabilis"), SectionKind.RESULTS, eventful=False)
    assert match.term.stems == ("B96.4",)
    assert "N39.0" in match.term.needs
    assert "A41" not in match.term.needs


@pytest.mark.parametrize("table", ["organisms.tsv", "allergens.tsv", "mechanisms.tsv", "circumstances.tsv"])
def test_every_code_of_the_tables_is_in_the_book(table: str, fy2027: Codebook) -> None:
    """Codes, or stems with billable codes under them."""
    for row in rows(table):
        assert not row["code"] or fy2027.billable_under(row["code"]), row["words"]
