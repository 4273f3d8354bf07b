"""The final codes of a FHIR encounter: from its claims, its ranked diagnoses, or its conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, cast

from evals.loaders.fhir_bundle import BundleContents
from evals.loaders.fhir_resources import (
    ClaimDiagnosis,
    ClaimItem,
    CodeableConcept,
    Coding,
    ConditionResource,
    EncounterResource,
    Extension,
)
from evals.loaders.gold_set import role_by_place
from medcoding.coded_encounter import FinalCode
from medcoding.codes import CodeSystem, PresentOnAdmission, parse_code
from medcoding.encounter import Setting

_SYSTEMS: Final = {
    "http://hl7.org/fhir/sid/icd-10-cm": CodeSystem.ICD10CM,
    "urn:oid:2.16.840.1.113883.6.90": CodeSystem.ICD10CM,
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": CodeSystem.HCPCS,
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": CodeSystem.HCPCS,
    "urn:oid:2.16.840.1.113883.6.285": CodeSystem.HCPCS,
    "http://www.ama-assn.org/go/cpt": CodeSystem.CPT,
    "urn:oid:2.16.840.1.113883.6.12": CodeSystem.CPT,
}
_PROCEDURES: Final = (CodeSystem.HCPCS, CodeSystem.CPT)
_POA: Final = {
    "Y": "Y", "N": "N", "U": "U", "W": "W", "1": "1", "YES": "Y", "NO": "N", "UNKNOWN": "U", "UNDETERMINED": "W",
}  # fmt: skip
_POA_EXTENSIONS: Final = ("present-on-admission", "presentonadmission", "poa")
_WITHDRAWN: Final = frozenset({"cancelled", "entered-in-error"})
_NOT_HELD: Final = ("entered-in-error", "refuted")
_NOT_FINAL: Final = ("admitting", "AD", "differential")
_PRINCIPAL: Final = "principal"


class ClaimedCodes(NamedTuple):
    """The codes of an encounter, and whether their order was decided by who coded."""

    codes: tuple[FinalCode, ...]
    ordered: bool


class _Diagnosis(NamedTuple):
    coding: Coding
    poa: PresentOnAdmission | None
    principal: bool = False


def claimed_codes(
    encounter: EncounterResource, contents: BundleContents, setting: Setting, left_out: Counter[str]
) -> ClaimedCodes:
    """Diagnoses in order, then products and services. Raises `InputError` for a code that is not written like one."""
    billed = list(_billed(encounter, contents, left_out))
    ranked = all(named.rank is not None for named in encounter.diagnosis)
    diagnoses = billed or list(_named(encounter, contents, left_out)) or list(_held(encounter, contents, left_out))
    ordered = bool(billed) or (bool(encounter.diagnosis) and ranked) or len(diagnoses) < 2
    codes: dict[tuple[CodeSystem, str], FinalCode] = {}
    for diagnosis in sorted(diagnoses, key=lambda d: not d.principal):  # stable: the principal one goes first
        _add(codes, diagnosis.coding, setting, {"poa": diagnosis.poa})
    for item in _items(encounter, contents):
        coding = _coding(item.product_or_service, _PROCEDURES)
        if coding is None:
            left_out["services without a HCPCS code"] += 1
            continue
        units = item.quantity.value
        modifiers = tuple(c.code for m in item.modifier for c in m.coding if c.code)
        _add(codes, coding, setting, {"modifiers": modifiers, "units": int(units) if units else None})
    return ClaimedCodes(tuple(codes.values()), ordered)


def _add(
    codes: dict[tuple[CodeSystem, str], FinalCode], coding: Coding, setting: Setting, more: dict[str, object]
) -> None:
    """Append a code that is not there yet: a professional and a facility claim name the same diagnoses."""
    system = _SYSTEMS[coding.system]
    code = parse_code(coding.code, system)
    if (system, code) not in codes:
        sequence = len(codes) + 1
        role = role_by_place(system, code, sequence, setting)
        plain = FinalCode(system=system, code=code, role=role, sequence=sequence)
        codes[system, code] = plain.model_copy(update=more)


def _billed(encounter: EncounterResource, contents: BundleContents, left_out: Counter[str]) -> Iterator[_Diagnosis]:
    """Diagnoses of the claims in their own order; the admitting one is no final code."""
    for claim in contents.claims:
        if claim.status in _WITHDRAWN or not contents.belongs(claim.encounters, encounter):
            continue
        for line in sorted(claim.diagnosis, key=lambda d: d.sequence):
            if any(kind.has(word) for kind in line.type for word in _NOT_FINAL):
                left_out["admitting and differential diagnoses"] += 1
                continue
            principal = any(kind.has(_PRINCIPAL) for kind in line.type)
            yield from _diagnosis(_claimed_concept(line, contents), _indicator(line), left_out, principal=principal)


def _named(encounter: EncounterResource, contents: BundleContents, left_out: Counter[str]) -> Iterator[_Diagnosis]:
    """Diagnoses that the encounter names, by rank where they have one."""
    final = [d for d in encounter.diagnosis if not any(d.use.has(word) for word in _NOT_FINAL)]
    left_out["admitting and differential diagnoses"] += len(encounter.diagnosis) - len(final)
    for named in sorted(final, key=lambda d: d.rank if d.rank is not None else len(final) + 1):
        condition = contents.find(named.condition, ConditionResource)
        if condition is not None and _is_held(condition, left_out):
            poa = _extended(named.extension) or _extended(condition.extension)
            yield from _diagnosis(condition.code, poa, left_out)


def _held(encounter: EncounterResource, contents: BundleContents, left_out: Counter[str]) -> Iterator[_Diagnosis]:
    """Conditions of the encounter in the order they come."""
    for condition in contents.conditions:
        if contents.belongs([condition.encounter], encounter) and _is_held(condition, left_out):
            yield from _diagnosis(condition.code, _extended(condition.extension), left_out)


def _diagnosis(
    concept: CodeableConcept, poa: PresentOnAdmission | None, left_out: Counter[str], *, principal: bool = False
) -> Iterator[_Diagnosis]:
    coding = _coding(concept, (CodeSystem.ICD10CM,))
    if coding is None:
        left_out["diagnoses without an ICD-10-CM code"] += 1
    else:
        yield _Diagnosis(coding, poa, principal)


def _items(encounter: EncounterResource, contents: BundleContents) -> Iterator[ClaimItem]:
    for claim in contents.claims:
        if claim.status not in _WITHDRAWN:
            for item in sorted(claim.item, key=lambda i: i.sequence):
                if contents.belongs(item.encounter or claim.encounters, encounter):
                    yield item


def _is_held(condition: ConditionResource, left_out: Counter[str]) -> bool:
    withdrawn = any(condition.verification_status.has(status) for status in _NOT_HELD)
    left_out["conditions that were withdrawn"] += withdrawn
    return not withdrawn


def _claimed_concept(line: ClaimDiagnosis, contents: BundleContents) -> CodeableConcept:
    condition = contents.find(line.diagnosis_reference, ConditionResource)
    return condition.code if condition else line.diagnosis_codeable_concept


def _coding(concept: CodeableConcept, systems: Sequence[CodeSystem]) -> Coding | None:
    return next((c for c in concept.coding if c.code and _SYSTEMS.get(c.system) in systems), None)


def _indicator(line: ClaimDiagnosis) -> PresentOnAdmission | None:
    written = (_poa(coding.code) for coding in line.on_admission.coding)
    return next((poa for poa in written if poa), None) or _extended(line.extension)


def _extended(extensions: Iterable[Extension]) -> PresentOnAdmission | None:
    """The indicator of an extension whose address ends in a name of present on admission."""
    for extension in extensions:
        if extension.url.lower().endswith(_POA_EXTENSIONS):
            told = (
                extension.value_code,
                extension.value_string,
                extension.value_coding.code,
                *(coding.code for coding in extension.value_codeable_concept.coding),
                {True: "Y", False: "N", None: ""}[extension.value_boolean],
            )
            return next((poa for poa in map(_poa, told) if poa), None)
    return None


def _poa(code: str) -> PresentOnAdmission | None:
    return cast("PresentOnAdmission | None", _POA.get(code.strip().upper()))
