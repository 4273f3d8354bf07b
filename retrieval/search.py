"""Candidates: from mentions to numbered billable codes, at most 300 an encounter.

Four ways lead to a code: the dictionary's stems, a walk of the Alphabetic Index, the nearest surfaces by vector and by
words, and what another system suggested. What they offer is brought together code by code (`retrieval.ways`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.mention import Assertion, Mention, MentionKind
from retrieval.encoder import TextEncoder
from retrieval.expand import expand
from retrieval.index_walk import IndexWalker
from retrieval.nearness import NearSurface, near_surfaces
from retrieval.refine import affirmed, refine
from retrieval.sparse import Bm25Encoder
from retrieval.store import Between, VectorQuery, VectorStore
from retrieval.ways import Offer, Reranker, Way, reranked, ways_of
from retrieval.wording import LATERALITY_WORDS, forms

MOST_CANDIDATES: Final = 300
"""For one encounter: enums of more ids make guided decoding slow."""

_PER_MENTION: Final = 12
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

_LEAST_LIKENESS: Final = 0.55
"""What a statement without any clinical term must share with a code's wording: an order or a plan is no evidence."""

_STEP_DOWN: Final = 0.04
"""Loss of score from one sibling to the next, so that the best fitting one of a surface leads."""


_CURRENT: Final = frozenset({Assertion.PRESENT, Assertion.POSSIBLE})
"""Only what the patient has now is searched for; past and family conditions lead to the history codes of their term."""

_BOOKKEEPING_CHAPTERS: Final = ("V", "W", "X", "Y", "Z")
"""Causes, encounters and statuses: words around them say nothing about which one is meant."""

_LITTLE: Final = LATERALITY_WORDS | frozenset(
    (
        "with and or in on to by for due from mild moderate severe acute chronic stable controlled well poorly new "
        "current every day daily longstanding known ongoing newly diagnosed follow up"
    ).split()
)


class Depth(NamedTuple):
    """How far a search goes."""

    hits: int
    """Of each search of the store."""
    surfaces: int
    """Of both searches together."""
    walks: int
    most_reranked: int
    siblings: int = 0
    """Of so many of the best codes the siblings are added behind everything else."""


OFFERED: Final = Depth(hits=24, surfaces=30, walks=8, most_reranked=24)
"""What an encounter is answered with."""

DEEP: Final = Depth(hits=200, surfaces=200, walks=24, most_reranked=100, siblings=50)
"""What recall is measured with."""


class Hint(NamedTuple):
    """A code that was named elsewhere, and where."""

    code: str
    origin: CandidateOrigin


