"""Guideline passages and similar past encounters for one encounter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from medcoding.candidate import SimilarEncounter
from medcoding.encounter import Setting
from medcoding.guideline import DIGEST, OFFICIAL, GuidelineEntry, OfficialPassage
from retrieval.encoder import TextEncoder
from retrieval.fusion import fused_hits
from retrieval.sparse import Bm25Encoder
from retrieval.store import AnyOf, Condition, Hit, Payload, VectorQuery, VectorStore

SHARED_TENANT: Final = ""
"""Tenant of what ships with the product and of installations with one tenant."""

_POINTS_A_SECTION: Final = 4
"""A section has several points; so many are asked for each section wanted (2, 4, 8 and 16 found nearly the same)."""


@dataclass(frozen=True, slots=True)
class KnowledgeSearch:
    """Hybrid search over the guideline digest and the past encounters."""

    guidelines: VectorStore
    past_encounters: VectorStore
    encoder: TextEncoder
    sparse: Bm25Encoder

    def passages(self, text: str, setting: Setting, limit: int) -> tuple[GuidelineEntry, ...]:
        """Sections of the digest nearest to the problems of an encounter, for its setting; each section once."""
        return tuple(dict.fromkeys(_entry(hit.payload) for hit in self._sections(DIGEST, text, setting, limit)))[:limit]

    def official(self, text: str, setting: Setting, limit: int) -> tuple[OfficialPassage, ...]:
        """The same of the user's own copy of the guidelines; empty where the index was built without one."""
        hits = self._sections(OFFICIAL, text, setting, limit)
        return tuple(dict.fromkeys(_official(hit.payload) for hit in hits))[:limit]

    def all_passages(self) -> tuple[GuidelineEntry, ...]:
        """The whole digest, in order of section id."""
        sections = (payload for _, payload in self.guidelines.scroll() if payload["source"] == DIGEST)
        return tuple(sorted(dict.fromkeys(map(_entry, sections)), key=lambda entry: entry.id))

    def similar(self, text: str, tenant: str | None, limit: int) -> tuple[SimilarEncounter, ...]:
        """Past encounters with like problems, of the tenant's own and of those shared with all."""
        if not text:
            return ()
        tenants = tuple(dict.fromkeys((SHARED_TENANT, tenant or SHARED_TENANT)))
        hits = self._search(self.past_encounters, text, (AnyOf("tenant", tenants),), limit)
        return tuple(_similar(hit) for hit in hits)

    def _sections(self, source: str, text: str, setting: Setting, limit: int) -> Sequence[Hit]:
        conditions = (AnyOf("source", (source,)), AnyOf("settings", (setting.value,)))
        return self._search(self.guidelines, text, conditions, _POINTS_A_SECTION * limit)

    def _search(self, store: VectorStore, text: str, conditions: tuple[Condition, ...], limit: int) -> Sequence[Hit]:
        if not text:
            return ()
        (vector,) = self.encoder.encode([text])
        queries = [VectorQuery(vector, limit, conditions), VectorQuery(self.sparse.query(text), limit, conditions)]
        dense, lexical = store.search(queries)
        return fused_hits(dense, lexical, limit)


def _entry(payload: Payload) -> GuidelineEntry:
    return GuidelineEntry.model_validate({key: value for key, value in payload.items() if key != "source"})


def _official(payload: Payload) -> OfficialPassage:
    own = OfficialPassage.model_fields
    return OfficialPassage.model_validate({key: value for key, value in payload.items() if key in own})


def _similar(hit: Hit) -> SimilarEncounter:
    codes = hit.payload["codes"]
    specialty = hit.payload.get("specialty")
    return SimilarEncounter(
        case_id=str(hit.payload["case_id"]),
        score=round(hit.score, 4),
        codes=tuple(str(code) for code in codes) if isinstance(codes, list) else (),
        specialty=str(specialty) if specialty else None,
    )
