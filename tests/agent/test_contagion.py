"""Diseases named because of a vaccine or of somebody else who has them."""

from __future__ import annotations

import pytest

from agent.contagion import exposure_code, names_a_vaccine
from agent.cues import Reading
from medcoding.mention import Assertion
from tests.lines import term


@pytest.mark.parametrize(
    ("text", "disease", "code", "names"),
    [
        ("MMR, varicella, Hep A #1.", "varicella", "B01.9", True),
        ("Closed, tetanus given.", "tetanus", "A35", True),
        ("Zoster of the left trunk.", "zoster", "B02.9", False),
        ("UTD on vaccines; gout flare.", "gout", "M10.9", False),
    ],
)
def test_a_vaccine_is_named_by_its_disease(text: str, disease: str, code: str, *, names: bool) -> None:
    """Only what there are vaccines against, and only in a sentence about them."""
    assert names_a_vaccine(text, term(disease, code)) is names


@pytest.mark.parametrize(
    ("disease", "code", "assertion", "cue", "exposure"),
    [
        ("COVID-19", "U07.1", Assertion.FAMILY, "roommate has", "Z20.822"),
        ("COVID-19", "U07.1", Assertion.HYPOTHETICAL, "exposure to", "Z20.822"),
        ("chlamydia", "A74.9", Assertion.HYPOTHETICAL, "sexual contact to", "Z20.2"),
        ("rabies", "A82.9", Assertion.HYPOTHETICAL, "Exposure to", "Z20.3"),
        ("COVID-19", "U07.1", Assertion.HYPOTHETICAL, "return if", None),
        ("COVID-19", "U07.1", Assertion.NEGATED, "no exposure to", None),
        ("gout", "M10.9", Assertion.FAMILY, "wife has", None),
    ],
)
def test_contact_with_a_disease_has_a_code(
    disease: str, code: str, assertion: Assertion, cue: str, exposure: str | None
) -> None:
    """Guideline I.C.21.c.1: exposed and not known to have it; denied contact and what is not catching have none."""
    assert exposure_code(term(disease, code), Reading(assertion, cue)) == exposure
