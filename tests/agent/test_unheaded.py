"""Sentences under no heading are told apart by their wording."""

from __future__ import annotations

import pytest

from agent.unheaded import kind_by_wording, speaks_of_relative


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("BP 128/82, HR 76, T 36.7.", "vitals"),
        ("Father had melanoma.", "family_history"),
        ("Maternal aunt: breast cancer.", "family_history"),
        ("Mother reports a cough for two days.", "other"),
        ("Mother GBS positive with inadequate prophylaxis.", "other"),
        ("Meds: lisinopril.", "medications"),
        ("Smokes 1 ppd cigarettes.", "social_history"),
        ("Alcohol use disorder, mild, in sustained remission.", "other"),
        ("Continue lisinopril, recheck in 3 mo.", "plan"),
        ("Discharged home on aspirin.", "plan"),
        ("Discharge: biliary acute pancreatitis.", "other"),
        ("MRI: two brain metastases of the melanoma.", "other"),
        ("Hypertension with dry-weight control.", "other"),
    ],
)
def test_wording_tells_what_a_sentence_is_for(sentence: str, kind: str) -> None:
    """Vital signs, relatives, drugs, habits and plans; a diagnosis told with its film stays in the running text."""
    assert kind_by_wording(sentence).value == kind


def test_a_relative_who_tells_is_not_one_who_has_it() -> None:
    """`Mother states` speaks of the child."""
    assert speaks_of_relative("Brother gets gout too.")
    assert not speaks_of_relative("Mother states he coughs.")
