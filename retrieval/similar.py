"""Similar past encounters: which attested encounters resemble this one, and what their codes suggest.

They are used to offer candidates and are shown beside a rationale; they are never evidence. The synthetic ones that
ship are attested by nobody: they are shown as examples and suggest nothing. An encounter never meets
its own patient's past, one author speaks twice at most, and a code needs three encounters to become a prior, so that
nobody who can write a few charts can steer what others are offered.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from medcoding.candidate import SimilarEncounter
from medcoding.codebook import Codebook
from medcoding.encounter import Encounter, Setting
from retrieval.encoder import TextEncoder
from retrieval.fusion import fused_hits
from retrieval.sparse import Bm25Encoder
from retrieval.store import AnyOf, Condition, Hit, VectorQuery, VectorStore

SHARED_TENANT: Final = ""
"""Tenant of what ships with the product and of installations with one tenant."""

SHIPPED_ORIGIN: Final = "synthetic"
"""Provenance of what ships with the product; the build admits no encounter of an installation under that name."""

FEWEST_FOR_A_PRIOR: Final = 3
MOST_BY_ONE_AUTHOR: Final = 2
_ASKED_FOR: Final = 60
"""Hits that are looked at: after one author's third and the patient's own encounters fall away, enough remain."""


class SimilarityQuestion(NamedTuple):
    """What is looked for, and for whom."""

    text: str
    """The encounter's problems, abbreviations written out; empty finds nothing."""
    tenant: str
    setting: Setting
    specialty: str
    """Empty when the encounter names none."""
    patient: str
    """`identity_of` the patient; empty when the encounter names none."""
    case_id: str


class Prior(NamedTuple):
    """A code that similar encounters attest, with the share of them that do (0 to 1)."""

    code: str
    share: float


@dataclass(frozen=True, slots=True)
class SimilarSearch:
    """Hybrid search over the past encounters."""

    past_encounters: VectorStore
    encoder: TextEncoder
    sparse: Bm25Encoder

    def similar(self, question: SimilarityQuestion, codebook: Codebook, limit: int) -> tuple[SimilarEncounter, ...]:
        """At most `limit` past encounters, best first, their codes as they read in this edition.

        Of the tenant and of those that ship, of the same setting, and of the same specialty where that leaves three.
        """
        if not question.text:
            return ()
        found = self._found(question, limit) if question.specialty else ()
        if len(found) < FEWEST_FOR_A_PRIOR:
            found = self._found(question._replace(specialty=""), limit)
        return tuple(_similar(hit, codebook) for hit in found)

    def _found(self, question: SimilarityQuestion, limit: int) -> Sequence[Hit]:
        conditions = _conditions(question)
        (vector,) = self.encoder.encode([question.text])
        lexical = self.sparse.query(question.text)
        queries = [VectorQuery(v, _ASKED_FOR, conditions) for v in (vector, lexical)]
        dense, words = self.past_encounters.search(queries)
        return _admitted(fused_hits(dense, words, 2 * _ASKED_FOR), question)[:limit]


def question_about(encounter: Encounter, text: str) -> SimilarityQuestion:
    """The question that an encounter with these problems asks."""
    tenant = encounter.tenant or SHARED_TENANT
    return SimilarityQuestion(
        text=text,
        tenant=tenant,
        setting=encounter.setting,
        specialty=(encounter.specialty or "").lower(),
        patient=identity_of(tenant, encounter.patient.id),
        case_id=encounter.case_id,
    )


def identity_of(tenant: str, name: str | None) -> str:
    """A patient or author as the collection knows them: a digest, so that no identifier is stored; empty for none."""
    return hashlib.sha256(f"{tenant}\x1f{name}".encode()).hexdigest()[:24] if name else ""


def priors(found: Sequence[SimilarEncounter]) -> tuple[Prior, ...]:
    """Codes that at least three of the attested encounters carry, most frequent first."""
    attested = [encounter for encounter in found if encounter.attested]
    counts = Counter(code for encounter in attested for code in dict.fromkeys(encounter.codes))
    kept = [(code, number) for code, number in counts.items() if number >= FEWEST_FOR_A_PRIOR]
    return tuple(Prior(code, number / len(attested)) for code, number in sorted(kept, key=lambda c: (-c[1], c[0])))


def _conditions(question: SimilarityQuestion) -> tuple[Condition, ...]:
    tenants = tuple(dict.fromkeys((SHARED_TENANT, question.tenant)))
    conditions = [AnyOf("tenant", tenants), AnyOf("setting", (question.setting.value,))]
    if question.specialty:
        conditions.append(AnyOf("specialty", (question.specialty,)))
    return tuple(conditions)


def _admitted(hits: Iterable[Hit], question: SimilarityQuestion) -> Sequence[Hit]:
    """Hits in order, without the patient's own encounters and without an author's third."""
    by_author: Counter[str] = Counter()
    admitted: list[Hit] = []
    for hit in hits:
        patient, author = str(hit.payload.get("patient", "")), str(hit.payload.get("author", ""))
        own = bool(patient) and patient == question.patient
        if own or hit.payload["case_id"] == question.case_id or by_author[author] >= MOST_BY_ONE_AUTHOR:
            continue
        by_author[author] += 1
        admitted.append(hit)
    return admitted


def _similar(hit: Hit, codebook: Codebook) -> SimilarEncounter:
    codes = hit.payload["codes"]
    specialty = hit.payload.get("specialty")
    return SimilarEncounter(
        case_id=str(hit.payload["case_id"]),
        score=round(hit.score, 4),
        codes=_in_force([str(code) for code in codes], codebook) if isinstance(codes, list) else (),
        specialty=str(specialty) if specialty else None,
        attested=hit.payload.get("origin") != SHIPPED_ORIGIN,
    )


def _in_force(codes: Sequence[str], codebook: Codebook) -> tuple[str, ...]:
    """Codes as this edition writes them: one that ended becomes its only successor, or falls away."""
    current: list[str] = []
    for code in codes:
        successors = (code,) if codebook.is_billable(code) else codebook.successors(code)
        current += successors if len(successors) == 1 else ()
    return tuple(dict.fromkeys(current))
