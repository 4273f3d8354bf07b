"""Qdrant Edge: Qdrant's own core in this process, one folder a collection.

The core holds the interpreter lock in every call and allows one process a folder. So collections are built by a
separate command, and every reading process opens its own hard-linked copy, which shares the data on disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

import numpy as np
import qdrant_edge as edge

from medcoding.errors import ConfigError, IntegrityError
from retrieval.store import DENSE, SPARSE, AnyOf, Condition, Hit, Payload, Point, SparseVector, VectorQuery

_BATCH: Final = 1_000
_WAL: Final = "wal"
_READERS: Final = "chartwright-reader-"
_ALIVE: Final = "alive.lock"
_BEING_MADE_S: Final = 60.0


class EdgeStore:
    """A `VectorStore` in this process."""

    def __init__(self, shard: edge.EdgeShard, copy: _Copy | None = None) -> None:
        self._shard = shard
        self._is_copy = copy is not None
        self._finalizer = weakref.finalize(self, _release, shard, copy)

    @classmethod
    def create(cls, folder: Path, *, size: int, keyword_keys: Sequence[str], integer_keys: Sequence[str]) -> EdgeStore:
        """Make an empty collection in a new folder, with payload indexes on the keys that are filtered by."""
        folder.mkdir(parents=True)
        shard = edge.EdgeShard.create(str(folder), _config(size))
        for key in keyword_keys:
            shard.update(edge.UpdateOperation.create_field_index(key, edge.PayloadSchemaType.Keyword))
        for key in integer_keys:
            shard.update(edge.UpdateOperation.create_field_index(key, edge.PayloadSchemaType.Integer))
        return cls(shard)

    @classmethod
    def open_for_writing(cls, folder: Path) -> EdgeStore:
        """Open a collection itself, for the one builder that has it; never one that an index in use holds."""
        with _damage_named(folder.name):
            return cls(edge.EdgeShard.load(str(folder)))

    @classmethod
    def open_copy(cls, folder: Path) -> EdgeStore:
        """Open a hard-linked copy of a built collection; the folder itself is left for other processes.

        Raises `IntegrityError` when the files cannot be read as a collection, `ConfigError` when no copy can be made.
        """
        copy = _reader_copy(folder.parent)
        try:
            with _damage_named(folder.name):
                return cls(edge.EdgeShard.load(str(_hard_linked(folder, copy.folder))), copy)
        except IntegrityError:
            copy.remove()
            raise

    def upsert(self, points: Iterable[Point]) -> None:
        """Add or replace points, in acknowledged batches."""
        self._refuse_in_a_copy()
        for batch in _batches(points):
            self._shard.update(edge.UpdateOperation.upsert_points([_edge_point(p) for p in batch]))

    def delete(self, ids: Sequence[int]) -> None:
        """Remove points by id."""
        self._refuse_in_a_copy()
        self._shard.update(edge.UpdateOperation.delete_points(list(ids)))

    def search(self, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """All queries as one planned batch."""
        if not queries:
            return []
        batch = edge.QueryBatchRequest([_request(q) for q in queries])
        with _damage_named("collection"):
            return [[_hit(p) for p in found] for found in self._shard.query_batch(batch)]

    def scroll(self, conditions: tuple[Condition, ...] = ()) -> list[tuple[int, Payload]]:
        """Every matching point, page by page."""
        rows: list[tuple[int, Payload]] = []
        offset: edge.PointId | None = None
        while True:
            request = edge.ScrollRequest(offset=offset, limit=_BATCH, filter=_filter(conditions), with_payload=True)
            with _damage_named("collection"):
                records, offset = self._shard.scroll(request)
            rows += [(_int_id(r.id), dict(r.payload or {})) for r in records]
            if offset is None:
                return rows

    def points(self) -> Iterator[Point]:
        """Every point with its vectors, page by page, for copying a collection elsewhere."""
        offset: edge.PointId | None = None
        while True:
            request = edge.ScrollRequest(offset=offset, limit=_BATCH, with_payload=True, with_vector=True)
            records, offset = self._shard.scroll(request)
            yield from (_point(record) for record in records)
            if offset is None:
                return

    def count(self) -> int:
        """Exact number of points."""
        return self._shard.count(edge.CountRequest(exact=True))

    def settle(self) -> None:
        """Build the HNSW graph and write everything out; blocks all threads, so only builders call it."""
        self._shard.optimize()
        self._shard.flush()

    def close(self) -> None:
        """Release the folder and remove the reader's copy."""
        self._finalizer()

    def _refuse_in_a_copy(self) -> None:
        """A copy shares its files with the index: one write would damage them for every process."""
        if self._is_copy:
            raise ConfigError("The collections of an index are read only; build a new index instead.")


