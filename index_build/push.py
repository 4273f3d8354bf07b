"""Copy a built index's collections to a Qdrant server, where several workers share them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from index_build.report import Reporter
from retrieval.client_store import ClientStore
from retrieval.edge_store import EdgeStore
from retrieval.encoder import DIMENSIONS
from retrieval.index_folder import FILTERED_BY, IndexFolder
from retrieval.store import Point


def push_collections(index: IndexFolder, connect: Callable[[str], ClientStore], report: Reporter) -> dict[str, int]:
    """Replace each collection on the server; returns its number of points. Raises `DependencyError`."""
    counts: dict[str, int] = {}
    for name, keys in FILTERED_BY.items():
        source, target = EdgeStore.open_copy(index.collection(name)), connect(name)
        target.create(size=DIMENSIONS, **keys)
        target.upsert(_advancing(source.points(), report.step(name, total=source.count())))
        counts[name] = target.count()
        source.close()
    return counts


def _advancing(points: Iterator[Point], advance: Callable[[int], None]) -> Iterator[Point]:
    for point in points:
        yield point
        advance(1)
