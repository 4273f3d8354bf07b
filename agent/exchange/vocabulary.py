"""The URIs of FHIR R4 and its code systems, and this project's own, all in one place."""

from __future__ import annotations

from typing import Final

from medcoding.codes import CodeSystem

FHIR_JSON: Final = "application/fhir+json"

SYSTEM_URIS: Final = {
    CodeSystem.ICD10CM: "http://hl7.org/fhir/sid/icd-10-cm",
    CodeSystem.HCPCS: "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    CodeSystem.CPT: "http://www.ama-assn.org/go/cpt",
}
"""How a code system is named in what goes out."""

READ_SYSTEMS: Final = {
    **{uri: system for system, uri in SYSTEM_URIS.items()},
    "urn:oid:2.16.840.1.113883.6.90": CodeSystem.ICD10CM,
    "urn:oid:2.16.840.1.113883.6.285": CodeSystem.HCPCS,
    "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes": CodeSystem.HCPCS,
    "urn:oid:2.16.840.1.113883.6.12": CodeSystem.CPT,
}
"""Every way in which senders name them."""

TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
PRESENT_ON_ADMISSION: Final = "https://www.nubc.org/CodeSystem/PresentOnAdmissionIndicator"
DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

OWN: Final = "urn:chartwright:fhir"
CONFIDENCE: Final = f"{OWN}:confidence"
"""Extension with a `valueDecimal` from 0 to 1, on a Condition, a Procedure or one of their codings."""
MISSING: Final = f"{OWN}:missing"
"""Extension with a `valueString`: what the record would have to say."""
CODE_ROLE: Final = f"{OWN}:code-role"
CASE: Final = "urn:chartwright:case"
PATIENT: Final = "urn:chartwright:patient"
DIGEST: Final = "urn:chartwright:sha256"
ACTOR: Final = "urn:chartwright:actor"
MODULE: Final = "urn:chartwright:coding"
