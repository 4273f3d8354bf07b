"""A built index copied to a Qdrant server answers as the embedded one does."""

from __future__ import annotations

from collections.abc import Callable

from index_build.push import push_collections
from retrieval.client_store import ClientStore
from retrieval.edge_store import EdgeStore
from retrieval.encoder import OnnxEncoder
from retrieval.index_folder import FILTERED_BY, GUIDELINES, IndexFolder
from retrieval.store import AnyOf, VectorQuery


class Silent:
    """A reporter that nobody listens to."""

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """Count nothing."""
        return lambda amount: None


def test_pushed_collections_find_what_the_embedded_ones_find(index: IndexFolder) -> None:
    """Every point arrives with both vectors, its payload and its filters."""
    stores: dict[str, ClientStore] = {}

    def connect(name: str) -> ClientStore:
        return stores.setdefault(name, ClientStore.connect(":memory:", name))

    counts = push_collections(index, connect, Silent())
    assert counts == {name: index.manifest.counts[name] for name in FILTERED_BY}
    (vector,) = OnnxEncoder(index.encoder).encode(["uncertain diagnosis at discharge"])
    query = VectorQuery(vector, 5, (AnyOf("settings", ("inpatient",)),))
    embedded = EdgeStore.open_copy(index.collection(GUIDELINES))
    (expected,), (found,) = embedded.search([query]), stores[GUIDELINES].search([query])
    embedded.close()
    assert [hit.payload["id"] for hit in found] == [hit.payload["id"] for hit in expected]
    assert "II.H" in {hit.payload["id"] for hit in found}
