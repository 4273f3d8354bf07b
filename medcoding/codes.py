"""Code systems and the written form of a code."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, Literal

from medcoding.errors import InputError

ICD10CM_SHAPE: Final = re.compile(r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?")
"""The shape of every dotted ICD-10-CM code, the newest ones (`J4B`, `K6A.01`, `QA0.0101`) included."""

HCPCS_SHAPE: Final = re.compile(r"[A-CE-V][0-9]{4}")
"""HCPCS Level II; D codes belong to the American Dental Association and are refused."""

CPT_SHAPE: Final = re.compile(r"(?:[0-9]{4}|9ZZZ)[0-9AFMTU]")
"""CPT-shaped: without the licensee's own file such a code is unverifiable, never valid. `9ZZZ1` is an invented
placeholder; no published code is written so."""


class CodeSystem(StrEnum):
    """Which book a code stands in. Always explicit: 6,761 undotted ICD-10-CM codes look like HCPCS."""

    ICD10CM = "icd10cm"
    HCPCS = "hcpcs"
    CPT = "cpt"


class CodeRole(StrEnum):
    """What a code is for on the claim (guidelines II, III, IV.G, I.C.20)."""

    PRINCIPAL = "principal"
    FIRST_LISTED = "first_listed"
    SECONDARY = "secondary"
    EXTERNAL_CAUSE = "external_cause"
    STATUS = "status"


PresentOnAdmission = Literal["Y", "N", "U", "W", "1"]
"""UB-04 present-on-admission indicator; `1` marks a code exempt from reporting (guidelines, appendix I)."""

_SHAPES: Final = {
    CodeSystem.ICD10CM: ICD10CM_SHAPE,
    CodeSystem.HCPCS: HCPCS_SHAPE,
    CodeSystem.CPT: CPT_SHAPE,
}


def parse_code(text: str, system: CodeSystem = CodeSystem.ICD10CM) -> str:
    """Return the printed form of a code a person typed: upper case, ICD-10-CM with its dot.

    Raises `InputError` when the text cannot be a code of that system, without repeating it: it may be a person's name.
    Says nothing about existence.
    """
    code = text.strip().upper()
    if system is CodeSystem.ICD10CM:
        bare = code.replace(".", "")
        code = bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"
    if not _SHAPES[system].fullmatch(code):
        raise InputError(f"That is not written like a code of {system}; check the spelling.")
    return code
