from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from medcoding.errors import DependencyError, IntegrityError
from retrieval.edge_store import EdgeStore
from retrieval.index_folder import (
    CURRENT,
    GUIDELINES,
    MANIFEST,
    PAST_ENCOUNTERS,
    SURFACES,
    IndexFolder,
    digest_of,
    open_index,
    verify_index,
)


@pytest.fixture
def copied(index: IndexFolder, tmp_path: Path) -> Path:
    """Root of a copy of the small index whose small parts may be damaged; the vectors are left out of the copy."""
    build = tmp_path / "builds" / "b1"
    kept = [p for p in index.manifest.parts if not p.path.startswith("collections/surfaces")]
    for part in kept:
        target = build / part.path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(index.folder / part.path, target)
    manifest = index.manifest.model_copy(update={"parts": tuple(kept)})
    (build / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
    (tmp_path / CURRENT).symlink_to("builds/b1")
    return tmp_path


def _replace(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file of the copy without touching the original it is linked to."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(change(content))


def _flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_the_small_index_is_whole(index: IndexFolder) -> None:
    """Every byte is what the manifest says, also after the tests that read it."""
    verify_index(index)
    assert {part.path.split("/")[0] for part in index.manifest.parts} == {
        "codebook", "collections", "dictionary.json", "encoder", "reranker",
    }  # fmt: skip


def test_the_manifest_counts_what_is_there(index: IndexFolder) -> None:
    """Points of each collection and billable codes of each edition."""
    for name in (SURFACES, GUIDELINES, PAST_ENCOUNTERS):
        store = EdgeStore.open_copy(index.collection(name))
        assert store.count() == index.manifest.counts[name] > 0
        store.close()
    assert index.manifest.editions == ("FY2026", "FY2027")
    assert (index.manifest.counts["FY2026"], index.manifest.counts["FY2027"]) == (74_719, 74_879)


def test_without_an_index_the_mend_is_named(tmp_path: Path) -> None:
    """A missing folder and an empty one are a missing neighbour."""
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DependencyError, match=r"There is no index in .*; run 'chartwright index build'"):
            open_index(root)


def test_a_link_to_a_removed_build_is_no_index(tmp_path: Path) -> None:
    """`current` alone is not enough."""
    (tmp_path / CURRENT).symlink_to("builds/gone")
    with pytest.raises(DependencyError):
        open_index(tmp_path)


@pytest.mark.parametrize("path", ["dictionary.json", "codebook/icd10cm-fy2027.sqlite", "encoder/model.onnx"])
def test_a_truncated_part_is_refused_on_opening(copied: Path, path: str) -> None:
    """One byte less, and no answer is given from that index; the part is named."""
    _replace(copied / CURRENT / path, lambda content: content[:-1])
    with pytest.raises(IntegrityError, match=f"'{path}' is damaged or missing"):
        open_index(copied)


def test_a_missing_part_is_refused_on_opening(copied: Path) -> None:
    """A file that was deleted by hand."""
    (copied / CURRENT / "dictionary.json").unlink()
    with pytest.raises(IntegrityError, match=r"'dictionary\.json' is damaged or missing"):
        open_index(copied)


@pytest.mark.parametrize("path", ["dictionary.json", "codebook/icd10cm-fy2026.sqlite", "encoder/tokenizer.json"])
def test_one_flipped_bit_is_found_by_verifying(copied: Path, path: str) -> None:
    """The size is the same, so opening is content; verifying is not."""
    _replace(copied / CURRENT / path, _flip)
    index = open_index(copied)
    with pytest.raises(IntegrityError, match=f"'{path}' has changed since it was built"):
        verify_index(index)


def test_a_flipped_bit_in_a_collection_is_found_too(copied: Path) -> None:
    """Every file of the vector store is covered, the write-ahead log alone is not."""
    index = open_index(copied)
    part = next(p for p in index.manifest.parts if p.path.endswith("segment.json"))
    _replace(index.folder / part.path, _flip)
    with pytest.raises(IntegrityError, match="has changed"):
        verify_index(index)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c[: len(c) // 2], "manifest is damaged"),
        (lambda _: b"{}", "manifest is damaged"),
        (lambda c: c.replace(b'"version":2', b'"version":99'), "another version of Chartwright"),
    ],
    ids=["truncated", "empty", "newer"],
)
def test_a_manifest_that_cannot_be_read_is_refused(copied: Path, change: Callable[[bytes], bytes], words: str) -> None:
    """Damage and another version of the product are told apart."""
    _replace(copied / CURRENT / MANIFEST, change)
    with pytest.raises(IntegrityError, match=words):
        open_index(copied)


def test_an_open_reader_outlives_the_swap(index: IndexFolder, tmp_path: Path) -> None:
    """A reader of the old build goes on answering after `current` has moved and the old build was pruned."""
    old = tmp_path / "builds" / "old" / "collections" / GUIDELINES
    shutil.copytree(index.collection(GUIDELINES), old)
    reader = EdgeStore.open_copy(old)
    before = reader.scroll()
    shutil.rmtree(tmp_path / "builds" / "old")
    assert reader.count() == len(before) > 300
    assert reader.scroll() == before
    reader.close()


def test_the_digest_covers_every_part(index: IndexFolder) -> None:
    """Another byte in any part is another index; a folder has a digest of its own."""
    manifest = index.manifest
    changed = manifest.parts[-1].model_copy(update={"sha256": "0" * 64})
    other = manifest.model_copy(update={"parts": (*manifest.parts[:-1], changed)})
    assert other.digest != manifest.digest
    assert other.digest_under("codebook") == manifest.digest_under("codebook")
    assert other.digest_under(changed.path) != manifest.digest_under(changed.path)
    assert digest_of("ab", "c") != digest_of("a", "bc")
