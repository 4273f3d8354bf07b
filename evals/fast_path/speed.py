"""What an answer of the encoder costs on one core, from text to checked codes, beside the small model's."""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.routine import FastPathMode
from agent.settings import load_settings
from evals.fast_path.accuracy import pipeline_in
from medcoding.encounter import Document, Encounter
from medcoding.errors import InputError
from medcoding.record import Record

_WARMED_BY: Final = 3
"""Encounters coded before the clock runs: the first ones fill what is remembered of titles and words."""


class Times(Record):
    """Milliseconds over some encounters of like length, one after the other on one thread."""

    encounters: int
    words_median: int
    p50_ms: float
    p95_ms: float
    cpu_p50_ms: float
    """Of the processor, which a busy machine does not lengthen."""
    cpu_p95_ms: float


class SpeedReport(Record):
    """Figures of the encoder in mode `always`."""

    start_s: float
    short: Times
    """About 450 words."""
    long: Times
    """About 3,000 words: encounters joined."""
    peak_memory_mb: float
    """Of the process, the small model not yet loaded."""
    mini: Times | None = None
    """The small language model that ships, on some of the same short encounters."""
    mini_to_encoder: float | None = None
    """How much more processor time it takes, on those encounters."""


def measure_speed(
    encounters: Sequence[Encounter], index_dir: Path | None, folder: Path | None, mini: int, told: Callable[[], None]
) -> SpeedReport:
    """Time the encoder, and the small model on the first `mini` encounters. Raises `InputError` without encounters."""
    short = [e for e in encounters if 350 <= words_of(e) <= 550]
    long = joined(encounters, 3_000)
    if not short or not long:
        raise InputError("The notes are too few or too short; give at least 3,000 words, some notes of about 450.")
    started = time.perf_counter()
    pipeline = pipeline_in(FastPathMode.ALWAYS, index_dir, folder)
    start_s = time.perf_counter() - started
    timed(pipeline, encounters[:_WARMED_BY])
    told()
    on_short, on_long = timed(pipeline, short), timed(pipeline, long)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    told()
    report = SpeedReport(start_s=round(start_s, 2), short=on_short, long=on_long, peak_memory_mb=round(memory, 1))
    if not mini:
        return report
    some = short[:mini]
    by_encoder, by_mini = timed(pipeline, some), timed(_with_mini(index_dir), some)
    ratio = round(by_mini.cpu_p50_ms / max(by_encoder.cpu_p50_ms, 0.1), 1)
    return report.model_copy(update={"mini": by_mini, "mini_to_encoder": ratio})


def timed(pipeline: Pipeline, encounters: Sequence[Encounter]) -> Times:
    """Code each once."""
    walls, processors = asyncio.run(_timed(pipeline, encounters))
    return Times(
        encounters=len(encounters),
        words_median=round(statistics.median(map(words_of, encounters))),
        p50_ms=_quantile(walls, 0.5),
        p95_ms=_quantile(walls, 0.95),
        cpu_p50_ms=_quantile(processors, 0.5),
        cpu_p95_ms=_quantile(processors, 0.95),
    )


async def _timed(pipeline: Pipeline, encounters: Sequence[Encounter]) -> tuple[list[float], list[float]]:
    """Milliseconds by the clock and of the processor; in one event loop, because a model is bound to its first."""
    walls, processors = [], []
    for encounter in encounters:
        wall, processor = time.perf_counter(), time.process_time()
        await pipeline.code(encounter)
        walls.append((time.perf_counter() - wall) * 1000)
        processors.append((time.process_time() - processor) * 1000)
    return walls, processors


def words_of(encounter: Encounter) -> int:
    """Words over all documents."""
    return sum(len(document.text.split()) for document in encounter.documents)


def joined(encounters: Sequence[Encounter], words: int) -> list[Encounter]:
    """Encounters of at least so many words: the documents of several as those of one."""
    found: list[Encounter] = []
    held: list[Document] = []
    for encounter in encounters:
        held += [d.model_copy(update={"document_id": f"d{len(held) + n}"}) for n, d in enumerate(encounter.documents)]
        together = encounter.model_copy(update={"documents": tuple(held)})
        if words_of(together) >= words:
            found.append(together)
            held = []
    return found


def _with_mini(index_dir: Path | None) -> Pipeline:
    settings = load_settings(index_dir=index_dir)
    return build_pipeline(settings.model_copy(update={"llm": settings.llm.model_copy(update={"model": "mini"})}))


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
