"""Candidates: from mentions to numbered billable codes, at most 300 an encounter.

Four ways lead to a code: the dictionary's stems, a walk of the Alphabetic Index, the nearest surfaces by vector and by
words, and what another system suggested. What they offer is brought together code by code (`retrieval.ways`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.mention import Assertion, Mention, MentionKind
from retrieval.encoder import TextEncoder
from retrieval.index_walk import IndexWalker
from retrieval.nearness import NearSurface, near_surfaces
from retrieval.offers import affirmed_words, bounds_of, from_stems, from_surfaces, from_walks, searched, siblings_of
from retrieval.sparse import Bm25Encoder
from retrieval.store import Between, VectorQuery, VectorStore
from retrieval.ways import Offer, Reranker, Way, reranked, spread, ways_of

MOST_CANDIDATES: Final = 300
"""For one encounter: enums of more ids make guided decoding slow."""

_PER_MENTION: Final = 12
_LEAST_LIKENESS: Final = 0.55
"""What a statement without any clinical term must share with a code's wording: an order or a plan is no evidence."""

_CURRENT: Final = frozenset({Assertion.PRESENT, Assertion.POSSIBLE})
"""Only what the patient has now is searched for; past and family conditions lead to the history codes of their term."""


_HINTED_SCORE: Final = 0.3
_NAMED_BY: Final = {
    CandidateOrigin.SUGGESTION: "suggested by another system",
    CandidateOrigin.SIMILAR: "attested on similar encounters",
}


class Depth(NamedTuple):
    """How far a search goes."""

    hits: int
    """Of each search of the store."""
    surfaces: int
    """Of both searches together."""
    walks: int
    most_reranked: int
    least_likeness: float
    """What a surface must share with a statement that holds no clinical term."""
    siblings: int = 0
    """Of so many of the best codes the siblings are added behind everything else."""


OFFERED: Final = Depth(hits=24, surfaces=30, walks=8, most_reranked=40, least_likeness=_LEAST_LIKENESS)
"""What an encounter is answered with."""

DEEP: Final = Depth(hits=400, surfaces=400, walks=24, most_reranked=300, least_likeness=0.0, siblings=50)
"""What recall is measured with."""


class Hint(NamedTuple):
    """A code that was named elsewhere, and where."""

    code: str
    origin: CandidateOrigin


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
        texts = [searched(m) for m in mentions if _is_searched(m)]
        near = self._near(tuple(dict.fromkeys(texts)), day, depth)
        return tuple(self._of(m, near.get(searched(m), ()), codebook, depth, hints) for m in mentions)

    def _of(
        self,
        mention: Mention,
        near: Sequence[NearSurface],
        codebook: Codebook,
        depth: Depth,
        hints: Sequence[Hint],
    ) -> tuple[Way, ...]:
        offers = from_stems(mention, codebook)
        if not _is_searched(mention):
            return ways_of(offers)
        said, text = affirmed_words(mention), searched(mention)
        walker = self.walkers.get(codebook.edition.name)
        offers += from_surfaces(mention, said, near, codebook, bounds_of(offers, depth.least_likeness))
        offers += from_walks(mention, said, walker.walks(text, depth.walks) if walker else (), codebook)
        offers += _from_hints(offers, hints, codebook)
        ways = ways_of(offers)
        if self.reranker:
            ways = reranked(ways, text, codebook, self.reranker, depth.most_reranked)
        ways = spread(ways, codebook)
        return (*ways, *siblings_of(ways[: depth.siblings], ways, codebook))

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


def _is_searched(mention: Mention) -> bool:
    return mention.kind is MentionKind.PROBLEM and mention.assertion in _CURRENT


def _from_hints(offers: Sequence[Offer], hints: Sequence[Hint], codebook: Codebook) -> list[Offer]:
    """Codes that were named elsewhere, where the mention itself leads near them: never without words of the record."""
    near = {offer.code[:3] for offer in offers}
    return [
        Offer(hint.code, _NAMED_BY[hint.origin], _HINTED_SCORE, hint.origin)
        for hint in hints
        if hint.code[:3] in near and codebook.is_billable(hint.code)
    ]


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
