"""Contagion: diseases that are named because of a vaccine or of contact with somebody who has them."""

from __future__ import annotations

import re
from typing import Final

from agent.cues import Reading
from medcoding.mention import Assertion
from retrieval.dictionary import Term

_PREVENTABLE: Final = (
    "A01", "A08.0", "A33", "A34", "A35", "A36", "A37", "A39", "A80", "A82", "A95", "B01", "B02", "B05", "B06", "B15",
    "B16", "B26", "J09", "J10", "J11", "J13", "U07.1", "G00", "B97.4", "J18", "J21.0",
)  # fmt: skip
_IMMUNIZATION: Final = re.compile(
    r"\b(?:vaccin\w*|immuni[sz]\w*|boosters?|shots?|MMRV?|DTaP|Tdap|IPV|PCV\d*|toxoid|UTD|up to date|deltoid|series)\b"
    r"|#\s?[1-5]\b|\bdose (?:#?\d|given|one|two)"
    r"|\b(?:tetanus|rabies|typhoid)\W+(?:\w+\W+){0,2}(?:given|administered|updated|vi|pep)\b",
    re.IGNORECASE,
)
_CONTACT: Final = re.compile(
    r"\b(?:expos\w+|contacts?)\b|tested positive"
    r"|\b(?:wife|husband|spouse|partner|roommate|boyfriend|girlfriend|coworker|classmate)\b",
    re.IGNORECASE,
)
_EXPOSURES: Final = (
    (("A00", "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09"), "Z20.09"),
    (("A15", "A16", "A17", "A18", "A19"), "Z20.1"),
    (("A5", "A60", "A63", "A64", "A74.9"), "Z20.2"),
    (("A82",), "Z20.3"),
    (("B06",), "Z20.4"),
    (("B15", "B16", "B17", "B18", "B19"), "Z20.5"),
    (("B20", "Z21"), "Z20.6"),
    (("B85", "B86"), "Z20.7"),
    (("A39", "G00"), "Z20.811"),
    (("B01",), "Z20.820"),
    (("U07.1",), "Z20.822"),
    (("A3", "A4", "J02.0", "J03.0"), "Z20.818"),
    (("J09", "J10", "J11", "B0", "B2", "B3"), "Z20.828"),
)
"""Diseases by the beginnings of their codes, and the code of having been in contact with them."""


def names_a_vaccine(text: str, term: Term | None) -> bool:
    """Diseases named in a sentence about immunization: `MMR, varicella, Hep A #1`, `tetanus given`."""
    preventable = term is not None and bool(term.stems) and term.stems[0].startswith(_PREVENTABLE)
    return preventable and bool(_IMMUNIZATION.search(text))


def exposure_code(term: Term | None, reading: Reading) -> str | None:
    """The code of contact with a communicable disease, where that is what the words tell (guideline I.C.21.c.1)."""
    contact = reading.assertion in {Assertion.HYPOTHETICAL, Assertion.FAMILY} and _CONTACT.search(reading.cue or "")
    if not contact or term is None or not term.stems:
        return None
    return next((code for diseases, code in _EXPOSURES if term.stems[0].startswith(diseases)), None)
