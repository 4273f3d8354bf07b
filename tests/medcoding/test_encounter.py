from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medcoding.chart import Chart, Span
from medcoding.encounter import Encounter, Setting
from tests.strategies import NOTE_ALPHABET, dates_of_service, settings_of_care

ADMITTED, DISCHARGED = dt.date(2026, 9, 28), dt.date(2026, 10, 2)


def _encounter(**changes: Any) -> Encounter:
    values: dict[str, Any] = {
        "case_id": "c1",
        "setting": "inpatient",
        "date_of_service": ADMITTED,
        "documents": [{"document_id": "d1", "text": "Sepsis due to E. coli."}],
    }
    return Encounter.model_validate_json(json.dumps(values | changes, default=str))


@pytest.mark.parametrize(
    "changes",
    [
        {"case_id": ""},
        {"case_id": "x" * 201},
        {"setting": "clinic"},
        {"date_of_service": "2026-13-01"},
        {"date_of_service": "20261102"},
        {"date_of_service": "2026-11-02T08:30:00"},
        {"date_of_service": "2026-11-02T00:00:00"},
        {"date_of_service": 20261102},
        {"date_of_service": 0},
        {"documents": []},
        {"documents": [{"document_id": "d1", "text": "a"}, {"document_id": "d1", "text": "b"}]},
        {"documents": [{"document_id": "", "text": "a"}]},
        {"documents": [{"document_id": "d1"}]},
        {"discharge_date": ADMITTED - dt.timedelta(days=1)},
        {"patient": {"age": -1}},
        {"patient": {"age": 131}},
        {"patient": {"sex": "female"}},
        {"suggestions": [{"code": "I10"}]},
        {"suggestions": [{"system": "icd10cm", "code": "I10", "confidence": 1.01}]},
        {"mrn": "4711"},
    ],
)
def test_a_wrong_encounter_is_refused(changes: dict[str, Any]) -> None:
    """Every required field, every range and every unknown key is checked at the door."""
    with pytest.raises(ValidationError):
        _encounter(**changes)


def test_the_smallest_encounter_is_enough() -> None:
    """Four fields make an encounter; everything else has a default."""
    encounter = _encounter()
    assert (encounter.patient.age, encounter.suggestions, encounter.tenant) == (None, (), None)


def test_a_stay_is_coded_by_its_discharge() -> None:
    """The edition of an inpatient stay that crosses October 1 is the one of the discharge."""
    assert _encounter(discharge_date=DISCHARGED).coding_date == DISCHARGED


def test_a_patient_still_in_the_house_is_coded_by_admission() -> None:
    """Without a discharge there is only the date of service."""
    assert _encounter().coding_date == ADMITTED


@pytest.mark.parametrize("setting", ["outpatient", "ed"])
def test_outside_a_stay_the_date_of_service_decides(setting: str) -> None:
    """A discharge date on an outpatient or emergency encounter does not move the edition."""
    assert _encounter(setting=setting, discharge_date=DISCHARGED).coding_date == ADMITTED


@given(settings_of_care(), dates_of_service(), st.none() | st.integers(0, 400))
def test_the_coding_date_is_one_of_the_two_dates(setting: Setting, day: dt.date, days: int | None) -> None:
    """It is never invented and never before the service."""
    discharge = None if days is None else day + dt.timedelta(days=days)
    encounter = _encounter(setting=setting, date_of_service=day, discharge_date=discharge)
    assert encounter.coding_date in {day, discharge}
    assert encounter.coding_date >= day


def test_only_a_stay_codes_uncertain_diagnoses() -> None:
    """Guideline II.H against IV.H; the emergency department is outpatient."""
    assert [s for s in Setting if s.codes_uncertain_diagnoses] == [Setting.INPATIENT]


def test_an_encounter_never_changes() -> None:
    """Records are frozen."""
    with pytest.raises(ValidationError):
        _encounter().case_id = "c2"  # type: ignore[misc] # the point of the test


def test_a_document_is_found_by_its_id() -> None:
    """And an unknown id is a `KeyError`, not a default."""
    encounter = _encounter()
    assert encounter.document("d1").text.startswith("Sepsis")
    with pytest.raises(KeyError):
        encounter.document("d2")


@given(st.text(NOTE_ALPHABET, max_size=80))
def test_the_text_is_kept_as_received(text: str) -> None:
    """Line ends, accents and control characters survive the JSON round trip, so offsets hold."""
    encounter = _encounter(documents=[{"document_id": "d1", "text": text}])
    assert Encounter.model_validate_json(encounter.model_dump_json()).document("d1").text == text


@given(st.text(NOTE_ALPHABET, min_size=1, max_size=80), st.data())
def test_a_span_slices_to_its_words(text: str, data: st.DataObject) -> None:
    """Half-open, in code points."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert Span(start=start, end=end).of(text) == text[start:end]


def test_sentences_are_numbered_from_one() -> None:
    """Number 0 is nobody's sentence, not the last one."""
    chart = Chart(encounter=_encounter(), sections=(), sentences=())
    for number in (0, 1, -1):
        with pytest.raises(IndexError):
            chart.sentence(number)
