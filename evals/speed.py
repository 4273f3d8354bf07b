"""Does the contract hold, and how fast, over notes that nobody here wrote?"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import load_settings
from medcoding.encounter import Document, Encounter, Setting
from medcoding.errors import InputError
from medcoding.parsing import parse_record
from medcoding.record import Record
from medcoding.result import CodingResult

_DAY: Final = date(2026, 11, 2)


class SpeedReport(Record):
    """Figures over a set of notes, one thread, one note at a time."""

    notes: int
    crashes: int
    codes: int
    codes_per_note: float
    evidence_spans: int
    spans_verbatim: float
    """Share of evidence spans that stand word for word at their offsets."""
    codes_outside_codebook: int
    start_s: float
    p50_ms: float
    p95_ms: float
    max_ms: float
    peak_memory_mb: float
    """Peak resident memory of the process."""


def note_encounters(path: Path, limit: int) -> tuple[Encounter, ...]:
    """Encounters of a JSON-lines file; lines with a bare `note` become outpatient visits of one day."""
    return tuple(encounter for encounter, _ in zip(_encounters(path), range(limit), strict=False))


def measure(encounters: Sequence[Encounter], index_dir: Path | None = None) -> SpeedReport:
    """Code every encounter once and report. Raises `InputError` when there is none."""
    if not encounters:
        raise InputError("The file holds no note; give one with a `note` or an encounter on each line.")
    started = time.perf_counter()
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    start_s = time.perf_counter() - started
    results, times = asyncio.run(_coded(pipeline, encounters))
    return _report(encounters, results, times, start_s, pipeline)


async def _coded(
    pipeline: Pipeline, encounters: Sequence[Encounter]
) -> tuple[list[tuple[Encounter, CodingResult]], list[float]]:
    """One after the other in one event loop: what was answered, and the milliseconds of each."""
    times: list[float] = []
    results: list[tuple[Encounter, CodingResult]] = []
    for encounter in encounters:
        begun = time.perf_counter()
        with contextlib.suppress(Exception):  # crashes are what is counted
            results.append((encounter, await pipeline.code(encounter)))
        times.append((time.perf_counter() - begun) * 1000)
    await pipeline.aclose()
    return results, times


def _report(
    encounters: Sequence[Encounter],
    results: Sequence[tuple[Encounter, CodingResult]],
    times: Sequence[float],
    start_s: float,
    pipeline: Pipeline,
) -> SpeedReport:
    verbatim = [_verbatim(encounter, answer) for encounter, answer in results]
    spans = [held for spans in verbatim for held in spans]
    codes = [(e, line.code) for e, answer in results for line in answer.codes]
    quantiles = statistics.quantiles(times, n=20, method="inclusive") if len(times) > 1 else [times[0]] * 19
    return SpeedReport(
        notes=len(encounters),
        crashes=len(encounters) - len(results),
        codes=len(codes),
        codes_per_note=round(len(codes) / max(1, len(results)), 2),
        evidence_spans=len(spans),
        spans_verbatim=round(sum(spans) / max(1, len(spans)), 4),
        codes_outside_codebook=sum(not _in_book(pipeline, e, code) for e, code in codes),
        start_s=round(start_s, 2),
        p50_ms=round(quantiles[9], 1),
        p95_ms=round(quantiles[18], 1),
        max_ms=round(max(times), 1),
        peak_memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, 1),
    )


def _verbatim(encounter: Encounter, answer: CodingResult) -> list[bool]:
    quotes = [q for line in answer.codes for q in line.evidence] + [q for n in answer.not_coded for q in n.evidence]
    return [encounter.document(q.document_id).text[q.start : q.end] == q.text for q in quotes]


def _in_book(pipeline: Pipeline, encounter: Encounter, code: str) -> bool:
    return pipeline.parts.codebooks.for_date(encounter.coding_date).codebook.is_billable(code)


def _encounters(path: Path) -> Iterator[Encounter]:
    try:
        opened = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None
    with opened as lines:
        for number, line in enumerate(lines, start=1):
            yield _encounter(number, line)


def _encounter(number: int, line: bytes) -> Encounter:
    try:
        row = json.loads(line)
    except ValueError:
        raise InputError(f"Line {number} is not valid JSON; correct it there.") from None
    if "note" not in row:
        return parse_record(Encounter, line, f"Line {number}")
    document = Document(document_id="note", text=row["note"])
    name = str(row.get("id", number))
    return Encounter(case_id=name, setting=Setting.OUTPATIENT, date_of_service=_DAY, documents=(document,))
