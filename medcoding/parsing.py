"""JSON and JSON lines into records, with refusals that name the field and never its content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from medcoding.errors import InputError
from medcoding.record import Record

_FIELD_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")

RecordT = TypeVar("RecordT", bound=Record)


def parse_record(model: type[RecordT], data: bytes | str, what: str) -> RecordT:
    """Parse one JSON object. Raises `InputError` naming each wrong field; `what` names the thing read."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise InputError(f"{what} is not valid: {_faults(error)}.") from None


def read_lines(model: type[RecordT], path: Path) -> Iterator[tuple[int, RecordT | InputError]]:
    """Read a JSON-lines file: (1-based line number, record or the refusal of that line). Blank lines are skipped."""
    with _open(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield number, parse_record(model, line, f"Line {number} of {path.name}")
            except InputError as refusal:
                yield number, refusal


def load_lines(model: type[RecordT], path: Path) -> tuple[RecordT, ...]:
    """Read a JSON-lines file whole; the first line that does not fit raises its `InputError`."""
    records: list[RecordT] = []
    for _, record in read_lines(model, path):
        if isinstance(record, InputError):
            raise record
        records.append(record)
    return tuple(records)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None


def _faults(error: ValidationError) -> str:
    """At most three faults as `field: what is wrong`; pydantic is told not to include the input."""
    every = error.errors(include_url=False, include_input=False, include_context=False)
    locations = [f["loc"] for f in every]
    faults = [f for f in every if not any(f["loc"] == loc[: len(f["loc"])] and f["loc"] != loc for loc in locations)]
    shown = [f"{'.'.join(map(_place, f['loc'])) or 'the JSON'}: {_plain(f)}" for f in faults[:3]]
    more = [f"and {len(faults) - 3} more"] if len(faults) > 3 else []
    return "; ".join(shown + more)


def _place(step: str | int) -> str:
    """A position, or a key where it reads like a field name; any other key is the sender's text and stays unsaid."""
    return str(step) if isinstance(step, int) or _FIELD_NAME.fullmatch(step) else "an unknown key"


def _plain(fault: ErrorDetails) -> str:
    """What is wrong, in pydantic's words but where those repeat what was sent."""
    if fault["type"] == "union_tag_invalid":
        return "names no kind that is known"
    return fault["msg"].removeprefix("Value error, ").rstrip(".")
