"""What the past encounters cost as they grow, whether planted ones can steer, and whether tenants stay apart.

The collections are made for the purpose in a temporary folder, on the embedded store; nothing of an index is touched
but its encoder, which is read.
"""

from __future__ import annotations

import asyncio
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import load_settings
from agent.stages import Clock
from index_build.findable.past_encounters import findable_encounters, past_encounters
from medcoding.codebook import Codebook
from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Setting
from medcoding.record import Record
from retrieval.edge_store import EdgeStore
from retrieval.encoder import DIMENSIONS, TextEncoder
from retrieval.index_folder import FILTERED_BY, PAST_ENCOUNTERS
from retrieval.similar import SimilarityQuestion, SimilarSearch
from retrieval.sparse import Bm25Encoder
from retrieval.store import FloatVector, Payload, Point

Advance = Callable[[int], None]

_SEED: Final = 20_261_123
_PLANTED: Final = 50
_LIMIT: Final = 20
_QUESTIONS: Final = 200
_DAY: Final = date(2026, 11, 2)
_TARGET: Final = "E43"
"""Severe malnutrition: raises payment, is rarely right, and stands on few charts."""

_FORGED: Final = ("", "*", "%", '["tenant-1"]', "tenant-1,tenant-2", "TENANT-1", "tenant-1 ", "..", "None", "\x00")


class StoreCost(Record):
    """One size of the collection."""

    points: int
    build_s: float
    p50_ms: float
    p95_ms: float
    disk_mb: float
    peak_memory_mb: float
    """Of the whole process so far."""


class Poisoning(Record):
    """Planted encounters that copy the victims' own words and carry a code that none of them has."""

    encounters: int
    planted: int
    victims: int
    offered_before: float
    """Share of the victims to which the target code is offered as a candidate."""
    offered_one_author: float
    offered_many_authors: float
    """The same fifty, attested by twenty-five people, two each."""
    answered: int
    """Victims whose answer holds the target code although their gold does not."""
    left_after_removal: int


class Isolation(Record):
    """Random questions by tenants, some missing, some forged."""

    questions: int
    found: int
    foreign: int


class _NoEncoder:
    """Vectors of a seeded generator: for cost, what they mean does not matter."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(_SEED)

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """One random unit vector a text."""
        vectors = self._random.normal(size=(len(texts), DIMENSIONS)).astype(np.float32)
        return list(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def cost_of_growth(sizes: Sequence[int], advance: Advance, index_dir: Path | None = None) -> Iterator[StoreCost]:
    """Time and size of one question at each number of past encounters. `advance` is told every thousand points."""
    book = build_pipeline(load_settings(index_dir=index_dir)).parts.codebooks.latest
    return (_cost(size, book, advance) for size in sizes)


def poisoning(
    encounters: int, victims: Sequence[CodedEncounter], advance: Advance, index_dir: Path | None = None
) -> Poisoning:
    """Fifty planted among so many; the victims go the whole way through the pipeline."""
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    past = _Invented(random.Random(_SEED))  # noqa: S311 - a seeded experiment
    with tempfile.TemporaryDirectory() as folder, closing(_collection(Path(folder) / "c")) as store:
        _fill(store, (past.payload(n, "") for n in range(encounters)), past, pipeline.parts.search.encoder, advance)
        search = SimilarSearch(store, pipeline.parts.search.encoder, Bm25Encoder())
        poisoned = Pipeline(replace(pipeline.parts, similar=search))
        before = _offered(poisoned, victims)
        _plant(store, victims, search.encoder, encounters, authors=1)
        one = _offered(poisoned, victims)
        _plant(store, victims, search.encoder, encounters, authors=25)
        many = _offered(poisoned, victims)
        answered = _answered(poisoned, victims)
        store.delete([number for number, payload in store.scroll() if payload["origin"] == "planted"])
        left = sum(payload["origin"] == "planted" for _, payload in store.scroll())
    return Poisoning(
        encounters=encounters,
        planted=_PLANTED,
        victims=len(victims),
        offered_before=before,
        offered_one_author=one,
        offered_many_authors=many,
        answered=answered,
        left_after_removal=left,
    )


def isolation(questions: int, advance: Advance, index_dir: Path | None = None) -> Isolation:
    """Ask as random tenants; every encounter found must be the asker's own or shared."""
    parts = build_pipeline(load_settings(index_dir=index_dir)).parts
    codebook = parts.codebooks.for_date(_DAY).codebook
    rng = random.Random(_SEED)  # noqa: S311 - a seeded experiment
    past, encoder = _Invented(rng), _NoEncoder()
    found = foreign = 0
    with tempfile.TemporaryDirectory() as folder, closing(_collection(Path(folder) / "c")) as store:
        tenants = [f"tenant-{n}" for n in range(1, 21)]
        owners = (rng.choice(["", *tenants]) for _ in range(5_000))
        _fill(store, (past.payload(n, owner) for n, owner in enumerate(owners)), past, encoder, lambda _: None)
        search = SimilarSearch(store, encoder, Bm25Encoder())
        for _ in range(questions):
            tenant = rng.choice([*tenants, *_FORGED])
            asked = _question(past.text(), tenant)._replace(
                setting=rng.choice(list(Setting)), specialty=rng.choice(["", "surgery", "cardiology"])
            )
            owners_found = [e.case_id.rpartition("/")[0] for e in search.similar(asked, codebook, _LIMIT)]
            found += len(owners_found)
            foreign += sum(owner not in {"", tenant} for owner in owners_found)
            advance(1)
    return Isolation(questions=questions, found=found, foreign=foreign)


