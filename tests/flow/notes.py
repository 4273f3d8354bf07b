"""Encounters from a few words, for the tests of the steps and of the whole flow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from medcoding.candidate import MentionCandidates, Retrieved
from medcoding.chart import SectionKind
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Patient, Setting
from medcoding.proposal import EvidenceQuote, ProposedCode, Source

DAY = dt.date(2026, 11, 2)


def encounter(
    *texts: str, setting: str = "outpatient", day: dt.date = DAY, age: int | None = None, **more: Any
) -> Encounter:
    """An encounter of one document a text."""
    documents = tuple(Document(document_id=f"d{n}", text=text) for n, text in enumerate(texts, start=1))
    values: dict[str, Any] = {"case_id": "c1", "patient": Patient(age=age), "documents": documents}
    return Encounter(**(values | {"setting": Setting(setting), "date_of_service": day} | more))


def proposed(code: str, *, words: str = "words", **changes: Any) -> ProposedCode:
    """A code of a proposal, chosen by rules for mention 1, resting on the first words of document d1."""
    quote = EvidenceQuote(document_id="d1", start=0, end=len(words), text=words, section=SectionKind.ASSESSMENT.value)
    values: dict[str, Any] = {
        "system": CodeSystem.ICD10CM,
        "code": code,
        "role": CodeRole.SECONDARY,
        "sequence": 1,
        "mention_ids": (1,),
        "evidence": (quote,),
        "source": Source.RULES,
        "strength": 0.9,
        "reason": "The wording fits.",
    }
    return ProposedCode(**(values | changes))


def retrieved(entries: Iterable[MentionCandidates]) -> Retrieved:
    """What retrieval found, nothing but candidates."""
    return Retrieved(candidates=tuple(entries))
