"""What the search costs: one mention, the forty mentions of a note, memory, and the start, over a whole index.

Measured in a process of its own with one thread. No text is asked twice, so that no cache answers in place of the
search: every mention is embedded, searched for in the store, looked up in the Alphabetic Index and reranked.
"""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import load_settings
from evals.bootstrap import SEED
from medcoding.chart import SectionKind, Span
from medcoding.codebook import Codebook
from medcoding.errors import InputError, IntegrityError
from medcoding.mention import Assertion, Mention
from medcoding.record import Record
from retrieval.index_folder import open_index

BARS: Final = {"one_p95_ms": 10.0, "batch_p95_ms": 250.0, "memory_mb": 600.0, "start_s": 1.5}
"""What may not be exceeded."""

_NOTE: Final = 40
_NOTES: Final = 20
_SINGLES: Final = 400
_WARMING: Final = 20
_FIRST: Final = "acute bronchitis"
_DAY: Final = date(2026, 11, 2)
_MB: Final = 1_000.0
"""Kilobytes, in which the system counts resident memory."""

_MEASURE: Final = (
    "import sys; from evals.search_speed import print_measured; print_measured(sys.argv[1], float(sys.argv[2]))"
)


class SearchSpeed(Record):
    """Figures of one process; milliseconds are wall-clock time, beside them the processor's own.

    The bars are for wall-clock time. Where other work shares the processor the two differ, and only a quiet machine
    tells whether a bar holds.
    """

    surfaces: int
    """Points searched."""
    walked: bool
    """Whether the edition has an Alphabetic Index."""
    reranked: bool
    start_s: float
    """From the start of the process to its first answer."""
    start_cpu_s: float
    one_p50_ms: float
    one_p95_ms: float
    one_cpu_p50_ms: float
    one_cpu_p95_ms: float
    batch_p50_ms: float
    """All mentions of a note together."""
    batch_p95_ms: float
    batch_cpu_p50_ms: float
    batch_cpu_p95_ms: float
    memory_mb: float
    """Peak resident memory."""

    def missed(self) -> tuple[str, ...]:
        """One sentence for each bar that is exceeded."""
        return tuple(
            f"{name} is {getattr(self, name):g}, the bar is {bar:g}."
            for name, bar in BARS.items()
            if getattr(self, name) > bar
        )


class RepeatedSpeed(Record):
    """Several measurements, each in a process of its own."""

    best: SearchSpeed
    """The lowest of each figure: what the search costs where nothing else wants the processor."""
    repeats: tuple[SearchSpeed, ...]

    def missed(self) -> tuple[str, ...]:
        """One sentence for each bar that even the best exceeds."""
        return self.best.missed()


def measure_search(index_dir: Path | None = None, repeats: int = 1) -> RepeatedSpeed:
    """Measure in new processes, one after another.

    Raises what the start raises, `IntegrityError` when a process ends without an answer.
    """
    folder = load_settings(index_dir=index_dir).index_dir
    book = open_index(folder).codebooks().for_date(_DAY).codebook  # a missing index is named here
    texts = spoken_titles(book, _WARMING + _SINGLES + _NOTE * _NOTES)
    found = tuple(_measured(folder, texts) for _ in range(repeats))
    return RepeatedSpeed(best=lowest(found), repeats=found)


def lowest(found: Sequence[SearchSpeed]) -> SearchSpeed:
    """The lowest of each figure; what was searched is the same in all."""
    figures = [name for name, field in SearchSpeed.model_fields.items() if field.annotation is float]
    return found[0].model_copy(update={name: min(getattr(one, name) for one in found) for name in figures})


def _measured(folder: Path, texts: Sequence[str]) -> SearchSpeed:
    ended = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", _MEASURE, str(folder), str(time.time())],
        input="\n".join(texts), capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        return SearchSpeed.model_validate_json(ended.stdout.strip().rpartition("\n")[2])
    except ValidationError:
        raise IntegrityError("The measured process ended without an answer; run 'chartwright doctor'.") from None


def print_measured(index_dir: str, begun: float) -> None:
    """What the other process does: start, answer, print the figures. `begun` is when it was started, by the clock.

    The texts come over standard input, so that reading the whole book for them is not measured.
    """
    pipeline = build_pipeline(load_settings(index_dir=Path(index_dir)))
    book = pipeline.parts.codebooks.for_date(_DAY).codebook
    _answered(pipeline, book, [_FIRST])
    start_s, start_cpu_s = time.time() - begun, time.process_time()
    texts = sys.stdin.read().splitlines()
    _answered(pipeline, book, texts[:_WARMING])
    rest = iter(texts[_WARMING:])
    singles = [_answered(pipeline, book, [text]) for text in islice(rest, _SINGLES)]
    notes = [_answered(pipeline, book, list(islice(rest, _NOTE))) for _ in range(_NOTES)]
    figures = SearchSpeed(
        surfaces=pipeline.parts.search.surfaces.count(),
        walked=book.edition.name in pipeline.parts.search.walkers,
        reranked=pipeline.parts.search.reranker is not None,
        start_s=round(start_s, 2),
        start_cpu_s=round(start_cpu_s, 2),
        **_quantiles("one", singles),
        **_quantiles("batch", notes),
        memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB, 1),
    )
    print(figures.model_dump_json())  # noqa: T201 - read by the process that started this one


def spoken_titles(book: Codebook, number: int) -> list[str]:
    """Distinct titles of billable codes, shortened and shuffled as notes would have them. Raises `InputError`."""
    seeded = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    codes = [entry.code for entry in book.entries() if entry.billable and entry.code[0] < "S"]
    texts: dict[str, None] = {}
    for code in seeded.sample(codes, len(codes)):
        said = book.title(code).split(",")[0].lower().split()
        texts.setdefault(" ".join(said[: seeded.randint(2, 8)]))
        if len(texts) == number:
            return list(texts)
    raise InputError(f"The edition has too few titles for {number} different mentions; measure a whole index.")


class _Took(NamedTuple):
    wall_ms: float
    cpu_ms: float


def _answered(pipeline: Pipeline, book: Codebook, texts: Sequence[str]) -> _Took:
    """What the candidates of the texts took."""
    mentions = [_mention(number, text) for number, text in enumerate(texts, start=1)]
    wall, cpu = time.perf_counter(), time.process_time()
    pipeline.parts.search.candidates(mentions, book, _DAY)
    return _Took((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)


def _mention(number: int, text: str) -> Mention:
    """The text as a problem that a note states."""
    return Mention(
        id=number,
        document_id="query",
        span=Span(start=0, end=len(text)),
        text=text,
        sentence=number,
        section=SectionKind.ASSESSMENT,
        assertion=Assertion.PRESENT,
        query=text,
        clause=text,
    )


def _quantiles(name: str, took: Sequence[_Took]) -> dict[str, float]:
    """Median and 95th percentile of both clocks, by the names of their fields."""
    clocks = {"": [one.wall_ms for one in took], "cpu_": [one.cpu_ms for one in took]}
    found = {clock: statistics.quantiles(times, n=20, method="inclusive") for clock, times in clocks.items()}
    parts = {"p50": 9, "p95": 18}
    return {f"{name}_{clock}{p}_ms": round(found[clock][place], 2) for clock in clocks for p, place in parts.items()}
