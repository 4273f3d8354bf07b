"""Guideline passages for one encounter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from medcoding.encounter import Setting
from medcoding.guideline import DIGEST, OFFICIAL, POLICY, GuidelineEntry, OfficialPassage, PolicyPassage
from retrieval.encoder import TextEncoder
from retrieval.fusion import fused_hits
from retrieval.sparse import Bm25Encoder
from retrieval.store import AnyOf, Between, Condition, Hit, Payload, VectorQuery, VectorStore

_POINTS_A_SECTION: Final = 4
"""A section has several points; so many are asked for each section wanted (2, 4, 8 and 16 found nearly the same)."""


class PolicyQuestion(NamedTuple):
    """Whose policies are asked for, and for which day."""

    day: date
    payer: str = ""
    """Empty where the encounter names none: then only policies that name none are given."""
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeSearch:
    """Hybrid search over the guideline digest, the user's own copy of the guidelines and the user's own policies."""

    guidelines: VectorStore
    encoder: TextEncoder
    sparse: Bm25Encoder

    def passages(self, text: str, setting: Setting, limit: int) -> tuple[GuidelineEntry, ...]:
        """Sections of the digest nearest to the problems of an encounter, for its setting; each section once."""
        return tuple(dict.fromkeys(_entry(hit.payload) for hit in self._sections(DIGEST, text, setting, limit)))[:limit]

    def official(self, text: str, setting: Setting, limit: int) -> tuple[OfficialPassage, ...]:
        """The same of the user's own copy of the guidelines; empty where the index was built without one."""
        hits = self._sections(OFFICIAL, text, setting, limit)
        return tuple(dict.fromkeys(_official(hit.payload) for hit in hits))[:limit]

    def policies(self, text: str, asked: PolicyQuestion, limit: int) -> tuple[PolicyPassage, ...]:
        """Passages of the user's own payer policies, of this payer and of none in particular, in force on the day.

        They are no guidelines and are shown apart from them.
        """
        conditions = (
            AnyOf("source", (POLICY,)),
            AnyOf("tenant", tuple(dict.fromkeys(("", asked.tenant)))),
            AnyOf("payer_key", tuple(dict.fromkeys(("", asked.payer.casefold())))),
            Between("first_day", "last_day", int(asked.day.strftime("%Y%m%d"))),
        )
        hits = self._search(self.guidelines, text, conditions, limit)
        return tuple(_policy(hit.payload) for hit in hits)

    def all_passages(self) -> tuple[GuidelineEntry, ...]:
        """The whole digest, in order of section id."""
        sections = (payload for _, payload in self.guidelines.scroll() if payload["source"] == DIGEST)
        return tuple(sorted(dict.fromkeys(map(_entry, sections)), key=lambda entry: entry.id))

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


def _policy(payload: Payload) -> PolicyPassage:
    own = PolicyPassage.model_fields
    return PolicyPassage.model_validate({key: value for key, value in payload.items() if key in own})
