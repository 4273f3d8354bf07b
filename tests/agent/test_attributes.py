"""Severity, acuity, stage, type, trimester and time as words tell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.attributes import acuity_in, severity_in, stage_in, time_in, trimester_in, trimester_of, type_in


@pytest.mark.parametrize(
    ("words", "stage"),
    [
        ("CKD stage 3b", "3b"),
        ("CKD3a", "3a"),
        ("NYHA class III", "iii"),
        ("Stage IIIB adenocarcinoma", "iiib"),
        ("unstageable pressure injury", "unstageable"),
        ("2nd degree laceration", "2nd"),
        ("Obesity, class 2", "2"),
        ("gout", None),
    ],
)
def test_stages(words: str, stage: str | None) -> None:
    """Stage, class, grade and degree, without that word."""
    assert stage_in(words) == stage


@pytest.mark.parametrize(
    ("words", "severity", "acuity", "kind"),
    [
        ("moderate persistent asthma", "moderate", None, "persistent"),
        ("acute on chronic systolic heart failure", None, "acute on chronic", "systolic"),
        ("MDD, recurrent, mild", "mild", None, "recurrent"),
        ("Type 2 diabetes", None, None, "type 2"),
        ("Migraine without aura", None, None, "without aura"),
        ("displaced fracture, severe", "severe", None, "displaced"),
        ("hypertension", None, None, None),
    ],
)
def test_severity_acuity_and_type(words: str, severity: str | None, acuity: str | None, kind: str | None) -> None:
    """In the record's own words, in lower case."""
    assert (severity_in(words), acuity_in(words), type_in(words)) == (severity, acuity, kind)


@pytest.mark.parametrize(
    ("words", "trimester"), [("third trimester", "third"), ("2nd trimester", "second"), ("trimester", None)]
)
def test_a_trimester_as_written(words: str, trimester: str | None) -> None:
    """By word or by number."""
    assert trimester_in(words) == trimester


@pytest.mark.parametrize(
    ("weeks", "trimester"), [(6, "first"), (13, "first"), (14, "second"), (27, "second"), (28, "third"), (41, "third")]
)
def test_weeks_tell_the_trimester(weeks: int, trimester: str) -> None:
    """Chapter 15 counts 14 and 28 completed weeks."""
    assert trimester_of(weeks) == trimester


@given(st.text(max_size=60))
def test_what_is_read_stands_in_the_words(words: str) -> None:
    """Law: no attribute is made up."""
    said = " ".join(words.lower().split())
    for found in (severity_in(words), acuity_in(words), stage_in(words), type_in(words), time_in(words)):
        assert found is None or " ".join(found.lower().split()) in said