def _config(size: int) -> edge.EdgeConfig:
    return edge.EdgeConfig(
        vectors={DENSE: edge.EdgeVectorParams(size=size, distance=edge.Distance.Cosine)},
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
    )


@dataclass(frozen=True, slots=True)
class _Copy:
    """A reader's folder and the lock that says its reader lives, to every process on the same file system."""

    folder: Path
    lock: TextIO

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()


def _release(shard: edge.EdgeShard, copy: _Copy | None) -> None:
    shard.close()
    if copy:
        copy.remove()


def _reader_copy(parent: Path) -> _Copy:
    """A new locked folder for this reader, beside the collections: hard links do not leave a file system."""
    _sweep(parent)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_READERS, dir=parent))
        lock = (folder / _ALIVE).open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"The index folder cannot be written to ({error.strerror}); every reader needs that."
        ) from None
    fcntl.flock(lock, fcntl.LOCK_EX)
    return _Copy(folder, lock)


def _hard_linked(folder: Path, copy: Path) -> Path:
    """Link the collection's files into `copy`; the write-ahead log, which is also the lock, by content."""
    return Path(shutil.copytree(folder, copy / folder.name, copy_function=_link_or_copy))


def _link_or_copy(source: str, target: str) -> None:
    if _WAL in Path(source).parts:
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def _sweep(parent: Path) -> None:
    """Remove copies whose reader is gone: nobody holds their lock. One that is being made is left alone."""
    for leftover in parent.glob(f"{_READERS}*"):
        with contextlib.suppress(OSError):
            alive = leftover / _ALIVE
            if not alive.exists() and time.time() - leftover.stat().st_mtime < _BEING_MADE_S:
                continue
            with alive.open("a", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _damage_named(name: str) -> Iterator[None]:
    """Turn the core's own exceptions, its panic included, into one sentence."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException:  # noqa: BLE001 - the core's PanicException is a BaseException and cannot be imported
        raise IntegrityError(f"The index part '{name}' is damaged; run 'chartwright index build'.") from None


def _batches(points: Iterable[Point]) -> Iterator[list[Point]]:
    remaining = iter(points)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _edge_point(point: Point) -> edge.Point:
    sparse = edge.SparseVector(list(point.sparse.indices), list(point.sparse.values))
    return edge.Point(point.id, {DENSE: point.dense.tolist(), SPARSE: sparse}, dict(point.payload))


def _point(record: edge.Record) -> Point:
    vectors = record.vector
    if not isinstance(vectors, dict):
        raise IntegrityError("The index holds a point without vectors; run 'chartwright index build'.")
    dense, sparse = vectors[DENSE], vectors[SPARSE]
    if not isinstance(sparse, edge.SparseVector):
        raise IntegrityError("The index holds a point without a sparse vector; run 'chartwright index build'.")
    return Point(
        _int_id(record.id),
        np.asarray(dense, dtype=np.float32),
        SparseVector(tuple(sparse.indices), tuple(sparse.values)),
        dict(record.payload or {}),
    )


def _request(query: VectorQuery) -> edge.QueryRequest:
    vector = query.vector
    if isinstance(vector, SparseVector):
        named: edge.SparseVector | list[float] = edge.SparseVector(list(vector.indices), list(vector.values))
    else:
        named = vector.tolist()
    return edge.QueryRequest(
        limit=query.limit,
        query=edge.Query.Nearest(named, using=query.using),
        filter=_filter(query.conditions),
        with_payload=True,
    )


def _filter(conditions: tuple[Condition, ...]) -> edge.Filter | None:
    if not conditions:
        return None
    return edge.Filter(must=[field for condition in conditions for field in _fields(condition)])


def _fields(condition: Condition) -> list[edge.FieldCondition]:
    if isinstance(condition, AnyOf):
        return [edge.FieldCondition(condition.key, match=edge.MatchAny(list(condition.values)))]
    return [
        edge.FieldCondition(condition.low_key, range=edge.RangeFloat(lte=float(condition.value))),
        edge.FieldCondition(condition.high_key, range=edge.RangeFloat(gte=float(condition.value))),
    ]


def _hit(point: edge.ScoredPoint) -> Hit:
    return Hit(_int_id(point.id), point.score, point.payload or {})


def _int_id(point_id: edge.PointId) -> int:
    if not isinstance(point_id, int):
        raise IntegrityError("The index holds a point whose id is not a number; run 'chartwright index build'.")
    return point_id
