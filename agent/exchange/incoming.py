"""A FHIR R4 Bundle, or a Task that asks for one, as an encounter.

    Bundle   one Encounter (or the one its Task's focus names) with Patient, documents, conditions, coverage
    Task     focus, or an input: a contained Bundle, a contained Encounter

Nothing is fetched: what was not sent does not exist. Each refusal is one sentence that begins with the element's path.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from agent.exchange.documents import document_of
from agent.exchange.element import Element, concept_words
from agent.exchange.people import organization_name, patient_of
from agent.exchange.pool import Held, Pool, bundle_pool, contained_pool, kind_of
from agent.exchange.suggested import suggestions_of
from medcoding.encounter import Document, Encounter, Setting, Suggestion
from medcoding.errors import InputError

_SETTINGS: Final = {
    "IMP": Setting.INPATIENT, "ACUTE": Setting.INPATIENT, "NONAC": Setting.INPATIENT, "EMER": Setting.ED,
    "AMB": Setting.OUTPATIENT, "OBSENC": Setting.OUTPATIENT, "SS": Setting.OUTPATIENT, "VR": Setting.OUTPATIENT,
    "HH": Setting.OUTPATIENT, "FLD": Setting.OUTPATIENT,
}  # fmt: skip
"""Encounter.class (v3-ActCode). A stay under observation is outpatient care (guidelines IV.A.2)."""
_NOT_CARE: Final = frozenset({"planned", "cancelled", "entered-in-error"})
_READABLE: Final = frozenset({"collection", "document", "message", "searchset", "transaction", "batch"})
_DOCUMENTS: Final = ("DocumentReference", "Composition")
_SUGGESTING: Final = ("Condition", "Procedure")
_LONGEST_CASE_ID: Final = 200


class _Asked(NamedTuple):
    """The encounter that is to be coded, among what was sent with it."""

    encounter: Held
    pool: Pool


def encounter_of(resource: dict[str, object]) -> Encounter:
    """The encounter in a FHIR resource. Raises `InputError` naming the element."""
    kind = resource.get("resourceType")
    if kind not in ("Bundle", "Task"):  # a tuple, because what was sent may be no string at all
        root = Element("resource", resource)
        raise root.wrong("is neither Bundle nor Task; send the encounter in one of them", "resourceType")
    root = Element(str(kind), resource)
    kind_of(root)
    return _read(_of_bundle(root) if kind == "Bundle" else _of_task(root))


def is_fhir(held: object) -> bool:
    """True for a JSON value that calls itself a FHIR resource."""
    return isinstance(held, dict) and "resourceType" in held


def _of_bundle(bundle: Element) -> _Asked:
    if bundle.text("type") not in _READABLE:
        raise bundle.wrong(f"should be one of {', '.join(sorted(_READABLE))}; send the Bundle as one of them", "type")
    pool = bundle_pool(bundle)
    tasks = pool.of_kind("Task")
    if len(tasks) > 1:
        raise tasks[1].fhir.wrong("is the second Task; send one Bundle a Task")
    if tasks:
        return _focused(tasks[0], pool)
    return _Asked(_only_encounter(pool, bundle), pool)


def _of_task(task: Element) -> _Asked:
    return _focused(Held(task, "Task", task.path), contained_pool(task))


def _focused(task: Held, pool: Pool) -> _Asked:
    """What a Task is about: its focus, else the first input that names a Bundle or an Encounter; all must be there."""
    named = [_there(task, reference, pool) for reference in _references(task.fhir)]
    for held in named:
        if held.kind == "Bundle":
            return _of_bundle(held.fhir)
        if held.kind == "Encounter":
            return _Asked(held, pool)
    return _Asked(_only_encounter(pool, task.fhir), pool)


def _references(task: Element) -> Iterator[Element]:
    if focus := task.child("focus"):
        yield focus
    for one in task.each("input"):
        if one.child("valueAttachment"):
            raise one.wrong("is not read; contain a DocumentReference and name it by valueReference", "valueAttachment")
        if reference := one.child("valueReference"):
            yield reference


def _there(task: Held, reference: Element, pool: Pool) -> Held:
    held = pool.named(reference, task)
    if held is None:
        raise reference.wrong("names what was not sent; contain it or send it in the same Bundle", "reference")
    return held


def _only_encounter(pool: Pool, root: Element) -> Held:
    encounters = pool.of_kind("Encounter")
    if not encounters:
        raise root.wrong("holds no Encounter; send the one that is to be coded")
    if len(encounters) > 1:
        raise encounters[1].fhir.wrong("is a second Encounter; send one, or name the one to code by Task.focus")
    return encounters[0]


def _read(asked: _Asked) -> Encounter:
    fhir, pool = asked.encounter.fhir, asked.pool
    if fhir.text("status") in _NOT_CARE:
        raise fhir.wrong("says that no care was given; send an encounter that took place", "status")
    setting, (start, end) = _setting(fhir), _days(fhir)
    patient = _patient(asked)
    return Encounter(
        case_id=_case_id(fhir),
        setting=setting,
        date_of_service=start,
        discharge_date=end if setting is Setting.INPATIENT else None,
        visit_type=concept_words(fhir.first("type")),
        specialty=concept_words(fhir.child("serviceType")),
        facility=organization_name(fhir.child("serviceProvider"), asked.encounter, pool),
        payer=_payer(pool),
        patient=patient_of(patient, start),
        documents=_documents(asked, patient),
        suggestions=_suggestions(asked, patient),
    )


def _setting(fhir: Element) -> Setting:
    coding = fhir.child("class")
    if coding is None:
        raise fhir.wrong("is missing; say where care was given: AMB, EMER or IMP", "class")
    setting = _SETTINGS.get(coding.text("code") or "")
    if setting is None:
        raise coding.wrong(f"is none that is coded; send one of {', '.join(_SETTINGS)}", "code")
    return setting


def _days(fhir: Element) -> tuple[datetime.date, datetime.date | None]:
    period = fhir.child("period")
    start = period.day("start") if period else None
    if period is None or start is None:
        raise fhir.wrong("is missing or not exact to the day; it decides the code edition", "period.start")
    end = period.day("end")
    if end and end < start:
        raise period.wrong("lies before start; correct one of them", "end")
    return start, end


def _case_id(fhir: Element) -> str:
    """The sender's number of the visit, else the logical id."""
    values = filter(None, (one.text("value") for one in fhir.each("identifier")))
    case_id = next(values, None) or fhir.text("id")
    if case_id is None:
        raise fhir.wrong("is missing; give the encounter an identifier or an id", "identifier")
    if len(case_id) > _LONGEST_CASE_ID:
        raise fhir.wrong(f"is longer than {_LONGEST_CASE_ID} characters; shorten it", "identifier")
    return case_id


