"""Collections: kept when nothing changed, updated by small changes, built anew by large ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index_build.findable.collection import CollectionBuilder, Findable
from index_build.stages import Stages
from retrieval.edge_store import EdgeStore
from retrieval.encoder import DIMENSIONS
from retrieval.index_folder import SURFACES
from retrieval.sparse import Bm25Encoder
from retrieval.store import DENSE, SPARSE, FloatVector, VectorQuery
from tests.index_build.small_index import Silent

DAY = {"effective_from": 20261001, "effective_to": 20270930}


class CountingEncoder:
    """A vector for each text, far from those of others; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """Vectors of unit length, the same for the same text."""
        self.asked += texts
        return [_vector(text) for text in texts]


def _vector(text: str) -> FloatVector:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    vector = np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def _wording(text: str, code: str = "M10.9") -> Findable:
    return Findable(text, {"text": text, "codes": [code], **DAY})


def _wordings(first: int = 0, last: int = 200) -> list[Findable]:
    return [_wording(f"gout of joint {number}") for number in range(first, last)]


class Collections:
    """One collection built again and again under one cache."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def built(self, findable: Sequence[Findable], encoder_name: str = "one") -> tuple[Path, int, list[str]]:
        """Folder, number of points, and what had to be embedded."""
        encoder = CountingEncoder()
        builder = CollectionBuilder(Stages(self._cache), encoder, encoder_name, Silent())
        folder, count = builder.built(SURFACES, findable)
        return folder, count, encoder.asked


@pytest.fixture
def collections(tmp_path: Path) -> Collections:
    """An empty cache."""
    return Collections(tmp_path)


def _found(folder: Path, text: str) -> dict[str, str]:
    """The best hit of a wording, by each of its vectors."""
    store = EdgeStore.open_copy(folder)
    (dense,), (sparse,) = store.search([VectorQuery(_vector(text), 1), VectorQuery(Bm25Encoder().query(text), 1)])
    store.close()
    return {DENSE: str(dense.payload["text"]), SPARSE: str(sparse.payload["text"])}


def _held(folder: Path) -> dict[str, object]:
    """Codes by wording."""
    store = EdgeStore.open_copy(folder)
    held = {str(payload["text"]): payload["codes"] for _, payload in store.scroll()}
    store.close()
    return held


def test_what_did_not_change_is_kept(collections: Collections) -> None:
    """In whatever order it comes, and without embedding anything."""
    folder, count, asked = collections.built(_wordings())
    assert (count, len(asked)) == (200, 200)
    assert collections.built(_wordings()[::-1]) == (folder, 200, [])


def test_of_equal_things_one_is_kept(collections: Collections) -> None:
    """The same wording with other codes is another thing."""
    gout = _wording("gout")
    folder, count, asked = collections.built([gout, gout, _wording("gout", "M1A.9XX0"), _wording("podagra")])
    assert count == len(asked) == 3
    store = EdgeStore.open_copy(folder)
    assert store.count() == 3
    store.close()


def test_a_small_change_embeds_only_what_is_new(collections: Collections) -> None:
    """One wording more, one less, one said otherwise, one that leads elsewhere: the searches find what holds now."""
    before, _, _ = collections.built(_wordings())
    new, reworded = _wording("lantern podagra"), _wording("gout of the big toe")
    led_elsewhere = _wording("gout of joint 2", "M10.09")
    wanted = [new, reworded, led_elsewhere, *_wordings(3)]
    folder, count, asked = collections.built(wanted)
    assert sorted(asked) == sorted([new.text, reworded.text, led_elsewhere.text])
    assert count == 200
    assert _held(folder) == {found.text: found.payload["codes"] for found in wanted}
    assert _found(folder, "lantern podagra") == {DENSE: "lantern podagra", SPARSE: "lantern podagra"}
    assert _found(folder, "gout of joint 150")[DENSE] == "gout of joint 150"
    assert _found(folder, "gout of joint 0")[DENSE] != "gout of joint 0"
    assert "gout of joint 0" in _held(before), "the collection of the build before is as it was"


def test_more_than_a_twentieth_changed_builds_anew(collections: Collections) -> None:
    """A search graph with many holes finds less. Counted from the points it was built over, so that small changes do
    not add up unseen: after 10 of 200, the 11th makes a new one, and the count begins anew.
    """
    collections.built(_wordings())
    embedded = [len(collections.built(_wordings(gone))[2]) for gone in (10, 11, 20)]
    assert embedded == [0, 189, 0]


def test_another_encoder_builds_anew(collections: Collections) -> None:
    """Vectors of two encoders never lie in one collection, however few points changed."""
    folder, _, _ = collections.built(_wordings())
    other, _, asked = collections.built(_wordings(1), "another")
    assert len(asked) == 199
    assert other != folder


def test_a_damaged_collection_is_no_base_for_an_update(collections: Collections) -> None:
    """Everything is embedded again, and no damage goes over into the new one."""
    folder, _, _ = collections.built(_wordings())
    for segment in (p for p in folder.rglob("*") if p.is_file() and "wal" not in p.parts):
        segment.write_bytes(bytes(segment.stat().st_size))
    made, _, asked = collections.built(_wordings(1))
    assert len(asked) == 199
    assert _found(made, "gout of joint 150")[DENSE] == "gout of joint 150"


def test_readers_change_nothing_of_an_updated_collection(collections: Collections) -> None:
    """A reader's copy shares the files on disk: what opening one writes would damage the index for everybody."""
    collections.built(_wordings())
    folder, *_ = collections.built([*_wordings(3), _wording("a new wording")])
    before = _bytes_by_file(folder)
    _held(folder)
    assert _bytes_by_file(folder) == before


def _bytes_by_file(folder: Path) -> dict[Path, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and "wal" not in path.parts)
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
