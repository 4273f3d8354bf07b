"""Batches: JSON lines in, JSON lines out, order kept, resumable, and no line ever lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Literal, Protocol

from agent.ingest import InputLimits, checked
from medcoding.encounter import Encounter
from medcoding.errors import ChartwrightError, DependencyError, InputError
from medcoding.parsing import parse_record
from medcoding.record import Record
from medcoding.result import CodingResult

_RESULT_BEGINS: Final = b'{"case_id":'


class Coder(Protocol):
    """What a batch needs of the pipeline."""

    async def code(self, encounter: Encounter) -> CodingResult:
        """The coding result of one encounter."""


class FailedLine(Record):
    """Stands in the output in the place of a line that could not be coded."""

    case_id: str | None
    error: str


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What a run did."""

    resumed_at: int
    """Lines that were already in the output."""
    coded: int
    failed: int


async def run_batch(
    source: Path, target: Path, coder: Coder, limits: InputLimits, *, concurrency: int, advance: Callable[[int], None]
) -> BatchOutcome:
    """Code every line of `source` into the same line of `target`, going on where an earlier run stopped.

    Raises `InputError` when the files cannot be read or the output belongs to another batch.
    """
    done = finished_lines(source, target)
    advance(done)
    coded = failed = 0
    with _opened(target, "ab") as out:
        remaining = islice(_lines(source), done, None)
        for group in _groups(remaining, concurrency):
            for line in await asyncio.gather(*(_answer(number, data, coder, limits) for number, data in group)):
                failed += isinstance(line, FailedLine)
                coded += not isinstance(line, FailedLine)
                out.write(line.model_dump_json().encode() + b"\n")
                out.flush()
                advance(1)
    return BatchOutcome(resumed_at=done, coded=coded, failed=failed)


def count_lines(source: Path) -> int:
    """Number of encounters in a batch file."""
    return sum(1 for _ in _lines(source))


def finished_lines(source: Path, target: Path) -> int:
    """Complete lines that the output already holds; a torn last line is cut off."""
    if source.resolve() == target.resolve():
        raise InputError("The batch would overwrite its own input; name another output file.")
    if not target.exists():
        return 0
    whole = 0
    position = 0
    asked = _lines(source)
    with _opened(target, "rb+") as written:
        for number, line in enumerate(written, start=1):
            if not line.endswith(b"\n"):
                if not _is_torn_result(line):
                    raise InputError(f"{target.name} holds no results; name another output file.")
                break
            _, data = next(asked, (number, None))
            if data is None or _case_id(line) != _case_id(data):
                raise InputError(
                    f"Line {number} of {target.name} belongs to another encounter than that of {source.name};"
                    " name another output file."
                )
            whole, position = number, position + len(line)
        written.truncate(position)
    return whole


def _is_torn_result(line: bytes) -> bool:
    """True for the beginning of a line that a batch wrote; what is something else is not cut off."""
    begins = line.startswith(_RESULT_BEGINS) or _RESULT_BEGINS.startswith(line)
    return begins and b'"documents"' not in line


def _opened(target: Path, mode: Literal["ab", "rb+"]) -> BinaryIO:
    try:
        return target.open(mode)
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}); name another output file.") from None


async def _answer(number: int, data: bytes, coder: Coder, limits: InputLimits) -> CodingResult | FailedLine:
    try:
        name = f"Line {number}"
        return await coder.code(checked(parse_record(Encounter, data, name), limits, name))
    except DependencyError:
        raise  # nothing is wrong with the line: the run stops, and goes on here once the neighbour is back
    except ChartwrightError as refusal:
        return FailedLine(case_id=_case_id(data), error=str(refusal))
    except Exception as error:  # noqa: BLE001 - one line must not lose the others; the type alone holds no note text
        return FailedLine(
            case_id=_case_id(data), error=f"Line {number} met an internal error ({type(error).__name__})."
        )


def _lines(source: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that hold something, with their 1-based numbers."""
    try:
        opened: BinaryIO = source.open("rb")
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror}); check the path.") from None
    with opened as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, line


def _groups(lines: Iterable[tuple[int, bytes]], size: int) -> Iterator[list[tuple[int, bytes]]]:
    remaining = iter(lines)
    while group := list(islice(remaining, max(1, size))):
        yield group


def _case_id(line: bytes) -> str | None:
    try:
        case_id = json.loads(line).get("case_id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return case_id if isinstance(case_id, str) else None
