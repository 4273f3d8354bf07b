"""Read: bytes in, `Encounter` out. Text, JSON or FHIR R4; refusals are one sentence and never hold note text."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from agent.exchange.incoming import encounter_of, is_fhir
from medcoding.encounter import Document, Encounter, Patient, Setting, Sex
from medcoding.errors import InputError
from medcoding.parsing import parse_record
from medcoding.record import Record

_CONTROL: Final = frozenset(range(32)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1B}
_BINARY_SHARE: Final = 0.01
_LONGEST_CASE_ID: Final = 200


class InputLimits(BaseModel):
    """How much one encounter may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_bytes: int = Field(default=5_000_000, gt=0)
    """Largest request or file, in bytes."""
    max_text_chars: int = Field(default=1_000_000, gt=0)
    """Most text in one encounter, in code points over all documents."""
    max_documents: int = Field(default=200, gt=0)
    """Most documents in one encounter."""


class VisitFacts(Record):
    """What the caller says beside the file; overrides nothing that a JSON encounter already holds."""

    setting: Setting | None = None
    date_of_service: datetime.date | None = None
    specialty: str | None = None
    age: int | None = None
    sex: Sex | None = None


def read_encounter(data: bytes, name: str, facts: VisitFacts, limits: InputLimits) -> Encounter:
    """Read one encounter from the bytes of a file called `name`. Raises `InputError`."""
    if len(data) > limits.max_bytes:
        raise InputError(
            f"{name} holds {len(data):,} bytes and the limit is {limits.max_bytes:,}; split the encounter or raise"
            " CHARTWRIGHT_LIMITS__MAX_BYTES."
        )
    text = decoded(data, name)
    if text.lstrip().startswith("{"):
        encounter = _with_facts(of_object(json_object(text, name), text, name), facts)
    else:
        encounter = _of_plain_text(text, name, facts)
    return checked(encounter, limits, name)


def checked(encounter: Encounter, limits: InputLimits, name: str) -> Encounter:
    """The encounter itself when it keeps within the limits and says anything. Raises `InputError`."""
    characters = sum(len(d.text) for d in encounter.documents)
    if len(encounter.documents) > limits.max_documents:
        raise InputError(
            f"{name} holds {len(encounter.documents)} documents and the limit is {limits.max_documents}; split it or"
            " raise CHARTWRIGHT_LIMITS__MAX_DOCUMENTS."
        )
    if characters > limits.max_text_chars:
        raise InputError(
            f"{name} holds {characters:,} characters of text and the limit is {limits.max_text_chars:,}; split it or"
            " raise CHARTWRIGHT_LIMITS__MAX_TEXT_CHARS."
        )
    if not any(d.text.strip() for d in encounter.documents):
        raise InputError(f"{name} holds no text; give a note to code.")
    return encounter


def decoded(data: bytes, name: str) -> str:
    """UTF-8 text of a file. Raises `InputError` for anything that is not text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8 text; convert it to plain text or JSON first.") from None
    controls = sum(1 for c in text[:100_000] if ord(c) in _CONTROL)
    if controls > _BINARY_SHARE * max(1, len(text[:100_000])):
        raise InputError(f"{name} looks like a binary file; convert it to plain text or JSON first.")
    return text


def of_object(held: dict[str, object], text: str, name: str) -> Encounter:
    """The encounter in a JSON object written as `text`: a FHIR Bundle or Task, else the product's own format.

    Raises `InputError`.
    """
    return encounter_of(held) if is_fhir(held) else parse_record(Encounter, text, name)


def json_object(text: str, name: str) -> dict[str, object]:
    """The object in a text; empty for any other JSON value. Raises `InputError` where it is not plain JSON."""
    try:
        held = json.loads(text, object_pairs_hook=_distinct_keys)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name} is not valid JSON (line {error.lineno}, column {error.colno}); correct it there."
        ) from None
    except ValueError:
        raise InputError(f"{name} holds a key twice in one object or a number without end; send it once.") from None
    except RecursionError:
        raise InputError(f"{name} is nested too deeply to be an encounter; send the documented format.") from None
    return held if isinstance(held, dict) else {}


def _distinct_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that names a key twice: which one was meant cannot be known."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def _of_plain_text(text: str, name: str, facts: VisitFacts) -> Encounter:
    if facts.setting is None or facts.date_of_service is None:
        raise InputError(f"{name} is plain text, so its visit must be described; add --setting and --dos.")
    return Encounter(
        case_id=Path(name).stem[:_LONGEST_CASE_ID] or "note",
        setting=facts.setting,
        date_of_service=facts.date_of_service,
        specialty=facts.specialty,
        patient=Patient(age=facts.age, sex=facts.sex),
        documents=(Document(document_id="note", text=text),),
    )


def _with_facts(encounter: Encounter, facts: VisitFacts) -> Encounter:
    """Fill what the JSON leaves open; a contradiction is the caller's to resolve."""
    for field, said in (("setting", facts.setting), ("date_of_service", facts.date_of_service)):
        if said is not None and getattr(encounter, field) != said:
            raise InputError(f"The file and the arguments disagree on {field}; give it in one place only.")
    patient = encounter.patient
    age = facts.age if patient.age is None else patient.age
    filled = patient.model_copy(update={"age": age, "sex": patient.sex or facts.sex})
    return encounter.model_copy(update={"patient": filled, "specialty": encounter.specialty or facts.specialty})
