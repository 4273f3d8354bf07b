"""Who may document what: the provider's diagnoses, and the details that others may add (I.B.14)."""

from __future__ import annotations

import pytest

from guardrails.authorship import detail_has_its_diagnosis, provider_documents_diagnosis
from medcoding.codebook import Codebook
from medcoding.encounter import Document
from tests.guardrails.cases import Written, case, mention, said


def _documents(provider: str, other: str, role: str) -> tuple[Document, ...]:
    return (
        Document(document_id="d", text=provider, author_role="physician"),
        Document(document_id="n", text=other, author_role=role),
    )


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        ("nurse", True),
        ("wound_nurse", True),
        ("dietitian", True),
        ("Medical Assistant", True),
        ("physical therapist", True),
        ("nurse practitioner", False),
        ("physician_assistant", False),
        ("podiatrist", False),
        ("certified nurse midwife", False),
        ("radiologist", False),
        (None, False),
        ("unheard-of profession", False),
    ],
)
def test_a_diagnosis_comes_from_the_provider(fy2026: Codebook, role: str | None, *, asked: bool) -> None:
    """A role that is missing or unknown counts as the provider's; nothing is guessed against a code."""
    note = (Document(document_id="n", text="Pneumonia of the right lower lobe.", author_role=role),)
    findings = provider_documents_diagnosis(case(fy2026, note, "J18.9"))
    assert said(findings) == ([("evidence.author", "must_resolve", ("J18.9",))] if asked else [])


def test_a_reading_of_films_is_no_diagnosis_of_a_stay(fy2026: Codebook) -> None:
    """The radiologist interprets; for an inpatient the attending has to say so (III.B)."""
    note = (Document(document_id="n", text="Infiltrate, pneumonia.", author_role="radiologist"),)
    assert provider_documents_diagnosis(case(fy2026, note, "J18.9", setting="inpatient")) != ()
    assert provider_documents_diagnosis(case(fy2026, note, "J18.9")) == ()


def test_one_quote_of_the_provider_is_enough(fy2026: Codebook) -> None:
    """The nurse saw it first, the physician states it."""
    documents = _documents("Pneumonia.", "Pneumonia per chart.", "nurse")
    assert provider_documents_diagnosis(case(fy2026, documents, Written("J18.9", "Pneumonia"))) == ()


@pytest.mark.parametrize("code", ["Z68.41", "L89.153", "R40.2412", "R29.715", "Z59.01", "Y90.6", "Z28.311"])
def test_details_may_come_from_others(fy2026: Codebook, code: str) -> None:
    """Body mass index, ulcer stage, scales, circumstances, blood alcohol and vaccinations are not held back."""
    note = (Document(document_id="n", text="As measured and asked by the nurse.", author_role="nurse"),)
    assert provider_documents_diagnosis(case(fy2026, note, code)) == ()


@pytest.mark.parametrize(
    ("code", "provider", "diagnosis", "alone"),
    [
        ("Z68.41", "Severe obesity.", "E66.01", False),
        ("Z68.41", "Hypertension.", "I10", True),
        ("Y90.6", "Alcohol dependence.", "F10.20", False),
        ("Y90.6", "Hypertension.", "I10", True),
        ("L97.421", "Diabetic foot ulcer.", "E11.621", False),
        ("Z59.01", "Hypertension.", "I10", False),
    ],
)
def test_a_detail_needs_its_diagnosis(
    fy2026: Codebook, code: str, provider: str, diagnosis: str, *, alone: bool
) -> None:
    """The diagnosis it belongs to is the provider's; circumstances of life stand for themselves."""
    documents = _documents(provider, "Measured at intake.", "nurse")
    lines = (Written(diagnosis, provider), Written(code, "Measured at intake"))
    findings = detail_has_its_diagnosis(case(fy2026, documents, *lines))
    assert said(findings) == ([("evidence.detail_alone", "must_resolve", (code,))] if alone else [])


def test_a_documented_diagnosis_need_not_be_coded(fy2026: Codebook) -> None:
    """The provider mentions the ulcer; its stage may come from the wound nurse."""
    provider = "Sacral pressure ulcer, local care."
    documents = _documents(provider, "Stage 3, sacrum.", "wound nurse")
    line = Written("L89.153", "Stage 3, sacrum")
    read = mention(provider, "Sacral pressure ulcer", "L89.159")
    assert detail_has_its_diagnosis(case(fy2026, documents, line)) != ()
    assert detail_has_its_diagnosis(case(fy2026, documents, line, mentions=(read,))) == ()
