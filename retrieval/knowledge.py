"""Guideline passages and similar past encounters for one encounter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from medcoding.candidate import GuidelinePassage, SimilarEncounter
from medcoding.encounter import Setting
from retrieval.encoder import TextEncoder
from retrieval.fusion import fused_hits
from retrieval.sparse import Bm25Encoder
from retrieval.store import AnyOf, Condition, Hit, Payload, VectorQuery, VectorStore

SHARED_TENANT: Final = ""
"""Tenant of what ships with the product and of installations with one tenant."""


@dataclass(frozen=True, slots=True)
class KnowledgeSearch:
    """Hybrid search over the guideline digest and the past encounters."""

    guidelines: VectorStore
    past_encounters: VectorStore
    encoder: TextEncoder
    sparse: Bm25Encoder

    def passages(self, text: str, setting: Setting, limit: int) -> tuple[GuidelinePassage, ...]:
        """Guideline passages nearest to the problems of an encounter, for its setting; each section once."""
        hits = self._search(self.guidelines, text, (AnyOf("settings", (setting.value,)),), 2 * limit)
        passages = dict.fromkeys(_passage(hit.payload) for hit in hits)
        return tuple(passages)[:limit]

    def all_passages(self) -> tuple[GuidelinePassage, ...]:
        """The whole digest, in order of section id."""
        passages = dict.fromkeys(_passage(payload) for _, payload in self.guidelines.scroll())
        return tuple(sorted(passages, key=lambda p: p.id))

    def similar(self, text: str, tenant: str | None, limit: int) -> tuple[SimilarEncounter, ...]:
        """Past encounters with like problems, of the tenant's own and of those shared with all."""
        if not text:
            return ()
        tenants = tuple(dict.fromkeys((SHARED_TENANT, tenant or SHARED_TENANT)))
        hits = self._search(self.past_encounters, text, (AnyOf("tenant", tenants),), limit)
        return tuple(_similar(hit) for hit in hits)

    def _search(self, store: VectorStore, text: str, conditions: tuple[Condition, ...], limit: int) -> Sequence[Hit]:
        if not text:
            return ()
        (vector,) = self.encoder.encode([text])
        queries = [VectorQuery(vector, limit, conditions), VectorQuery(self.sparse.query(text), limit, conditions)]
        dense, lexical = store.search(queries)
        return fused_hits(dense, lexical, limit)


def _passage(payload: Payload) -> GuidelinePassage:
    return GuidelinePassage.model_validate(dict(payload))


def _similar(hit: Hit) -> SimilarEncounter:
    codes = hit.payload["codes"]
    specialty = hit.payload.get("specialty")
    return SimilarEncounter(
        case_id=str(hit.payload["case_id"]),
        score=round(hit.score, 4),
        codes=tuple(str(code) for code in codes) if isinstance(codes, list) else (),
        specialty=str(specialty) if specialty else None,
    )
