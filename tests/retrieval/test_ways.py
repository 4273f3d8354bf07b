"""Offers brought together code by code, and the learned score among them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from medcoding.candidate import CandidateOrigin
from medcoding.codebook import Codebook
from retrieval.features import ScoredWay
from retrieval.nearness import near_surfaces
from retrieval.store import Hit
from retrieval.ways import Offer, reranked, spread, title_group, ways_of

SEARCH, INDEX, DICTIONARY = CandidateOrigin.SEARCH, CandidateOrigin.INDEX, CandidateOrigin.DICTIONARY


class Favours:
    """A reranker that knows one code, and remembers what it was asked."""

    def __init__(self, code: str) -> None:
        self._code = code
        self.asked: list[ScoredWay] = []

    def scores(self, query: str, candidates: Sequence[ScoredWay]) -> list[float]:
        """1 for the code it favours."""
        self.asked = list(candidates)
        return [float(candidate.code == self._code) for candidate in candidates]


def test_a_code_keeps_the_best_of_what_was_offered() -> None:
    """The best offer's wording, every origin, the best of each score, the path of the best walk."""
    (way,) = ways_of(
        [
            Offer("R07.9", "chest pain", 0.7, SEARCH, dense=0.8, sparse=5.0, near=0.9),
            Offer("R07.9", "chest", 0.9, INDEX, walk=0.9, index_path=("Pain", "chest")),
            Offer("R07.9", "pain", 0.4, SEARCH, dense=0.9, sparse=1.0, near=0.7),
        ]
    )
    assert (way.surface, way.score, way.origins) == ("Pain chest", 0.9, (SEARCH, INDEX))
    assert (way.dense, way.sparse, way.near, way.walk) == (0.9, 5.0, 0.9, 0.9)
    assert way.index_path == ("Pain", "chest")


@pytest.mark.parametrize(
    ("path", "wording"),
    [
        (("Neoplasm, neoplastic", "liver", "malignant secondary"), "Neoplasm liver malignant secondary"),
        (("Tumor", "see Neoplasm, neoplastic", "lip", "benign"), "Neoplasm lip benign"),
        (("Seesaw nystagmus",), "Seesaw nystagmus"),
    ],
)
def test_a_walk_is_worded_by_its_whole_path(path: tuple[str, ...], wording: str) -> None:
    """Its last title, a column perhaps, says little alone; what stands before a reference was left behind."""
    (way,) = ways_of([Offer("C78.7", path[-1], 0.9, INDEX, walk=0.9, index_path=path)])
    assert way.surface == wording


def test_other_sides_wait_for_other_conditions(fy2027: Codebook) -> None:
    """Left knee pain first, then gout, then the knee pains that the note does not say."""
    offers = [Offer(c, "knee pain", s, SEARCH) for c, s in (("M25.562", 0.9), ("M25.561", 0.86), ("M25.569", 0.82))]
    ways = ways_of([*offers, Offer("M10.062", "gout of the knee", 0.7, SEARCH)])
    moved = spread(ways, fy2027)
    assert [way.code for way in moved] == ["M25.562", "M10.062", "M25.561", "M25.569"]
    assert [way.score for way in moved] == pytest.approx([0.9, 0.7, 0.66, 0.42])


def test_what_two_searches_find_is_fused_higher() -> None:
    """A code on the walk and among the nearest outranks one that only the vector found."""
    both, one = ways_of(
        [
            Offer("R07.9", "chest pain", 0.5, SEARCH, near=0.8),
            Offer("R07.9", "chest", 0.5, INDEX, walk=0.8),
            Offer("R07.1", "pain on breathing", 0.5, SEARCH, near=0.9),
        ]
    )
    assert (both.code, one.code) == ("R07.9", "R07.1")
    assert both.fused > one.fused


def test_codes_of_one_title_are_asked_for_once(fy2027: Codebook) -> None:
    """Right, left and unspecified knee share a learned score: the note's side chose among them already."""
    favours = Favours("M25.561")
    ways = ways_of(Offer(code, "knee pain", 0.6, SEARCH, near=0.9) for code in ("M25.561", "M25.562", "I10"))
    found = {way.code: way.reranked for way in reranked(ways, "knee pain", fy2027, favours, 10)}
    assert len(favours.asked) == 2
    assert found == {"M25.561": 1.0, "M25.562": 1.0, "I10": 0.0}


def test_the_dictionary_is_not_overruled(fy2027: Codebook) -> None:
    """A term that is the whole wording stays first, whatever was learned; among the others the score moves."""
    ways = ways_of(
        [
            Offer("I10", "high blood pressure", 1.0, DICTIONARY, dictionary=1.0),
            Offer("I15.9", "secondary hypertension", 0.8, SEARCH, near=0.9),
            Offer("R03.0", "elevated reading", 0.6, SEARCH, near=0.8),
        ]
    )
    order = [way.code for way in reranked(ways, "high blood pressure", fy2027, Favours("R03.0"), 10)]
    assert order == ["I10", "R03.0", "I15.9"]


def test_what_was_not_asked_about_passes_nothing_that_was(fy2027: Codebook) -> None:
    """A code too deep for the reranker counts as unlikely: its own score alone would put it first."""
    ways = ways_of(
        [
            Offer("I10", "hypertension", 0.7, SEARCH, near=0.9),
            Offer("R03.0", "elevated reading", 0.7, INDEX, walk=0.5, near=0.8),
        ]
    )
    deepest = min(ways, key=lambda way: way.fused).code
    (first, second) = reranked(ways, "blood pressure", fy2027, Favours("none of them"), 1)
    assert second.code == deepest
    assert second.reranked is None
    assert second.score == pytest.approx(0.35)
    assert first.score == pytest.approx(0.35)


@pytest.mark.parametrize(("one", "other"), [("S93.401A", "S93.402D"), ("M25.561", "M25.569")])
def test_side_and_encounter_are_one_title(fy2027: Codebook, one: str, other: str) -> None:
    """They are decided by the note, not by likeness."""
    assert title_group(one, fy2027) == title_group(other, fy2027) != title_group("I10", fy2027)


def _hit(number: int, score: float) -> Hit:
    return Hit(number, score, {"text": str(number), "codes": ["I10"], "kind": "title"})


def test_words_add_to_a_cosine_but_do_not_replace_it() -> None:
    """The best words add a tenth; a surface that only words found lies beyond the last cosine."""
    near = near_surfaces([_hit(1, 0.80), _hit(2, 0.75)], [_hit(2, 12.0), _hit(3, 6.0)], 3)
    assert [surface.text for surface in near] == ["2", "1", "3"]
    assert [round(surface.near, 3) for surface in near] == [0.85, 0.8, 0.785]
    assert [(surface.dense, surface.sparse) for surface in near] == [(0.75, 12.0), (0.8, 0.0), (0.0, 6.0)]
    assert near_surfaces([], [], 3) == ()
