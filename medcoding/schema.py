"""The JSON schema files of the formats that go in and out: `python -m medcoding.schema docs/schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Encounter
from medcoding.result import CodingResult

_DIALECT: Final = GenerateJsonSchema.schema_dialect


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> schema. What comes in is described as it is read, what goes out as it is written."""
    return {
        "encounter.schema.json": _named(Encounter.model_json_schema(mode="validation")),
        "coded_encounter.schema.json": _named(CodedEncounter.model_json_schema(mode="validation")),
        "coding_result.schema.json": _named(CodingResult.model_json_schema(mode="serialization")),
    }


def schema_text(schema: dict[str, Any]) -> str:
    """The bytes of a schema file, the same on every machine."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write every schema file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_text(schema_text(schema), encoding="utf-8")


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **schema}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
