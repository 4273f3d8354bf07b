"""What training and benchmark both begin with: the book as a file, the encoder behind its cache, lists over a space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

import index_build.findable.adapter
import index_build.findable.encoder
from index_build.editions.packaged import FY2026
from index_build.findable.adapter import adapter_name
from index_build.findable.embedding_cache import CachedEncoder
from index_build.findable.encoder import export_encoder
from index_build.stages import code_digest
from medcoding.codebook import Codebook, CodebookEntry, EditionContent, write_codebook
from retrieval.encoder import DIMENSIONS, OnnxEncoder, TextEncoder
from retrieval.index_folder import digest_of
from training.candidate_lists import CandidateLists
from training.lanes import Bm25Lane
from training.search_space import SearchSpace

_TEXTS_AT_ONCE: Final = 500


def packaged_book(entries: Sequence[CodebookEntry], folder: Path) -> Codebook:
    """The packaged edition as a codebook file in a folder, opened."""
    path = folder / "book.sqlite"
    if not path.is_file():
        write_codebook(path, EditionContent(FY2026, entries))
    return Codebook(path)


def prepared_encoder(work: Path, adapter: Path | None) -> TextEncoder:
    """The product's int8 encoder, with tuned weights or without, behind a cache of its own in `work`."""
    made_with = code_digest([index_build.findable.encoder, index_build.findable.adapter])
    name = digest_of(made_with, adapter_name(adapter) if adapter else "plain")
    folder = work / f"encoder-{name}"
    if not (folder / "tokenizer.json").is_file():
        export_encoder(folder, adapter)
    return CachedEncoder(OnnxEncoder(folder), work / f"vectors-{name}.sqlite")


def candidate_lists(
    space: SearchSpace, book: Codebook, encoder: TextEncoder, told: Callable[[str, int, int], None]
) -> CandidateLists:
    """The product's search over a space, brute force in place of a store."""
    vectors = np.empty((len(space.texts), DIMENSIONS), dtype=np.float32)
    for start in range(0, len(vectors), _TEXTS_AT_ONCE):
        vectors[start : start + _TEXTS_AT_ONCE] = encoder.encode(space.texts[start : start + _TEXTS_AT_ONCE])
        told("Embedding wordings", start, len(vectors))
    return CandidateLists(space, vectors, Bm25Lane([wording.words for wording in space.wordings]), book)
