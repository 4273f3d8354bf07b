"""One element of a FHIR resource with its path, so that every refusal can name it and never quotes it.

Source: HL7 FHIR R4 (4.0.1), JSON representation; only what is asked for is looked at.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Final

from medcoding.errors import InputError

_DATE_TIME: Final = re.compile(
    r"([0-9]{4})(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_DAY_LENGTH: Final = len("2026-11-02")


@dataclass(frozen=True, slots=True)
class Element:
    """A JSON object of a resource: `Bundle.entry[2].resource` and what stands there."""

    path: str
    held: dict[str, object]

    def wrong(self, fault: str, name: str = "") -> InputError:
        """The refusal of this element, or of its child `name`: one sentence that begins with its path."""
        place = f"{self.path}.{name}" if name else self.path
        return InputError(f"{place} {fault}.")

    def child(self, name: str) -> Element | None:
        """The object of that name; None where it is absent. Raises `InputError` when it is no object."""
        value = self.held.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong("should be an object; send it as FHIR R4 writes it", name)
        return Element(f"{self.path}.{name}", value)

    def each(self, name: str) -> tuple[Element, ...]:
        """The objects of a repeating element, in order; none where it is absent. Raises `InputError`."""
        value = self.held.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong("should be a list of objects; send it as FHIR R4 writes it", name)
        return tuple(Element(f"{self.path}.{name}[{place}]", one) for place, one in enumerate(value))

    def first(self, name: str) -> Element | None:
        """The first object of a repeating element."""
        return next(iter(self.each(name)), None)

    def text(self, name: str) -> str | None:
        """A string with something in it; None where it is absent. Raises `InputError`."""
        value = self.held.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.wrong("should be text with something in it; send it or leave it out", name)
        return value

    def needed_text(self, name: str, mend: str) -> str:
        """A string that must be there; `mend` says what to send. Raises `InputError`."""
        value = self.text(name)
        if value is None:
            raise self.wrong(f"is missing; {mend}", name)
        return value

    def share(self, name: str) -> float | None:
        """A number from 0 to 1. Raises `InputError`."""
        value = self.held.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.wrong("should be a number from 0 to 1; send the confidence so", name)
        return float(value)

    def day(self, name: str) -> datetime.date | None:
        """The calendar day of a date or dateTime as it was written; None where absent or less exact than a day.

        The day is the sender's local one: a time zone behind it moves nothing. Raises `InputError`.
        """
        written = self.text(name)
        if written is None:
            return None
        if not _DATE_TIME.fullmatch(written):
            raise self.wrong("is not a FHIR date; write it as YYYY-MM-DD", name)
        if len(written) < _DAY_LENGTH:
            return None
        try:
            return datetime.date.fromisoformat(written[:_DAY_LENGTH])
        except ValueError:
            raise self.wrong("is not a day of the calendar; correct it", name) from None


def concept_words(concept: Element | None) -> str | None:
    """What a CodeableConcept is called: its text, else the first display of its codings."""
    if concept is None:
        return None
    return concept.text("text") or next(filter(None, (one.text("display") for one in concept.each("coding"))), None)


def coding_codes(concept: Element | None) -> tuple[str, ...]:
    """The codes of a CodeableConcept, whatever their systems."""
    return tuple(filter(None, (one.text("code") for one in concept.each("coding")))) if concept else ()
