"""The store port: what the product asks of a Qdrant collection, wherever it runs.

Three stores stand behind it: Qdrant Edge in this process, a Qdrant server, and the client's in-memory mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from medcoding.errors import InputError

FloatVector = NDArray[np.float32]
Payload = Mapping[str, object]

DENSE = "dense"
SPARSE = "sparse"


class SparseVector(NamedTuple):
    """Term ids and their weights, same length."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to find: a unit-length dense vector (float32, one dimension), a sparse one, and its payload."""

    id: int
    dense: FloatVector
    sparse: SparseVector
    payload: Payload

    def __post_init__(self) -> None:
        if not (np.isfinite(self.dense).all() and np.isfinite(self.sparse.values).all()):
            raise InputError(f"Point {self.id} holds a vector that is not finite; embed its text again.")


@dataclass(frozen=True, slots=True)
class Between:
    """Holds where `payload[low_key] <= value <= payload[high_key]`; used for effective dates as YYYYMMDD."""

    low_key: str
    high_key: str
    value: int


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where `payload[key]` is (or, for a list, contains) one of the values."""

    key: str
    values: tuple[str, ...]


Condition = Between | AnyOf


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A search by one vector; every condition must hold."""

    vector: FloatVector | SparseVector
    limit: int
    conditions: tuple[Condition, ...] = ()

    @property
    def using(self) -> str:
        """Name of the vector it searches by."""
        return SPARSE if isinstance(self.vector, SparseVector) else DENSE


class Hit(NamedTuple):
    """A point found, with its score: cosine for dense, BM25 for sparse."""

    id: int
    score: float
    payload: Payload


class VectorStore(Protocol):
    """One collection. Searches may come from several threads."""

    def upsert(self, points: Iterable[Point]) -> None:
        """Add points, or replace those with the same id."""

    def delete(self, ids: Sequence[int]) -> None:
        """Remove points; unknown ids are ignored."""

    def search(self, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """Hits of each query, best first, in the order of the queries."""

    def scroll(self, conditions: tuple[Condition, ...] = ()) -> list[tuple[int, Payload]]:
        """Every point that meets the conditions, by id. For small collections."""

    def count(self) -> int:
        """Number of points."""

    def close(self) -> None:
        """Release files or connections."""
