"""Coded encounters of a small clinic, made by rule so that a tiny encoder can learn them in seconds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from medcoding.coded_encounter import CodedEncounter, FinalCode, Provenance
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Patient, Setting

PROBLEMS = {
    "I10": "Hypertension",
    "E78.5": "Hyperlipidemia",
    "M10.9": "Gout",
    "E03.9": "Hypothyroidism",
    "J45.909": "Asthma",
    "K21.9": "GERD",
}


def coded(case_id: str, *codes: str, text: str | None = None, **changes: Any) -> CodedEncounter:
    """A visit whose assessment states the problems of these codes."""
    stated = "\n".join(f"{n}. {PROBLEMS.get(code, code)}, stable." for n, code in enumerate(codes, start=1))
    values: dict[str, Any] = {
        "case_id": case_id,
        "setting": Setting.OUTPATIENT,
        "date_of_service": dt.date(2026, 1, 5),
        "documents": (
            Document(document_id="d1", text=text or f"Seen today, visit {case_id}.\nAssessment:\n{stated}\n"),
        ),
        "codes": tuple(
            FinalCode(system=CodeSystem.ICD10CM, code=code, role=CodeRole.SECONDARY, sequence=number)
            for number, code in enumerate(codes, start=1)
        ),
        "provenance": Provenance(origin="facility", certified_coder=True, attested_by="coder 1"),
    }
    return CodedEncounter(**(values | changes))


def clinic(number: int) -> tuple[CodedEncounter, ...]:
    """So many visits of as many patients on following days, two problems each."""
    names = list(PROBLEMS)
    return tuple(
        coded(
            f"visit-{at}",
            names[at % len(names)],
            names[(at // len(names) + at + 1) % len(names)],
            text=_note(at, names[at % len(names)], names[(at // len(names) + at + 1) % len(names)]),
            patient=Patient(id=f"p{at}", age=40 + at % 40),
            date_of_service=dt.date(2026, 1, 5) + dt.timedelta(days=at),
            specialty="family medicine",
        )
        for at in range(number)
    )


def _note(at: int, first: str, second: str) -> str:
    words = ("knee", "walks", "garden", "winter", "travels", "dog", "bridge", "choir", "reads", "swims", "bakes")
    told = " ".join(words[(at * step + step) % len(words)] for step in range(1, 9))
    return (
        f"Patient number {at} tells of {told} and of {at * 7 % 31} other things today.\n"
        f"Assessment:\n1. {PROBLEMS[first]}, continue treatment.\n2. {PROBLEMS[second]}, stable.\n"
    )