_HINTED_SCORE: Final = 0.3
_NAMED_BY: Final = {
    CandidateOrigin.SUGGESTION: "suggested by another system",
    CandidateOrigin.SIMILAR: "attested on similar encounters",
}


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """Everything the search reads: the surface collection, both encoders, the editions' indexes, what is learned."""

    surfaces: VectorStore
    encoder: TextEncoder
    sparse: Bm25Encoder
    walkers: Mapping[str, IndexWalker] = field(default_factory=dict)
    """By the edition's name; an edition without an Alphabetic Index is left out."""
    reranker: Reranker | None = None

    def candidates(
        self, mentions: Sequence[Mention], codebook: Codebook, day: date, hints: Sequence[Hint] = ()
    ) -> tuple[MentionCandidates, ...]:
        """Numbered candidates per mention, best first. `day` selects the surfaces in force.

        `hints` are codes that other systems were considering or that similar encounters attest; they are offered
        where a mention leads near them.
        """
        share = max(2, min(_PER_MENTION, MOST_CANDIDATES // max(1, len(mentions))))
        kept = mentions[: MOST_CANDIDATES // 2]
        found = self.ways(kept, codebook, day, hints=hints)
        return tuple(
            MentionCandidates(mention_id=m.id, candidates=_numbered(_best(ways, share), codebook))
            for m, ways in zip(kept, found, strict=True)
        )

    def ways(
        self,
        mentions: Sequence[Mention],
        codebook: Codebook,
        day: date,
        depth: Depth = OFFERED,
        hints: Sequence[Hint] = (),
    ) -> tuple[tuple[Way, ...], ...]:
        """For each mention every code that was found, best first, with what speaks for it."""
        texts = [_searched(m) for m in mentions if _is_searched(m)]
        near = self._near(tuple(dict.fromkeys(texts)), day, depth)
        return tuple(self._of(m, near.get(_searched(m), ()), codebook, depth, hints) for m in mentions)

    def _of(
        self,
        mention: Mention,
        near: Sequence[NearSurface],
        codebook: Codebook,
        depth: Depth,
        hints: Sequence[Hint],
    ) -> tuple[Way, ...]:
        offers = _from_stems(mention, codebook)
        if not _is_searched(mention):
            return ways_of(offers)
        said = _affirmed(mention)
        offers += _from_surfaces(mention, said, near, codebook, _ceiling(offers))
        offers += self._from_walks(mention, said, codebook, depth)
        offers += _from_hints(offers, hints, codebook)
        ways = ways_of(offers)
        if self.reranker:
            ways = reranked(ways, _searched(mention), codebook, self.reranker, depth.most_reranked)
        return (*ways, *_siblings(ways[: depth.siblings], ways, codebook))

    def _near(self, texts: Sequence[str], day: date, depth: Depth) -> dict[str, tuple[NearSurface, ...]]:
        """The nearest surfaces in force for each text."""
        if not texts:
            return {}
        in_force = (Between("effective_from", "effective_to", int(day.strftime("%Y%m%d"))),)
        dense = [VectorQuery(v, depth.hits, in_force) for v in self.encoder.encode(texts)]
        lexical = [VectorQuery(self.sparse.query(t), depth.hits, in_force) for t in texts]
        answers = self.surfaces.search([*dense, *lexical])
        return {
            text: near_surfaces(d, s, depth.surfaces)
            for text, d, s in zip(texts, answers[: len(texts)], answers[len(texts) :], strict=True)
        }

    def _from_walks(self, mention: Mention, said: Sequence[str], codebook: Codebook, depth: Depth) -> list[Offer]:
        """What the Alphabetic Index of the edition leads to."""
        walker = self.walkers.get(codebook.edition.name)
        offers: list[Offer] = []
        for walk in walker.walks(_searched(mention), depth.walks) if walker else ():
            codes = expand(walk.codes[:1], codebook, mention.axes, said, _PER_WALK)
            behind = [code for stem in walk.codes[1:] for code in expand([stem], codebook, mention.axes, said, 1)]
            offers += [
                Offer(
                    code, walk.path[-1], max(0.0, walk.fit - _STEP_DOWN * place), CandidateOrigin.INDEX,
                    walk=max(0.0, walk.fit - _STEP_DOWN * place), index_path=walk.path,
                )
                for place, code in enumerate((*codes, *behind))
            ]  # fmt: skip
        return offers


def overlap(query: Sequence[str], surface: Sequence[str]) -> float:
    """How far two wordings share their words: F1 over distinct normal forms, 0 to 1."""
    left, right = set(query), set(surface)
    shared = len(left & right)
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


def _is_searched(mention: Mention) -> bool:
    return mention.kind is MentionKind.PROBLEM and mention.assertion in _CURRENT


def _affirmed(mention: Mention) -> tuple[str, ...]:
    words = forms(_searched(mention))
    stated = affirmed(words)
    return tuple(word for word in words if word in stated)


def _ceiling(offers: Sequence[Offer]) -> float:
    """Below the dictionary's best: what a surface scores that leaves words of the term out."""
    return min((offer.score for offer in offers[:1]), default=1.0) - _STEP_DOWN


def _from_surfaces(
    mention: Mention, said: Sequence[str], near: Sequence[NearSurface], codebook: Codebook, ceiling: float
) -> list[Offer]:
    """What the nearest surfaces lead to, the note's attributes choosing among the codes of each."""
    term_words = frozenset(forms(mention.term or "")) - _LITTLE
    offers: list[Offer] = []
    for surface in near:
        words = forms(surface.text)
        score = _surface_score(surface, overlap(said, words))
        if mention.term is None and score < _LEAST_LIKENESS:
            continue
        if term_words - frozenset(words):
            score = min(score, ceiling)
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


def _from_hints(offers: Sequence[Offer], hints: Sequence[Hint], codebook: Codebook) -> list[Offer]:
    """Codes that were named elsewhere, where the mention itself leads near them: never without words of the record."""
    near = {offer.code[:3] for offer in offers}
    return [
        Offer(hint.code, _NAMED_BY[hint.origin], _HINTED_SCORE, hint.origin)
        for hint in hints
        if hint.code[:3] in near and codebook.is_billable(hint.code)
    ]


def _from_stems(mention: Mention, codebook: Codebook) -> list[Offer]:
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
    stated = affirmed(forms(_searched(mention))) - _LITTLE
    covered = len(stated & frozenset(said)) / max(1, len(stated))
    return _DICTIONARY_SCORE - _COVERAGE_WEIGHT * (1 - covered)


def _searched(mention: Mention) -> str:
    """What is searched for: the whole clause of a stated problem, else the mention's own words."""
    return mention.clause or mention.query


def _siblings(best: Sequence[Way], found: Iterable[Way], codebook: Codebook) -> list[Way]:
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


def _best(ways: Sequence[Way], share: int) -> list[Way]:
    """The first so many; what another system suggested takes the last of their places."""
    suggested = [way for way in ways[share:] if CandidateOrigin.SUGGESTION in way.origins][: share // 2]
    return [*ways[: share - len(suggested)], *suggested]


def _numbered(ways: Sequence[Way], codebook: Codebook) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            number=number,
            system=CodeSystem.ICD10CM,
            code=way.code,
            title=codebook.title(way.code),
            surface=way.surface,
            score=way.score,
            similarity=1.0 if CandidateOrigin.DICTIONARY in way.origins else max(-1.0, min(1.0, way.dense)),
            origins=way.origins,
            index_path=way.index_path,
        )
        for number, way in enumerate(ways, start=1)
    )