def _patient(asked: _Asked) -> Held | None:
    """Who the encounter is about: its subject, else the only Patient that was sent."""
    subject = asked.encounter.fhir.child("subject")
    held = asked.pool.named(subject, asked.encounter)
    if held is not None and held.kind == "Patient":
        return held
    patients = asked.pool.of_kind("Patient")
    if len(patients) > 1:
        raise asked.encounter.fhir.wrong("names none of the patients sent; name the one who was treated", "subject")
    return patients[0] if patients and subject is None else None


def _payer(pool: Pool) -> str | None:
    """The payor of the only Coverage."""
    coverages = pool.of_kind("Coverage")
    return organization_name(coverages[0].fhir.first("payor"), coverages[0], pool) if len(coverages) == 1 else None


def _documents(asked: _Asked, patient: Held | None) -> tuple[Document, ...]:
    documents: dict[str, Document] = {}
    for held in _belonging(asked, asked.pool.of_kind(*_DOCUMENTS), patient):
        document = document_of(held, asked.pool)
        if document is None:
            continue
        if document.document_id in documents:
            raise held.fhir.wrong("is the id of an earlier document; give each its own", "id")
        documents[document.document_id] = document
    if not documents:
        raise InputError(
            f"{asked.encounter.fhir.path} comes without a document of its own that stands; send its notes as"
            " DocumentReference or Composition."
        )
    return tuple(documents.values())


def _suggestions(asked: _Asked, patient: Held | None) -> tuple[Suggestion, ...]:
    every = _belonging(asked, asked.pool.of_kind(*_SUGGESTING), patient)
    return tuple(one for held in every for one in suggestions_of(held, asked.pool))


def _belonging(asked: _Asked, sent: Sequence[Held], patient: Held | None) -> Iterator[Held]:
    """What belongs to the encounter. Of another encounter: left out; of another patient: refused."""
    treated = patient.fhir.path if patient else _identity(asked.encounter.fhir.child("subject"), asked.encounter, asked)
    for held in sent:
        about = _identity(held.fhir.child("subject"), held, asked)
        if about is not None and treated is not None and about != treated:
            raise held.fhir.wrong("is another patient than the encounter's; send one patient's record only", "subject")
        encounters = {_identity(reference, held, asked) for reference in _encounters(held.fhir)} - {None}
        if not encounters or asked.encounter.fhir.path in encounters:
            yield held


def _identity(reference: Element | None, source: Held, asked: _Asked) -> str | None:
    """Where a referenced resource stands, else the reference itself; None where none is written."""
    named = asked.pool.named(reference, source)
    if named is not None:
        return named.fhir.path
    return reference.text("reference") if reference else None


def _encounters(fhir: Element) -> Iterator[Element]:
    """The encounters a resource says it belongs to; a DocumentReference says so in its context."""
    if encounter := fhir.child("encounter"):
        yield encounter
    if context := fhir.child("context"):
        yield from context.each("encounter")
