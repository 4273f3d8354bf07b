from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field

from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.guideline import GuidelineEntry
from medcoding.parsing import load_lines, parse_record, read_lines
from medcoding.record import Record

PASSAGE = {"id": "I.B.18", "edition": "FY2025", "title": "Unspecified codes", "text": "Use what is known."}
ENCOUNTER = {
    "case_id": "c1",
    "setting": "outpatient",
    "date_of_service": "2026-11-02",
    "documents": [{"document_id": "d1", "text": "Knee pain."}],
}
SECRET = "Zebulon Quimby has syphilis"


def _lines(folder: Path, *lines: str) -> Path:
    path = folder / "in.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_bad_line_keeps_its_place(tmp_path: Path) -> None:
    """Records and refusals come in file order with their line numbers; blank lines count but are skipped."""
    good = json.dumps(PASSAGE)
    found = list(read_lines(GuidelineEntry, _lines(tmp_path, good, "{broken", "", "[]", good)))
    assert [number for number, _ in found] == [1, 2, 4, 5]
    assert [isinstance(record, InputError) for _, record in found] == [False, True, True, False]
    assert str(found[1][1]).startswith("Line 2 of in.jsonl is not valid: ")


def test_loading_stops_at_the_first_bad_line(tmp_path: Path) -> None:
    """A table that must be whole names the line that is not."""
    good = json.dumps(PASSAGE)
    assert len(load_lines(GuidelineEntry, _lines(tmp_path, good, good))) == 2
    with pytest.raises(InputError, match="Line 2"):
        load_lines(GuidelineEntry, _lines(tmp_path, good, "{}", "{broken"))


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_the_callers_business(tmp_path: Path, name: str) -> None:
    """A missing file and a folder are refused in one sentence."""
    with pytest.raises(InputError, match="cannot be read"):
        list(read_lines(GuidelineEntry, tmp_path / name))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Latin-1 bytes are a refused line, not a crash."""
    path = tmp_path / "latin.jsonl"
    path.write_bytes(json.dumps(PASSAGE, ensure_ascii=False).replace("Use", "Usé").encode("latin-1"))
    assert [type(record) for _, record in read_lines(GuidelineEntry, path)] == [InputError]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"setting": SECRET}, "setting"),
        ({"date_of_service": SECRET}, "date_of_service"),
        ({"documents": [{"document_id": "d1", "text": 7, "type": SECRET}]}, "documents.0.text"),
        ({"documents": [{"document_id": "d1", "text": SECRET}] * 2}, "the JSON"),
        ({"patient": {"age": SECRET}}, "patient.age"),
        ({"patient": SECRET}, "patient"),
        ({SECRET: 1}, "an unknown key"),
        ({"patient": {SECRET: 1}}, "patient.an unknown key"),
        ({"suggestions": [{"system": "icd10cm", "code": "I10", "confidence": 7}]}, "suggestions.0.confidence"),
    ],
)
def test_a_refusal_names_the_field_and_never_its_content(change: dict[str, object], field: str) -> None:
    """What the sender wrote stays out of the message, keys included."""
    with pytest.raises(InputError) as refusal:
        parse_record(Encounter, json.dumps(ENCOUNTER | change), "The encounter")
    assert f"{field}: " in str(refusal.value)
    assert not any(word in str(refusal.value) for word in SECRET.split()[:2])


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1) | st.integers(), max_size=4))
@example({"Zebulon Quimby": "syphilis"})
def test_no_refusal_holds_the_input(extra: dict[str, object]) -> None:
    """Whatever else stands in the object, its values and its odd keys are not repeated."""
    marked = {f"{key} \u2603": f"{value} \u2604" for key, value in extra.items()}
    with pytest.raises(InputError) as refusal:
        parse_record(Encounter, json.dumps(marked | {"case_id": "\u2605" * 201}), "The encounter")
    assert not {"\u2603", "\u2604", "\u2605"} & set(str(refusal.value))
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_at_most_three_faults_are_told() -> None:
    """A caller who sent something else altogether is not flooded."""
    with pytest.raises(InputError) as refusal:
        parse_record(Encounter, json.dumps({f"key{n}": n for n in range(9)}), "The encounter")
    assert str(refusal.value).endswith("and 10 more.")


class _Walk(Record):
    kind: Literal["walk"] = "walk"


class _Ride(Record):
    kind: Literal["ride"] = "ride"


class _Journey(Record):
    leg: Annotated[_Walk | _Ride, Field(discriminator="kind")]


def test_an_unknown_kind_is_not_repeated() -> None:
    """Where a field decides the shape, pydantic's own words quote it."""
    with pytest.raises(InputError, match=r"leg: names no kind that is known") as refusal:
        parse_record(_Journey, json.dumps({"leg": {"kind": SECRET}}), "The journey")
    assert "Zebulon" not in str(refusal.value)
