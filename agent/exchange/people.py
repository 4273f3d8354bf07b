"""Who is who in what was sent: the patient as far as coding rules read, authors by name and role, organizations."""

from __future__ import annotations

import datetime
from typing import Final

from agent.exchange.element import Element, concept_words
from agent.exchange.pool import Held, Pool
from medcoding.encounter import Patient, Sex

_SEXES: Final = {"female": Sex.F, "male": Sex.M}
_OLDEST: Final = 130


def patient_of(held: Held | None, day: datetime.date) -> Patient:
    """The patient on the date of service. Raises `InputError` for a birth after it or an age that nobody reaches."""
    if held is None:
        return Patient()
    sex = _SEXES.get(held.fhir.text("gender") or "")
    return Patient(id=held.fhir.text("id"), age=_age(held.fhir, day), sex=sex)


def author_of(reference: Element | None, source: Held, pool: Pool) -> tuple[str | None, str | None]:
    """Name and role of an author, as far as they were sent."""
    if reference is None:
        return None, None
    held = pool.named(reference, source)
    if held is None:
        return reference.text("display"), None
    if held.kind != "PractitionerRole":
        return name_of(held) or reference.text("display"), _qualification(held)
    person = held.fhir.child("practitioner")
    practitioner = pool.named(person, held)
    named = name_of(practitioner) if practitioner else person.text("display") if person else None
    return named or reference.text("display"), concept_words(held.fhir.first("code"))


def name_of(held: Held) -> str | None:
    """The name of a person, an organization or a device."""
    if held.kind in {"Organization", "Location"}:
        return held.fhir.text("name")
    if held.kind == "Device":
        device = held.fhir.first("deviceName")
        return device.text("name") if device else None
    name = held.fhir.first("name")
    return (name.text("text") or _written_name(name)) if name else None


def organization_name(reference: Element | None, source: Held, pool: Pool) -> str | None:
    """What an organization that is referred to is called."""
    if reference is None:
        return None
    held = pool.named(reference, source)
    return (name_of(held) if held else None) or reference.text("display")


def _written_name(name: Element) -> str | None:
    given = name.held.get("given")
    parts = [part for part in given if isinstance(part, str)] if isinstance(given, list) else []
    return " ".join([*parts, name.text("family") or ""]).strip() or None


def _qualification(held: Held) -> str | None:
    qualification = held.fhir.first("qualification") if held.kind == "Practitioner" else None
    return concept_words(qualification.child("code")) if qualification else None


def _age(patient: Element, day: datetime.date) -> int | None:
    """Completed years; None where the day of birth is not known to the day."""
    born = patient.day("birthDate")
    if born is None:
        return None
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if not 0 <= age <= _OLDEST:
        raise patient.wrong("does not fit the date of service; correct one of them", "birthDate")
    return age
