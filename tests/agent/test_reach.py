"""How far the cues of a sentence reach."""

from __future__ import annotations

import pytest

from medcoding.mention import MentionKind
from tests.lines import CUES


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("No fever, chills or cough.", "cough", "negated"),
        ("No fever, cough improving.", "cough", "present"),
        ("No acute infarct, old lacunar infarct.", "old lacunar infarct", "historical"),
        ("Hx gout, afib, fell at home.", "fell at home", "present"),
        ("Probable pneumonia, given ceftriaxone for sinusitis.", "sinusitis", "present"),
        ("Would avoid ibuprofen given gastritis.", "gastritis", "present"),
        ("No rash (viral exanthem) pruritus today.", "rash", "negated"),
        ("Denies chest pain, possible UTI.", "UTI", "possible"),
        ("Chest pain: PE unlikely, GERD more likely.", "GERD", "possible"),
    ],
)
def test_a_cue_reaches_to_the_end_of_its_list(sentence: str, mention: str, expected: str) -> None:
    """A list, a bracket, a nearer cue or a reason given ends what a cue speaks of."""
    start = sentence.index(mention)
    assert CUES.read(sentence).assertion(start, start + len(mention)).assertion.value == expected


@pytest.mark.parametrize(
    ("sentence", "mention", "kind", "expected"),
    [
        ("Self-discontinued Zoloft in May.", "Zoloft", "drug", "historical"),
        ("Switch from lisinopril to losartan.", "lisinopril", "drug", "historical"),
        ("Switch from lisinopril to losartan.", "losartan", "drug", "present"),
        ("Methotrexate (stopped 2023)", "Methotrexate", "drug", "historical"),
        ("Consider adding Jardiance.", "Jardiance", "drug", "hypothetical"),
        ("Foley was removed on day 2.", "Foley", "supply", "historical"),
        ("Treated with lumpectomy and radiation.", "radiation", "procedure", "historical"),
        ("Post-op check, left TKA.", "TKA", "procedure", "historical"),
        ("Knee replacement, left, 6 weeks out", "Knee replacement", "procedure", "historical"),
        ("Consent signed for TURP.", "TURP", "procedure", "hypothetical"),
        ("If no better, lumbar ESI.", "lumbar ESI", "procedure", "hypothetical"),
        ("Return sooner for chills or vomiting.", "vomiting", "problem", "hypothetical"),
        ("CP resolved after NTG.", "NTG", "drug", "present"),
    ],
)
def test_words_that_speak_of_one_kind(sentence: str, mention: str, kind: str, expected: str) -> None:
    """Drugs are stopped, devices removed, operations done before or still to come."""
    start = sentence.index(mention)
    reading = CUES.read(sentence).assertion(start, start + len(mention), MentionKind(kind))
    assert reading.assertion.value == expected


@pytest.mark.parametrize(
    ("sentence", "mention", "kind", "of_family"),
    [
        ("No family history of glaucoma.", "glaucoma", "problem", True),
        ("Family declined intubation.", "intubation", "procedure", False),
        ("Denies glaucoma.", "glaucoma", "problem", False),
    ],
)
def test_what_the_family_decides_is_the_patients(sentence: str, mention: str, kind: str, *, of_family: bool) -> None:
    """Only a denied family history is the family's."""
    start = sentence.index(mention)
    reading = CUES.read(sentence).assertion(start, start + len(mention), MentionKind(kind))
    assert (reading.assertion.value, reading.of_family) == ("negated", of_family)
