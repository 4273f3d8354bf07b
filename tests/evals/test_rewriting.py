"""Quotes follow their words into a rewritten text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from evals.rewriting import Edit, Piece, edited, followed, rewritten
from medcoding.proposal import EvidenceQuote
from tests.evals.scored_encounters import quote

TEXT = "HTN and CKD stage 3a, both stable."


@st.composite
def rewritings(draw: st.DrawFn) -> tuple[str, tuple[Piece, ...], EvidenceQuote]:
    """A text, its pieces in any order with some in other words, and a quote of it."""
    text = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
    cuts = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=5))})
    words = st.none() | st.text("abc ", max_size=4)
    pieces = [Piece(a, b, draw(words)) for a, b in pairwise(cuts)]
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    found = EvidenceQuote(document_id="note", start=start, end=end, text=text[start:end])
    return text, tuple(draw(st.permutations(pieces))), found


@given(rewritings())
def test_quotes_stay_verbatim(drawn: tuple[str, tuple[Piece, ...], EvidenceQuote]) -> None:
    """Whatever happens to the text, every quote that is left stands where it says, and none overlaps another."""
    text, pieces, found = drawn
    left = followed(found, text, pieces)
    assert all(q.stands_in(rewritten(text, pieces)) for q in left)
    assert all(one.end < other.start for one, other in pairwise(left))


@given(rewritings())
def test_what_stays_as_it_was_is_quoted_whole(drawn: tuple[str, tuple[Piece, ...], EvidenceQuote]) -> None:
    """Pieces in another order and in their own words lose no character of a quote but blank ones."""
    text, pieces, found = drawn
    kept = tuple(Piece(p.start, p.end) for p in pieces)
    left = "".join(q.text for q in followed(found, text, kept))
    assert sorted("".join(left.split())) == sorted("".join(found.text.split()))


def test_a_quote_takes_the_whole_of_what_replaced_its_words() -> None:
    """Half an abbreviation is none."""
    pieces = edited(TEXT, [Edit(8, 11, "chronic kidney disease")])
    (moved,) = followed(quote(TEXT, "KD stage 3a"), TEXT, pieces)
    assert moved.text == "chronic kidney disease stage 3a"
    assert followed(quote(TEXT, "both"), TEXT, pieces)[0].text == "both"


def test_a_quote_across_a_cut_becomes_two() -> None:
    """And one whose words are gone becomes none."""
    pieces = (Piece(20, len(TEXT)), Piece(0, 20))
    assert [q.text for q in followed(quote(TEXT, "3a, both"), TEXT, pieces)] == [", both", "3a"]
    assert followed(quote(TEXT, "HTN"), TEXT, (Piece(0, 3, ""), Piece(3, len(TEXT)))) == ()


def test_edits_that_overlap_are_not_both_made() -> None:
    """The first one stands."""
    assert rewritten(TEXT, edited(TEXT, [Edit(2, 6, "-"), Edit(0, 3, "High BP")])) == "High BP" + TEXT[3:]
