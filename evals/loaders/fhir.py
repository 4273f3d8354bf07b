"""FHIR R4 bundles: Encounter, Patient, Condition or Claim, DocumentReference, Binary -> coded encounters.

A file holds one bundle (JSON) or one a line (NDJSON); a folder holds such files. A claim decides codes and order; where
there is none, the encounter's ranked diagnoses; else the conditions in the order they come. Only plain text is read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evals.loaders.fhir_bundle import BundleContents
from evals.loaders.fhir_codes import claimed_codes
from evals.loaders.fhir_documents import plain_documents
from evals.loaders.fhir_resources import Bundle, EncounterResource, PatientResource
from evals.loaders.gold_set import (
    GoldForm,
    GoldOptions,
    GoldSet,
    Outcome,
    RefusedCase,
    SetDescription,
    gold_set,
    shown_scope,
)
from medcoding.coded_encounter import CodedEncounter, Provenance
from medcoding.encounter import Encounter, Patient, Setting, Sex
from medcoding.errors import InputError
from medcoding.parsing import parse_record

_ORIGIN: Final = "facility"
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T|$)")
_NDJSON: Final = frozenset({".ndjson", ".jsonl"})
_BUNDLE_FILES: Final = frozenset({".json"}) | _NDJSON
_ENDED: Final = frozenset({"cancelled", "entered-in-error", "planned"})
_UNORDERED: Final = "encounters whose diagnoses come without an order"

_SETTINGS: Final = {
    "AMB": Setting.OUTPATIENT,
    "FLD": Setting.OUTPATIENT,
    "HH": Setting.OUTPATIENT,
    "VR": Setting.OUTPATIENT,
    "OBSENC": Setting.OUTPATIENT,
    "SS": Setting.OUTPATIENT,
    "EMER": Setting.ED,
    "IMP": Setting.INPATIENT,
    "ACUTE": Setting.INPATIENT,
    "NONAC": Setting.INPATIENT,
}
"""HL7 v3 ActCode to the setting whose guidelines hold; observation and short stays are outpatient services (IV.A.2)."""

_SEXES: Final = {"male": Sex.M, "female": Sex.F}


def read_fhir(path: Path, options: GoldOptions) -> GoldSet:
    """Every encounter of every bundle; one that does not fit is refused by its id and the rest is taken.

    Raises `InputError` when none is left.
    """
    left_out: Counter[str] = Counter()
    outcomes = [outcome for where, data in _bundles(path) for outcome in _outcomes(where, data, options, left_out)]
    scope = shown_scope(outcome for outcome in outcomes if isinstance(outcome, CodedEncounter))
    scope = scope.model_copy(update={"order": scope.order and not left_out[_UNORDERED]})
    return gold_set(SetDescription(path.name, GoldForm.FHIR, scope), outcomes, +left_out)


def _bundles(path: Path) -> Iterator[tuple[str, bytes]]:
    """Where each bundle stands, and its bytes."""
    files = [f for f in sorted(path.iterdir()) if f.suffix in _BUNDLE_FILES] if path.is_dir() else [path]
    for file in files:
        try:
            if file.suffix not in _NDJSON:
                yield file.name, file.read_bytes()
                continue
            with file.open("rb") as lines:
                yield from ((f"{file.name}:{n}", line) for n, line in enumerate(lines, start=1) if line.strip())
        except OSError as error:
            raise InputError(f"{file} cannot be read ({error.strerror}); check the path.") from None


def _outcomes(where: str, data: bytes, options: GoldOptions, left_out: Counter[str]) -> Iterator[Outcome]:
    name = _id(data) or where
    try:
        bundle = parse_record(Bundle, data.removeprefix(b"\xef\xbb\xbf"), f"Bundle {name}")
    except InputError as refusal:
        yield RefusedCase(case_id=name, why=str(refusal))
        return
    contents = BundleContents(bundle)
    left_out.update(contents.unread)
    if not contents.encounters:
        yield RefusedCase(case_id=name, why=f"Bundle {name} holds no Encounter; put it in.")
    for encounter in contents.encounters:
        if encounter.status in _ENDED:
            left_out["encounters that did not take place"] += 1
            continue
        yield _outcome(name, encounter, contents, options, left_out)


def _id(data: bytes) -> str:
    """The bundle's id where it is written as FHIR writes ids; anything else is the sender's text and stays unsaid."""
    try:
        found = json.loads(data).get("id")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def _outcome(
    bundle: str, encounter: EncounterResource, contents: BundleContents, options: GoldOptions, left_out: Counter[str]
) -> Outcome:
    case_id = encounter.id if _ID.fullmatch(encounter.id) else bundle
    try:
        return _coded(case_id, encounter, contents, options, left_out)
    except InputError as refusal:
        return RefusedCase(case_id=case_id, why=f"Encounter {case_id} of bundle {bundle} cannot be taken: {refusal}")


def _coded(
    case_id: str, encounter: EncounterResource, contents: BundleContents, options: GoldOptions, left_out: Counter[str]
) -> CodedEncounter:
    plain = _encounter(case_id, encounter, contents, left_out)
    claimed = claimed_codes(encounter, contents, plain.setting, left_out)
    left_out[_UNORDERED] += not claimed.ordered
    return CodedEncounter(
        **{name: getattr(plain, name) for name in Encounter.model_fields},
        codes=claimed.codes,
        provenance=Provenance(origin=_ORIGIN, certified_coder=options.certified_coder),
    )


def _encounter(
    case_id: str, encounter: EncounterResource, contents: BundleContents, left_out: Counter[str]
) -> Encounter:
    setting = _SETTINGS.get(encounter.class_.code.upper())
    if setting is None:
        raise InputError("its class is none of AMB, EMER, IMP and their kinds; send one of them.")
    begun, ended = _day(encounter.period.start), _day(encounter.period.end)
    if not begun:
        raise InputError("its period has no start with year, month and day; send one.")
    patient = contents.find(encounter.subject, PatientResource)
    facts = {
        "case_id": case_id,
        "setting": setting,
        "date_of_service": begun,
        "discharge_date": ended if setting is Setting.INPATIENT else None,
        "visit_type": next((concept.words for concept in encounter.type if concept.words), None),
        "specialty": encounter.service_type.words or None,
        "patient": _patient(patient, begun).model_dump(mode="json"),
        "documents": [d.model_dump(mode="json") for d in plain_documents(encounter, contents, left_out)],
    }
    if not facts["documents"]:
        raise InputError("it has no document in plain text; send a DocumentReference with text/plain.")
    return parse_record(Encounter, json.dumps(facts), "it")


def _patient(patient: PatientResource | None, day: str) -> Patient:
    if patient is None:
        return Patient()
    return Patient(id=patient.id or None, age=_age(patient.birth_date, day), sex=_SEXES.get(patient.gender))


def _age(born: str, day: str) -> int | None:
    """Completed years on the day of service; None where the birth date is not a whole date before it."""
    if not _day(born):
        return None
    years = int(day[:4]) - int(born[:4]) - (day[5:] < born[5:10])
    return years if 0 <= years <= 130 else None


def _day(moment: str) -> str:
    """The calendar day of a dateTime as it is written; empty where month or day is missing."""
    written = _DAY.match(moment)
    return written[1] if written else ""
