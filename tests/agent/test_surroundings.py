"""What is looked up for a mention, and the words around it."""

from __future__ import annotations

import pytest

from agent.surroundings import clause_of, context_of, query_of
from medcoding.chart import SectionKind
from tests.lines import line, spots, term

HTN, GOUT = term("hypertension", "I10"), term("gout", "M10.9")


def test_the_query_is_the_span_written_out() -> None:
    """`HTN` is looked up as hypertension; the span stays the author's."""
    one = line("HTN, stable")
    (found, *_) = spots(one, HTN)
    assert (one.text[found.start : found.end], query_of(one, found)) == ("HTN", "hypertension")


@pytest.mark.parametrize(
    ("section", "clause"), [(SectionKind.ASSESSMENT, "acute gout right foot"), (SectionKind.PHYSICAL_EXAM, "")]
)
def test_a_stated_problem_has_a_clause(section: SectionKind, clause: str) -> None:
    """The words between the commas around it; in running text there is none."""
    one = line("Hypertension, acute gout right foot, stable", section)
    found = spots(one, HTN, GOUT)
    (gout,) = [f for f in found if f.term and f.term.stems == ("M10.9",)]
    assert clause_of(one, gout, found) == clause


def test_the_context_stops_at_the_statements_other_problem() -> None:
    """What is said of the hypertension tells nothing of the gout."""
    one = line("Uncontrolled hypertension, acute gout")
    found = spots(one, HTN, GOUT)
    (gout,) = [f for f in found if f.term and f.term.stems == ("M10.9",)]
    assert context_of(one, gout, found) == ("acute", "gout")
