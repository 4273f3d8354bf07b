"""Attested cases as coded encounters: what may enter the past-encounter collection, by the tenant's choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from agent.review.history import chart_text, opening_of, past_of
from agent.review.seeds import seeded_ids, with_seed
from agent.review.standing import Reviewing, standing
from agent.review.tables import AttestationRow
from agent.store.case_store import CaseStore
from agent.store.errors import ErasedError
from agent.store.ledger import Reading
from agent.store.records import CaseVersion
from medcoding.access import Actor
from medcoding.coded_encounter import CodedEncounter, FinalCode, Provenance
from medcoding.codes import CodeSystem
from medcoding.proposal import EvidenceQuote

ORIGIN: Final = "facility"


def attested_cases(store: CaseStore, actor: Actor) -> Iterator[CodedEncounter]:
    """Every attested case of the actor's tenant; that it was taken out is in the trail. Erased ones are passed over."""
    with store.reading(actor) as reading:
        mine = (AttestationRow.tenant == actor.tenant, AttestationRow.void_at.is_(None))
        found = select(AttestationRow.case_uid, AttestationRow.version).where(*mine).order_by(AttestationRow.at)
        versions = [CaseVersion(row.case_uid, row.version) for row in reading.connection.execute(found)]
    for version in versions:
        with store.change(actor, "export") as change:
            change.record("case.exported", version, {"to": "past encounters"})
            try:
                case = _coded(change, version)
            except ErasedError:
                case = None
        if case is not None:
            yield case


def _coded(reading: Reading, version: CaseVersion) -> CodedEncounter | None:
    opening = opening_of(reading, version)
    past = past_of(reading, version, opening) if opening else None
    kept = past.standing if past else None
    if opening is None or past is None or kept is None:
        return None
    encounter, result = chart_text(reading, version)
    reviewing = Reviewing(with_seed(result.codes, opening.seed), encounter.setting, _no_title)
    now, seeded = standing(reviewing, past.actions), seeded_ids(opening.seed)
    evidence: dict[tuple[CodeSystem, str], tuple[EvidenceQuote, ...]] = {
        (line.system, line.code): line.evidence for line in now.kept if line.id not in seeded
    }
    final = kept.signed
    return CodedEncounter(
        **encounter.model_dump(),
        codes=tuple(
            FinalCode(**line.model_dump(), evidence=evidence.get((line.system, line.code), ()))
            for line in final.final.lines
        ),
        provenance=Provenance(origin=ORIGIN, certified_coder=True, attested_by=final.attestation.by),
    )


def _no_title(_: CodeSystem, code: str) -> str:
    return code
