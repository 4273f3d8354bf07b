"""What a run leaves behind: a folder with one line an encounter and one record of the whole, and no note text.

encounters.jsonl   one `EncounterRecord` a line, in the order in which they were answered
run.json           `RunRecord`: what was run; with the figures once every encounter is there
run.lock           held while a run writes
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from pydantic import AwareDatetime, Field

from evals.failure_classes import FailureClass
from evals.ledger import EncounterLedger
from evals.loaders.gold_set import AssumedFact, GoldScope
from evals.metrics_report import MetricsReport
from evals.scores import ScoredEncounter
from evals.stage_totals import StageTotals
from evals.suite_choice import SuiteChoice
from medcoding.errors import InputError, IntegrityError
from medcoding.parsing import parse_record
from medcoding.record import Record
from medcoding.result import Stamp

ENCOUNTERS: Final = "encounters.jsonl"
RUN: Final = "run.json"


class EncounterRecord(Record):
    """One encounter of a run."""

    case_id: str
    scored: ScoredEncounter
    ledger: EncounterLedger | None = None
    """None where no answer came."""
    failure: str | None = None
    """Why no answer came: a refusal's sentence or the kind of a crash."""
    by_source: dict[str, int] = Field(default_factory=dict)
    """Answered codes by what chose them: with a model configured, `rules` shows how often it was not answered."""
    finished: AwareDatetime


class Dataset(Record):
    """The gold of a run."""

    name: str
    digest: str
    """`evals.loaders.gold_set.dataset_digest` over all of it, also where a run takes only a part."""
    encounters: int
    scope: GoldScope
    assumed: tuple[AssumedFact, ...] = ()
    refused: int = 0
    choice: SuiteChoice


class RunRecord(Record):
    """What was run, on what, by what; and the figures once it is finished."""

    dataset: Dataset
    stamp: Stamp
    scoring: str
    """Digest of the sources that score an encounter."""
    commit: str
    """Of the checkout; ends in `+` where it had changes. Empty outside a checkout."""
    versions: dict[str, str]
    arguments: dict[str, str | int | None]
    started: AwareDatetime
    finished: AwareDatetime | None = None
    wanted: int
    """Encounters that this run was to answer."""
    failed: int = 0
    by_source: dict[str, int] = Field(default_factory=dict)
    summary: MetricsReport | None = None
    ledger: StageTotals | None = None
    failure_classes: tuple[FailureClass, ...] = ()
    """The largest first, all of them."""

    @property
    def is_whole(self) -> bool:
        """True when every encounter of the dataset was run."""
        return self.finished is not None and self.wanted == self.dataset.encounters


class Run(NamedTuple):
    """A finished run, read again."""

    folder: Path
    record: RunRecord
    summary: MetricsReport
    ledger: StageTotals
    encounters: tuple[EncounterRecord, ...]
    """In order of case."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return self.folder.name

    @property
    def scored(self) -> tuple[ScoredEncounter, ...]:
        """What the metrics are computed from."""
        return tuple(entry.scored for entry in self.encounters)


def read_run(folder: Path) -> Run:
    """A finished run. Raises `InputError` when there is none there or it is not finished."""
    record = read_record(folder)
    if record is None:
        raise InputError(f"{folder} holds no run; make one with 'chartwright eval run SUITE --out {folder}'.")
    if record.summary is None or record.ledger is None:
        raise InputError(f"The run in {folder} is not finished; start it again and it goes on where it stopped.")
    entries = sorted(recorded(folder / ENCOUNTERS), key=lambda entry: entry.case_id)
    if len(entries) != record.summary.encounters:
        raise IntegrityError(
            f"{folder / ENCOUNTERS} holds {len(entries)} encounters and {RUN} speaks of {record.summary.encounters};"
            " run the suite again into a new folder."
        )
    return Run(folder, record, record.summary, record.ledger, tuple(entries))


def read_record(folder: Path) -> RunRecord | None:
    """The record in a run's folder; None when there is none yet."""
    try:
        data = (folder / RUN).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{folder / RUN} cannot be read ({error.strerror}); name another folder.") from None
    return parse_record(RunRecord, data, str(folder / RUN))


def write_record(folder: Path, record: RunRecord) -> None:
    """Put the record in place in one step, so that a killed run leaves the old one or the new one."""
    unfinished = folder / f".{RUN}"
    try:
        unfinished.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
        unfinished.replace(folder / RUN)
    except OSError as error:
        raise InputError(f"{folder / RUN} cannot be written ({error.strerror}); name another folder.") from None


def recorded(path: Path) -> tuple[EncounterRecord, ...]:
    """The encounters that a run has written; none where it has not begun. A torn last line is no record.

    Raises `IntegrityError` for a damaged line before the last, and for a case that stands there twice.
    """
    return _whole_lines(_content(path), path)[0]


def repaired(path: Path) -> tuple[EncounterRecord, ...]:
    """As `recorded`, and a last line torn by a kill is cut off, so that the next one begins a line."""
    content = _content(path)
    entries, length = _whole_lines(content, path)
    if length < len(content):
        with path.open("rb+") as file:
            file.truncate(length)
    return entries


def append(file: BinaryIO, entry: EncounterRecord) -> None:
    """One line, handed to the operating system whole: a kill of this process loses nothing after that."""
    file.write(entry.model_dump_json().encode() + b"\n")
    file.flush()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None


def _whole_lines(content: bytes, path: Path) -> tuple[tuple[EncounterRecord, ...], int]:
    """The entries, and the length in bytes of the lines that hold them."""
    lines = content.splitlines(keepends=True)
    entries: list[EncounterRecord] = []
    length = 0
    for number, line in enumerate(lines, start=1):
        if number == len(lines) and not (line.endswith(b"\n") and _is_json(line)):
            break
        entries.append(_entry(line, number, path))
        length += len(line)
    _refuse_doubles(entries, path)
    return tuple(entries), length


def _entry(line: bytes, number: int, path: Path) -> EncounterRecord:
    try:
        return parse_record(EncounterRecord, line, f"Line {number} of {path}")
    except InputError as damage:
        raise IntegrityError(f"{str(damage).rstrip('.')}; run the suite again into a new folder.") from None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _refuse_doubles(entries: Sequence[EncounterRecord], path: Path) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.case_id in seen:
            raise IntegrityError(
                f"The case {entry.case_id} stands twice in {path}; run the suite again into a new folder."
            )
        seen.add(entry.case_id)
