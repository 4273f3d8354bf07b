"""What comes in: an encounter, its documents, its patient, and what an earlier system suggested."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from medcoding.codes import CodeSystem
from medcoding.finding import GivenOverride
from medcoding.record import Record

Day = Annotated[datetime.date, Field(strict=True)]
"""A date written YYYY-MM-DD; numbers are not taken for seconds since 1970."""


class Setting(StrEnum):
    """Where care was given. It changes the right answer (guidelines II and III against IV)."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    ED = "ed"

    @property
    def codes_uncertain_diagnoses(self) -> bool:
        """True where a diagnosis still uncertain at discharge is coded as if established (II.H, III.C)."""
        return self is Setting.INPATIENT


class Sex(StrEnum):
    """Administrative sex on the encounter."""

    F = "F"
    M = "M"


class Patient(Record):
    """Who the encounter is about; only what coding rules read."""

    id: str | None = None
    """The sender's identifier; it never leaves the installation."""
    age: Annotated[int, Field(ge=0, le=130)] | None = None
    """Age in completed years on the date of service."""
    sex: Sex | None = None


class Document(Record):
    """One document of the record. All offsets in the product count code points of `text` as received."""

    document_id: Annotated[str, Field(min_length=1, max_length=200)]
    text: str
    type: str | None = None
    """Kind of document: progress note, discharge summary, operative report, …"""
    author: str | None = None
    author_role: str | None = None
    """physician, nurse practitioner, nurse, dietitian, …: decides who may document what (I.B.14)."""
    date: Day | None = None


class Suggestion(Record):
    """A code another system was considering when it escalated the case."""

    system: CodeSystem
    code: str
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    source: str | None = None


class Encounter(Record):
    """One contact of a patient with the hospital, with every document that may be coded from."""

    case_id: Annotated[str, Field(min_length=1, max_length=200)]
    setting: Setting
    date_of_service: Day
    discharge_date: Day | None = None
    """Decides the edition of an inpatient stay."""
    visit_type: str | None = None
    specialty: str | None = None
    facility: str | None = None
    tenant: str | None = None
    payer: str | None = None
    patient: Patient = Patient()
    documents: Annotated[tuple[Document, ...], Field(min_length=1)]
    suggestions: tuple[Suggestion, ...] = ()
    overrides: tuple[GivenOverride, ...] = ()
    """What people decided against rules when this encounter was coded before; who may, is the caller's to see to."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        ids = [d.document_id for d in self.documents]
        if len(set(ids)) != len(ids):
            raise ValueError("two documents carry the same document_id; give each its own")
        if self.discharge_date and self.discharge_date < self.date_of_service:
            raise ValueError("discharge_date lies before date_of_service; correct one of them")
        return self

    @property
    def coding_date(self) -> datetime.date:
        """The date whose code set applies: discharge for inpatient stays, else the date of service."""
        if self.setting is Setting.INPATIENT and self.discharge_date:
            return self.discharge_date
        return self.date_of_service

    def document(self, document_id: str) -> Document:
        """The document of that id; `KeyError` when the encounter has none."""
        for document in self.documents:
            if document.document_id == document_id:
                return document
        raise KeyError(document_id)
