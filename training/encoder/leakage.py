"""Leakage that can be seen: what would make the figures of a test part look better than the encoder is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError
from training.encoder.coded_parts import CodedParts
from training.encoder.twins import twins

_SHOWN: Final = 3


def refuse_leakage(parts: CodedParts) -> None:
    """Raises `InputError` naming cases where parts share a patient or a note, or a note holds its own codes."""
    for (one, first), (other, second) in combinations(parts.named().items(), 2):
        _refuse_shared_patients(one, first, other, second)
        _refuse_twins(one, first, other, second)
    _refuse_written_codes([encounter for part in parts for encounter in part])


def _refuse_shared_patients(
    one: str, first: Sequence[CodedEncounter], other: str, second: Sequence[CodedEncounter]
) -> None:
    known = {_patient(encounter) for encounter in first if encounter.patient.id}
    shared = [encounter.case_id for encounter in second if _patient(encounter) in known]
    if shared:
        raise InputError(
            f"The parts {one} and {other} share patients (cases {_some(shared)}); keep each patient in one part."
        )


def _refuse_twins(one: str, first: Sequence[CodedEncounter], other: str, second: Sequence[CodedEncounter]) -> None:
    found = [second[place].case_id for _, place in twins(first, second)]
    if found:
        raise InputError(
            f"The parts {one} and {other} hold nearly the same notes (cases {_some(found)}); keep one of each."
        )


def _refuse_written_codes(encounters: Iterable[CodedEncounter]) -> None:
    """A note with its own codes in it teaches to copy them, and real notes come without."""
    found = [encounter.case_id for encounter in encounters if _holds_its_codes(encounter)]
    if found:
        raise InputError(
            f"{len(found)} notes hold their own codes in writing (cases {_some(found)}); take them out of the text."
        )


def _holds_its_codes(encounter: CodedEncounter) -> bool:
    forms = {form for line in encounter.codes for form in (line.code, line.code.replace(".", "")) if len(form) > 3}
    forms |= {line.code for line in encounter.codes}
    if not forms:
        return False
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted(forms)))})(?![\w]|\.\d)", re.IGNORECASE)
    return any(pattern.search(document.text) for document in encounter.documents)


def _patient(encounter: CodedEncounter) -> tuple[str | None, str | None]:
    return encounter.tenant, encounter.patient.id


def _some(cases: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(cases))
    more = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    return ", ".join(distinct[:_SHOWN]) + more
