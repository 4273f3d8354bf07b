"""The schema files in `docs/schema` and the records they describe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from agent.pipeline import Pipeline
from index_build.findable.past_encounters import past_encounters
from medcoding.encounter import Encounter
from medcoding.schema import schema_text, schemas, write_schemas

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*.json"))


def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / "docs" / "schema" / name).read_bytes()))


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_file_is_up_to_date(name: str) -> None:
    """`python -m medcoding.schema docs/schema` writes them; a changed record shows here."""
    assert (ROOT / "docs" / "schema" / name).read_text(encoding="utf-8") == schema_text(schemas()[name])


def test_no_other_schema_lies_about() -> None:
    """A file whose record is gone would mislead."""
    assert {path.name for path in (ROOT / "docs" / "schema").iterdir()} == set(schemas())


def test_writing_is_stable(tmp_path: Path) -> None:
    """Twice written, the same bytes."""
    write_schemas(tmp_path / "one")
    write_schemas(tmp_path / "two")
    for name in schemas():
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_a_schema(name: str) -> None:
    """Valid in its dialect, closed, and every field of the record is described or named plainly."""
    validator = _validator(name)
    Draft202012Validator.check_schema(validator.schema)
    assert isinstance(validator.schema, dict)
    assert validator.schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert validator.schema["additionalProperties"] is False


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_the_schema(path: Path) -> None:
    """What the README offers is what the schema describes."""
    _validator("encounter.schema.json").validate(json.loads(path.read_bytes()))
    Encounter.model_validate_json(path.read_bytes())


@pytest.mark.parametrize(
    "change",
    [{"setting": "clinic"}, {"documents": []}, {"mrn": "1"}, {"patient": {"age": 200}}, {"case_id": ""}],
)
def test_the_schema_refuses_what_the_product_refuses(change: dict[str, Any]) -> None:
    """A sender who checks against the file is not surprised by the server."""
    sample = json.loads(SAMPLES[0].read_bytes()) | change
    with pytest.raises(ValidationError):
        _validator("encounter.schema.json").validate(sample)
    with pytest.raises(ValueError, match="validation error"):
        Encounter.model_validate_json(json.dumps(sample))


def test_past_encounters_fit_the_schema() -> None:
    """The shipped coded encounters as JSON."""
    validator = _validator("coded_encounter.schema.json")
    for encounter in past_encounters():
        validator.validate(encounter.model_dump(mode="json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
async def test_an_answer_fits_the_schema(pipeline: Pipeline, path: Path) -> None:
    """What goes out is what the schema promises, nothing left out."""
    result = await pipeline.code(Encounter.model_validate_json(path.read_bytes()))
    _validator("coding_result.schema.json").validate(json.loads(result.model_dump_json()))
    assert result.codes
