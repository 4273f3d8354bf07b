"""What leads from a mention to codes: the dictionary's term, the nearest surfaces, walks of the Alphabetic Index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from medcoding.candidate import CandidateOrigin
from medcoding.codebook import Codebook
from medcoding.mention import Mention, MentionKind
from retrieval.expand import expand
from retrieval.index_walk import Walk
from retrieval.nearness import NearSurface
from retrieval.refine import affirmed, refine
from retrieval.ways import Offer, Way, ways_of
from retrieval.wording import LATERALITY_WORDS, forms

_PER_SURFACE: Final = 3
_PER_STEM: Final = 8
_PER_WALK: Final = 4
_DICTIONARY_SCORE: Final = 1.0
_REFINED_SCORE: Final = 1.05
_COVERAGE_WEIGHT: Final = 0.4
"""How much a dictionary term loses when it covers only part of a problem statement."""

_OVERLAP_WEIGHT: Final = 0.1
"""What all words shared with a surface add to its nearness."""

_NEAREST: Final = 1.2
"""Nearness and overlap of a surface that is the mention itself."""

_SPREAD: Final = 1.6
"""Nearness is crowded at the top: differences to the best possible are widened to the scale of the other scores."""

_STEP_DOWN: Final = 0.04
"""Loss of score from one sibling to the next, so that the best fitting one of a surface leads."""

_BOOKKEEPING_CHAPTERS: Final = ("V", "W", "X", "Y", "Z")
"""Causes, encounters and statuses: words around them say nothing about which one is meant."""

_LITTLE: Final = LATERALITY_WORDS | frozenset(
    (
        "with and or in on to by for due from mild moderate severe acute chronic stable controlled well poorly new "
        "current every day daily longstanding known ongoing newly diagnosed follow up"
    ).split()
)


class Bounds(NamedTuple):
    """Between which scores a surface counts."""

    ceiling: float
    """The most that a surface scores which leaves words of the dictionary's term out."""
    least_likeness: float


def overlap(query: Sequence[str], surface: Sequence[str]) -> float:
    """How far two wordings share their words: F1 over distinct normal forms, 0 to 1."""
    left, right = set(query), set(surface)
    shared = len(left & right)
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


def searched(mention: Mention) -> str:
    """What is searched for: the whole clause of a stated problem, else the mention's own words."""
    return mention.clause or mention.query


def affirmed_words(mention: Mention) -> tuple[str, ...]:
    """Words that the mention says and does not deny."""
    words = forms(searched(mention))
    stated = affirmed(words)
    return tuple(word for word in words if word in stated)


def from_stems(mention: Mention, codebook: Codebook) -> list[Offer]:
    """What the dictionary term leads to, with the more specific sibling that the clause spells out before it."""
    said = forms(mention.query)
    codes = expand(mention.stems, codebook, mention.axes, said, _PER_STEM)
    best = _dictionary_score(mention, said)
    offers = [
        _from_dictionary(code, mention.term or "", max(0.0, best - _STEP_DOWN * place))
        for place, code in enumerate(codes)
    ]
    plain = codes and mention.kind is MentionKind.PROBLEM and not codes[0].startswith(_BOOKKEEPING_CHAPTERS)
    finer = refine(codes[0], codebook, mention.axes, mention.context) if plain else None
    if finer:
        offers.append(_from_dictionary(finer, codebook.title(finer), _REFINED_SCORE))
    return offers


def _from_dictionary(code: str, surface: str, score: float) -> Offer:
    return Offer(code, surface, score, CandidateOrigin.DICTIONARY, dictionary=score)


def _dictionary_score(mention: Mention, said: Sequence[str]) -> float:
    """1 for a term that is the whole clause, less where it covers only some of its words."""
    stated = affirmed(forms(searched(mention))) - _LITTLE
    covered = len(stated & frozenset(said)) / max(1, len(stated))
    return _DICTIONARY_SCORE - _COVERAGE_WEIGHT * (1 - covered)


def bounds_of(offers: Sequence[Offer], least_likeness: float) -> Bounds:
    """Below the best of the dictionary's offers."""
    return Bounds(min((offer.score for offer in offers[:1]), default=1.0) - _STEP_DOWN, least_likeness)


def from_surfaces(
    mention: Mention, said: Sequence[str], near: Sequence[NearSurface], codebook: Codebook, bounds: Bounds
) -> list[Offer]:
    """What the nearest surfaces lead to, the note's attributes choosing among the codes of each."""
    term_words = frozenset(forms(mention.term or "")) - _LITTLE
    offers: list[Offer] = []
    for surface in near:
        words = forms(surface.text)
        score = _surface_score(surface, overlap(said, words))
        if mention.term is None and score < bounds.least_likeness:
            continue
        if term_words - frozenset(words):
            score = min(score, bounds.ceiling)
        codes = expand(surface.codes, codebook, mention.axes, said, _PER_SURFACE)
        offers += [
            Offer(
                code, surface.text, max(0.0, score - _STEP_DOWN * place), CandidateOrigin.SEARCH,
                dense=surface.dense, sparse=surface.sparse, near=surface.near,
            )
            for place, code in enumerate(codes)
        ]  # fmt: skip
    return offers


def _surface_score(surface: NearSurface, shared: float) -> float:
    best = (surface.near + _OVERLAP_WEIGHT * shared) / _NEAREST
    return max(0.0, 1 - _SPREAD * (1 - best))


def from_walks(mention: Mention, said: Sequence[str], walks: Iterable[Walk], codebook: Codebook) -> list[Offer]:
    """What walks of the Alphabetic Index lead to; a code in brackets behind the one it belongs to."""
    offers: list[Offer] = []
    for walk in walks:
        codes = expand(walk.codes[:1], codebook, mention.axes, said, _PER_WALK)
        behind = (code for stem in walk.codes[1:] for code in expand([stem], codebook, mention.axes, said, 1))
        for place, code in enumerate((*codes, *behind)):
            fit = max(0.0, walk.fit - _STEP_DOWN * place)
            offers.append(Offer(code, walk.path[-1], fit, CandidateOrigin.INDEX, walk=fit, index_path=walk.path))
    return offers


def siblings_of(best: Sequence[Way], found: Iterable[Way], codebook: Codebook) -> list[Way]:
    """Other codes directly beside the best ones, which nothing else led to."""
    seen = {way.code for way in found}
    offers: list[Offer] = []
    for way in best:
        entry = codebook.entry(way.code)
        for code in codebook.billable_under(entry.parent) if entry and entry.parent else ():
            if code not in seen:
                seen.add(code)
                offers.append(Offer(code, way.surface, 0.0, CandidateOrigin.SEARCH))
    return [ways_of([offer])[0] for offer in offers]