class _Invented:
    """Past encounters put together from the evidence and the codes of the shipped ones."""

    def __init__(self, rng: random.Random) -> None:
        shipped = list(findable_encounters(past_encounters()))
        self._phrases = [phrase for found in shipped for phrase in found.text.split("; ")]
        self._codes = [str(code) for found in shipped for code in _listed(found.payload["codes"]) if code != _TARGET]
        self._rng = rng

    def text(self) -> str:
        """Three to six problems."""
        return "; ".join(self._rng.sample(self._phrases, self._rng.randint(3, 6)))

    def payload(self, number: int, tenant: str) -> Payload:
        """One attested encounter."""
        return {
            "case_id": f"{tenant}/{number}",
            "codes": self._rng.sample(self._codes, 4),
            "tenant": tenant,
            "setting": self._rng.choice(list(Setting)).value,
            "specialty": self._rng.choice(["", "surgery", "cardiology"]),
            "patient": str(number),
            "author": f"author-{self._rng.randrange(200)}",
            "origin": "facility",
        }


def _listed(codes: object) -> Sequence[object]:
    return codes if isinstance(codes, list) else ()


def _question(text: str, tenant: str) -> SimilarityQuestion:
    return SimilarityQuestion(text, tenant, Setting.INPATIENT, "", "", "now")


def _collection(folder: Path) -> EdgeStore:
    return EdgeStore.create(folder, size=DIMENSIONS, **FILTERED_BY[PAST_ENCOUNTERS])


def _fill(
    store: EdgeStore, payloads: Iterator[Payload], past: _Invented, encoder: TextEncoder, advance: Advance
) -> None:
    words = Bm25Encoder()

    def points() -> Iterator[Point]:
        for number, payload in enumerate(payloads, start=1):
            text = past.text()
            (vector,) = encoder.encode([text])
            yield Point(number, vector, words.document(text), payload)
            if number % 1_000 == 0:
                advance(1_000)

    store.upsert(points())
    store.settle()


def _plant(store: EdgeStore, victims: Sequence[CodedEncounter], encoder: TextEncoder, first: int, authors: int) -> None:
    """The worst case: five victims, ten planted encounters each, with the victim's evidence word for word."""
    words = Bm25Encoder()
    texts = [found.text for found in findable_encounters(victims[: _PLANTED // 10])] * 10
    store.upsert(
        Point(first + 1 + number, vector, words.document(text), _planted(number, authors))
        for number, (text, vector) in enumerate(zip(texts, encoder.encode(texts), strict=True))
    )


def _planted(number: int, authors: int) -> Payload:
    return {
        "case_id": f"planted/{number}",
        "codes": [_TARGET],
        "tenant": "",
        "setting": list(Setting)[number // 5 % len(Setting)].value,
        "specialty": "",
        "patient": "",
        "author": f"planter-{number % authors}",
        "origin": "planted",
    }


def _offered(pipeline: Pipeline, victims: Sequence[CodedEncounter]) -> float:
    """Share of the victims to which the target code is a candidate."""
    return statistics.mean(
        any(
            candidate.code == _TARGET
            for entry in pipeline.prepare(victim, Clock()).retrieved.candidates
            for candidate in entry.candidates
        )
        for victim in victims
    )


def _answered(pipeline: Pipeline, victims: Sequence[CodedEncounter]) -> int:
    async def codes(victim: CodedEncounter) -> set[str]:
        return {line.code for line in (await pipeline.code(victim)).codes}

    return sum(
        _TARGET in asyncio.run(codes(victim)) and _TARGET not in {line.code for line in victim.codes}
        for victim in victims
    )


def _cost(size: int, book: Codebook, advance: Advance) -> StoreCost:
    rng = random.Random(_SEED)  # noqa: S311 - a seeded experiment
    past, encoder = _Invented(rng), _NoEncoder()
    with tempfile.TemporaryDirectory() as folder, closing(_collection(Path(folder) / "c")) as store:
        started = time.perf_counter()
        _fill(store, (past.payload(n, "") for n in range(size)), past, encoder, advance)
        build_s = time.perf_counter() - started
        search = SimilarSearch(store, encoder, Bm25Encoder())
        times = sorted(_timed(search, past.text(), book) for _ in range(_QUESTIONS))
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return StoreCost(
        points=size,
        build_s=round(build_s, 1),
        p50_ms=round(statistics.median(times), 2),
        p95_ms=round(times[int(0.95 * len(times))], 2),
        disk_mb=round(disk / 1e6, 1),
        peak_memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _timed(search: SimilarSearch, text: str, codebook: Codebook) -> float:
    started = time.perf_counter()
    search.similar(_question(text, ""), codebook, _LIMIT)
    return (time.perf_counter() - started) * 1000
