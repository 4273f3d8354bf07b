"""Candidates: from mentions to numbered billable codes, at most 300 an encounter.

Three ways lead to a code: the dictionary's stems, the lexical and dense search over surfaces, and what another system
suggested. Each surface is scored by the words it shares with the mention and by its cosine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.mention import Assertion, Mention, MentionKind
from retrieval.encoder import TextEncoder
from retrieval.expand import expand
from retrieval.fusion import fused_hits
from retrieval.refine import affirmed, refine
from retrieval.sparse import Bm25Encoder
from retrieval.store import Between, Hit, VectorQuery, VectorStore
from retrieval.wording import LATERALITY_WORDS, forms

MOST_CANDIDATES: Final = 300
"""For one encounter: enums of more ids make guided decoding slow."""

_PER_MENTION: Final = 12
_HITS: Final = 24
_PER_SURFACE: Final = 3
_PER_STEM: Final = 8
_DICTIONARY_SCORE: Final = 1.0
_REFINED_SCORE: Final = 1.05
_COVERAGE_WEIGHT: Final = 0.4
"""How much a dictionary term loses when it covers only part of a problem statement."""

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


class Offer(NamedTuple):
    """A code with the wording that led to it, before numbering."""

    code: str
    surface: str
    score: float
    similarity: float
    origin: CandidateOrigin


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """Everything the search reads: the surface collection and both encoders."""

    surfaces: VectorStore
    encoder: TextEncoder
    sparse: Bm25Encoder

    def candidates(
        self, mentions: Sequence[Mention], codebook: Codebook, day: date, suggested: Sequence[str] = ()
    ) -> tuple[MentionCandidates, ...]:
        """Numbered candidates per mention, best first. `day` selects the surfaces in force.

        `suggested` are codes other systems were considering; they are offered where a mention leads near them.
        """
        problems = [m for m in mentions if m.kind is MentionKind.PROBLEM and m.assertion in _CURRENT]
        hits = self._hits([_searched(m) for m in problems], day)
        share = max(2, min(_PER_MENTION, MOST_CANDIDATES // max(1, len(mentions))))
        offers = {m.id: _offers(m, found, codebook, suggested) for m, found in zip(problems, hits, strict=True)}
        return tuple(
            MentionCandidates(
                mention_id=m.id, candidates=_numbered(offers.get(m.id) or _from_stems(m, codebook), codebook, share)
            )
            for m in mentions[: MOST_CANDIDATES // 2]
        )

    def _hits(self, texts: list[str], day: date) -> list[list[Hit]]:
        """Fused hits of each text; a repeated text is searched once. Scores are cosines (0 for lexical-only hits)."""
        distinct = list(dict.fromkeys(texts))
        if not distinct:
            return []
        in_force = (Between("effective_from", "effective_to", int(day.strftime("%Y%m%d"))),)
        dense = [VectorQuery(v, _HITS, in_force) for v in self.encoder.encode(distinct)]
        lexical = [VectorQuery(self.sparse.query(t), _HITS, in_force) for t in distinct]
        answers = self.surfaces.search([*dense, *lexical])
        fused = [
            fused_hits(d, s, _HITS) for d, s in zip(answers[: len(distinct)], answers[len(distinct) :], strict=True)
        ]
        by_text = dict(zip(distinct, fused, strict=True))
        return [by_text[text] for text in texts]


def overlap(query: Sequence[str], surface: Sequence[str]) -> float:
    """How far two wordings share their words: F1 over distinct normal forms, 0 to 1."""
    left, right = set(query), set(surface)
    shared = len(left & right)
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


def _offers(mention: Mention, hits: Iterable[Hit], codebook: Codebook, suggested: Sequence[str]) -> list[Offer]:
    """Every code that the dictionary, the search and other systems offer for one mention."""
    words = forms(_searched(mention))
    stated = affirmed(words)
    said = tuple(word for word in words if word in stated)
    offers = _from_stems(mention, codebook)
    term_words = frozenset(forms(mention.term or "")) - _LITTLE
    ceiling = min((offer.score for offer in offers[:1]), default=1.0) - _STEP_DOWN
    for hit in hits:
        surface = str(hit.payload["text"])
        score = 0.55 * overlap(said, forms(surface)) + 0.45 * max(hit.score, 0.0)
        if mention.term is None and score < _LEAST_LIKENESS:
            continue
        if term_words - frozenset(forms(surface)):
            score = min(score, ceiling)
        stems = hit.payload["codes"]
        codes = expand(stems if isinstance(stems, list) else [], codebook, mention.axes, said, _PER_SURFACE)
        offers += _stepped(codes, surface, score, hit.score, CandidateOrigin.SEARCH)
    near = {offer.code[:3] for offer in offers}
    offers += [
        Offer(code, "suggested by another system", 0.3, 0.0, CandidateOrigin.SUGGESTION)
        for code in suggested
        if code[:3] in near and codebook.is_billable(code)
    ]
    return offers


def _from_stems(mention: Mention, codebook: Codebook) -> list[Offer]:
    """What the dictionary term leads to, with the more specific sibling that the clause spells out before it."""
    said = forms(mention.query)
    codes = expand(mention.stems, codebook, mention.axes, said, _PER_STEM)
    offers = _stepped(codes, mention.term or "", _dictionary_score(mention, said), 1.0, CandidateOrigin.DICTIONARY)
    plain = codes and mention.kind is MentionKind.PROBLEM and not codes[0].startswith(_BOOKKEEPING_CHAPTERS)
    finer = refine(codes[0], codebook, mention.axes, mention.context) if plain else None
    if finer:
        offers.append(Offer(finer, codebook.title(finer), _REFINED_SCORE, 1.0, CandidateOrigin.DICTIONARY))
    return offers


def _dictionary_score(mention: Mention, said: Sequence[str]) -> float:
    """1 for a term that is the whole clause, less where it covers only some of its words."""
    stated = affirmed(forms(_searched(mention))) - _LITTLE
    covered = len(stated & frozenset(said)) / max(1, len(stated))
    return _DICTIONARY_SCORE - _COVERAGE_WEIGHT * (1 - covered)


def _searched(mention: Mention) -> str:
    """What is searched for: the whole clause of a stated problem, else the mention's own words."""
    return mention.clause or mention.query


def _stepped(
    codes: Sequence[str], surface: str, score: float, similarity: float, origin: CandidateOrigin
) -> list[Offer]:
    return [
        Offer(code, surface, max(0.0, score - _STEP_DOWN * place), similarity, origin)
        for place, code in enumerate(codes)
    ]


def _numbered(offers: Iterable[Offer], codebook: Codebook, limit: int) -> tuple[Candidate, ...]:
    """The best offer of each code, best code first, numbered from 1."""
    best: dict[str, Offer] = {}
    origins: dict[str, dict[CandidateOrigin, None]] = {}
    for offer in offers:
        origins.setdefault(offer.code, {})[offer.origin] = None
        if offer.code not in best or offer.score > best[offer.code].score:
            best[offer.code] = offer
    ranked = sorted(best.values(), key=lambda o: (-o.score, o.code))[:limit]
    return tuple(
        Candidate(
            number=number,
            system=CodeSystem.ICD10CM,
            code=offer.code,
            title=codebook.title(offer.code),
            surface=offer.surface,
            score=offer.score,
            similarity=max(-1.0, min(1.0, offer.similarity)),
            origins=tuple(origins[offer.code]),
        )
        for number, offer in enumerate(ranked, start=1)
    )
