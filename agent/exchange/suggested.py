"""Condition and Procedure as suggestions of the system that escalated the case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent.exchange.element import Element, coding_codes
from agent.exchange.people import name_of
from agent.exchange.pool import Held, Pool
from agent.exchange.vocabulary import CONFIDENCE, READ_SYSTEMS
from medcoding.encounter import Suggestion

_BY_STATUS: Final = {"confirmed": 0.9, "provisional": 0.6, "differential": 0.4, "unconfirmed": 0.3}
"""An order, not a measurement: what stands for a confidence where the sender gives none in numbers."""
_TAKEN_BACK: Final = frozenset({"refuted", "entered-in-error", "not-done"})


def suggestions_of(held: Held, pool: Pool) -> Iterator[Suggestion]:
    """One suggestion for each coding in a system that is coded here; none where the sender took it back."""
    fhir = held.fhir
    status = coding_codes(fhir.child("verificationStatus")) if held.kind == "Condition" else ()
    if _TAKEN_BACK & {*status, fhir.text("status") or ""}:
        return
    concept = fhir.child("code")
    for coding in concept.each("coding") if concept else ():
        system, code = READ_SYSTEMS.get(coding.text("system") or ""), coding.text("code")
        if system is not None and code is not None:
            confidence = _stated(coding) if _stated(coding) is not None else _stated(fhir)
            if confidence is None:
                confidence = next((_BY_STATUS[one] for one in status if one in _BY_STATUS), None)
            yield Suggestion(system=system, code=code, confidence=confidence, source=_source(held, pool))


def _stated(element: Element) -> float | None:
    """The confidence in this project's extension."""
    for extension in element.each("extension"):
        if extension.text("url") == CONFIDENCE:
            return extension.share("valueDecimal")
    return None


def _source(held: Held, pool: Pool) -> str:
    """The device that made it, by name; a person's name is no source."""
    for name in ("asserter", "recorder"):
        device = pool.named(held.fhir.child(name), held)
        if device is not None and device.kind == "Device" and (called := name_of(device)):
            return called
    return f"FHIR {held.kind}"
