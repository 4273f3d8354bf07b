"""A collection of the store from what is to be found in it; a small change updates the collection kept before."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from index_build.report import Reporter
from index_build.stages import Stages, code_digest
from medcoding.errors import IntegrityError
from retrieval import edge_store, sparse, wording
from retrieval.edge_store import EdgeStore
from retrieval.encoder import DIMENSIONS, TextEncoder
from retrieval.index_folder import FILTERED_BY, digest_of
from retrieval.sparse import Bm25Encoder
from retrieval.store import Payload, Point

_BATCH: Final = 512
_POINTS: Final = "points"
_IDS: Final = "ids.npy"
_MADE_WITH: Final = "made_with"
_GRAPHED: Final = "graphed.npy"
_MOST_CHANGED: Final = 0.05
"""Share of points that may differ from those the search graph was built over; more of them, and it is built anew."""


class Findable(NamedTuple):
    """One thing to find: the text it is found by and what the search gives back."""

    text: str
    payload: Payload
    words: str | None = None
    """What the lexical search finds it by, where that is not the text; empty where words alone do not find it."""


@dataclass(frozen=True, slots=True)
class CollectionBuilder:
    """Builds collections with one encoder; `encoder_name` tells its vectors from those of another."""

    stages: Stages
    encoder: TextEncoder
    encoder_name: str
    report: Reporter

    def built(self, name: str, findable: Iterable[Findable]) -> tuple[Path, int]:
        """Folder of the complete collection and its number of points; of two equal ones, one stays."""
        wanted = _by_id(findable)
        plan = _Plan(
            name, wanted, np.fromiter(sorted(wanted), dtype=np.int64, count=len(wanted)), self._made_with(name)
        )
        key = digest_of(plan.made_with, hashlib.sha256(plan.ids.tobytes()).hexdigest())
        made = self.stages.made(name, key, lambda work: self._fill(work, plan))
        return made / _POINTS, len(wanted)

    def _made_with(self, name: str) -> str:
        """What else decides a collection: another encoder, filter or way of weighing words makes all points anew."""
        return digest_of(self.encoder_name, repr(FILTERED_BY[name]), code_digest([edge_store, sparse, wording]))

    def _fill(self, work: Path, plan: _Plan) -> None:
        before = self.stages.latest(plan.name)
        np.save(work / _IDS, plan.ids)
        (work / _MADE_WITH).write_text(plan.made_with)
        if before and _may_be_updated(before, plan):
            self._update(work, plan, before)
        else:
            np.save(work / _GRAPHED, plan.ids)
            store = EdgeStore.create(work / _POINTS, size=DIMENSIONS, **FILTERED_BY[plan.name])
            self._write(store, plan.name, plan.wanted)

    def _update(self, work: Path, plan: _Plan, before: Path) -> None:
        """Copy the collection of an earlier build and change what differs."""
        shutil.copyfile(before / _GRAPHED, work / _GRAPHED)
        shutil.copytree(before / _POINTS, work / _POINTS)
        known = np.load(before / _IDS)
        store = EdgeStore.open_for_writing(work / _POINTS)
        store.delete(np.setdiff1d(known, plan.ids, assume_unique=True).tolist())
        fresh = np.setdiff1d(plan.ids, known, assume_unique=True).tolist()
        self._write(store, plan.name, {number: plan.wanted[number] for number in fresh})
        _replay_log(work / _POINTS)

    def _write(self, store: EdgeStore, name: str, findable: dict[int, Findable]) -> None:
        what = name.replace("_", " ")
        advance = self.report.step(f"Embedding {what}", total=len(findable))
        for batch in _batches(findable.items()):
            store.upsert(self._points(batch))
            advance(len(batch))
        advance = self.report.step(f"Search graph of {what}", total=1)
        store.settle()
        store.close()
        advance(1)

    def _points(self, batch: Sequence[tuple[int, Findable]]) -> Iterator[Point]:
        words = Bm25Encoder()
        vectors = self.encoder.encode([found.text for _, found in batch])
        for (number, found), vector in zip(batch, vectors, strict=True):
            said = found.text if found.words is None else found.words
            yield Point(number, vector, words.document(said), found.payload)


def _replay_log(points: Path) -> None:
    """Opening an updated collection once more writes what its log still says; readers share the files and must not."""
    store = EdgeStore.open_for_writing(points)
    store.settle()
    store.close()


class _Plan(NamedTuple):
    name: str
    wanted: dict[int, Findable]
    ids: NDArray[np.int64]
    """Sorted."""
    made_with: str


def _may_be_updated(before: Path, plan: _Plan) -> bool:
    """Measured against the points the graph was built over, so that small changes do not add up unseen."""
    graphed = np.load(before / _GRAPHED)
    changed = len(np.setxor1d(plan.ids, graphed, assume_unique=True))
    return (before / _MADE_WITH).read_text() == plan.made_with and changed <= _MOST_CHANGED * len(graphed)


def _by_id(findable: Iterable[Findable]) -> dict[int, Findable]:
    """A point's id is a digest of its content: what did not change keeps its place in the collection."""
    wanted: dict[int, Findable] = {}
    for found in findable:
        content = orjson.dumps([found.text, found.payload, found.words], option=orjson.OPT_SORT_KEYS)
        number = int.from_bytes(hashlib.sha256(content).digest()[:8]) >> 1
        if wanted.setdefault(number, found) != found:
            raise IntegrityError("Two different points of the index share an id; report this with the manifest.")
    return wanted


def _batches(items: Iterable[tuple[int, Findable]]) -> Iterator[list[tuple[int, Findable]]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
