"""An encounter with its codes: one format for suites, training data and past encounters."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from medcoding.codes import CodeRole, CodeSystem, PresentOnAdmission
from medcoding.encounter import Encounter
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record


class FinalCode(Record):
    """A code as it stands on the encounter's final set."""

    system: CodeSystem
    code: str
    role: CodeRole
    sequence: int
    poa: PresentOnAdmission | None = None
    modifiers: tuple[str, ...] = ()
    units: int | None = None
    evidence: tuple[EvidenceQuote, ...] = ()


class MustNotCode(Record):
    """A code that would be wrong here, and why."""

    code: str
    why: str


class Provenance(Record):
    """Where the coding came from."""

    origin: str
    """`synthetic`, `facility`, or the name of the published set."""
    certified_coder: bool
    attested_by: str | None = None
    """Who stands behind the codes; without that an encounter is never learned from."""


class CodedEncounter(Encounter):
    """Encounter + final codes + what must not be coded + guideline ids + provenance."""

    codes: tuple[FinalCode, ...]
    must_not: tuple[MustNotCode, ...] = ()
    guideline_ids: tuple[str, ...] = ()
    purpose: str = ""
    """What a case of a suite exercises, or how it is written."""
    provenance: Provenance

    @model_validator(mode="after")
    def _quotes_are_verbatim(self) -> Self:
        texts = {d.document_id: d.text for d in self.documents}
        for number, line in enumerate(self.codes, start=1):
            for quote in line.evidence:
                if not quote.stands_in(texts.get(quote.document_id, "")):
                    raise ValueError(f"evidence of code {number} is not verbatim at {quote.start}:{quote.end}")
        return self
